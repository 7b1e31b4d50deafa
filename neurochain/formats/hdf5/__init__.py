"""HDF5 files: opened over ranges, read by chunks whose places are found once."""
