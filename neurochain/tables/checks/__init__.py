"""Checks: what must hold of a table's rows, as plain data."""
