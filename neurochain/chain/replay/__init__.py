"""Replay: a version made again from what was recorded of it, and held against what was saved."""
