"""Ready-to-use functions on files and arrays: plain Python, NumPy alone, for a chain or without one.

==================  ====================================================================================
`udfs.dicom`        DICOM images and series: geometry, missing and duplicate slices, numbers
`udfs.mri`          statistics in a region, signal-to-noise ratios, Otsu's foreground
`udfs.fmri`         temporal signal-to-noise ratio, ghosts of echo-planar images
`udfs.eeg`          power in the bands, line noise
`udfs.spikes`       threshold crossings, noise, rates in bins, power of the local field
`udfs.video`        motion energy of a camera's view
`udfs.channels`     flat, clipped, silent and loud channels
`udfs.spectrum`     Welch's power spectral density
`udfs.region`       voxels in a box or under a label
`udfs.signal`       channels of one rate, read in blocks
`udfs.stack`        parallel slices in space
==================  ====================================================================================
"""
