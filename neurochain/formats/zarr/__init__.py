"""Zarr, versions 2 and 3, and OME-Zarr: folders of chunks or shards, read as one array each."""
