"""Arrays whose values lie in files: slices become byte ranges, and those become values."""
