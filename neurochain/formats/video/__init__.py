"""Video: containers that are read by range, an index of their packets, and frames that are decoded when they are asked for."""
