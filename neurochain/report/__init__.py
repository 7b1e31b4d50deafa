"""Report: one page about a version that stands for itself: what it is, how it was made, what it looks like, how to make it again."""
