"""Recipes: what a function can be made of again: source texts and plain values, never code objects or pickles."""
