"""EEGLAB: recordings in MATLAB's files."""
