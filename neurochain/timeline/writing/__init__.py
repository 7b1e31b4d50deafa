"""Writing: windows of a timeline in files that other programs read."""
