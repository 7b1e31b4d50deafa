"""NWB: windows in the types of Neurodata Without Borders, written by pynwb.

Source: https://nwb-schema.readthedocs.io
"""
