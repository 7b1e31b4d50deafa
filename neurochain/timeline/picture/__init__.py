"""Picture: streams over one axis of time."""
