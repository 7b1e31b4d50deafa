"""Shown: how volumes, recordings and videos show themselves in a notebook, for few bytes."""
