"""Clocks: the time of devices, and maps from one to another."""
