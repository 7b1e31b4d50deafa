"""FIF: recordings of MEG and EEG in tags."""
