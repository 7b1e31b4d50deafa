"""Recordings: lazy arrays of channels over time."""
