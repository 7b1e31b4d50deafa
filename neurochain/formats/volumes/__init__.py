"""Volumes: lazy arrays with spatial axes."""
