"""Neurodata Without Borders: time series as recordings, units and intervals as tables, by range."""
