"""DICOM: headers, pixels by frame, images in space, series."""
