"""Functions: the user's functions as steps of a chain."""
