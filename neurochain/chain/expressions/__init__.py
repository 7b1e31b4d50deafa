"""Expressions: what a user writes over columns, and what it means."""
