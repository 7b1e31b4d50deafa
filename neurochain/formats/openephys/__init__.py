"""Open Ephys: its binary format (``structure.oebin``) and the one before it (``.continuous``)."""
