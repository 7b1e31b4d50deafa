"""MATLAB's files: variables by range."""
