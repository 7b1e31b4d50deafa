"""From dataset versions to training loops."""
