"""The sources of `read_bids`: a tree's data files with their metadata, and the tree's tables."""
