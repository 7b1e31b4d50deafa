"""SpikeGLX: recordings of Neuropixels probes and of what was recorded beside them."""
