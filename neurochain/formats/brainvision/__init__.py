"""BrainVision: a header, markers and samples in three files."""
