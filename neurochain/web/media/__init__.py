"""Media: bytes of the files that versions list, as pictures need them: parts of them, small, and no others."""
