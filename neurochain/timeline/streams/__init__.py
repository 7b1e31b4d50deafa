"""Streams: what was recorded by one device, sample after sample, on that device's own clock."""
