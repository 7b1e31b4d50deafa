"""Intervals: sets of times, trials, and splits that do not leak."""
