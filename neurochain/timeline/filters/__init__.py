"""Filters: conditions in words, and where in a recording they hold."""
