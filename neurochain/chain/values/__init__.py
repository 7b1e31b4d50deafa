"""Values: Python values from flat columns, and back."""
