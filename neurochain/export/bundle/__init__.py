"""Bundle: a version with all that it was made of, in a folder that travels."""
