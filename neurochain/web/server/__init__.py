"""The server itself: who may ask, and what goes with every answer."""
