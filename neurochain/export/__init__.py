"""Versions and chains for other tools. A new export is one file here."""
