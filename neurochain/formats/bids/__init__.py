"""BIDS: what names, sidecars and tables of a tree say."""
