"""Raw binary: samples and nothing else, of which another file, or the caller, says how they lie."""
