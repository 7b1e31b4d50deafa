"""Sorted spikes as phy and Kilosort write them: a folder of arrays and small tables."""
