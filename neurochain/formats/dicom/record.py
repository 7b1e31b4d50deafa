"""DicomRecord: the DICOM keywords that are indexed, each with its tag, type and unit.

The list is fixed, and the scanner's table is made from it. Names, identifiers, birth dates, dates,
institutions and addresses are not on it (PS3.15 table E.1-1, https://dicom.nema.org/medical/dicom/current/
output/html/part15.html#chapter_E). What is kept all the same, because nothing works without it: the UIDs,
which are the only way to group images into series, and the free text of SeriesDescription and ProtocolName.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict

from neurochain.formats.header import column

__all__ = ["DicomRecord"]


def keyword(tag: int, vr: str, description: str, unit: str | None = None) -> Any:
    """Field of a DICOM keyword."""
    return column(description, unit, tag=f"{tag:08X}", vr=vr)


class DicomRecord(BaseModel):
    """DICOM's own keywords in DICOM's own units; `Header` has them in s, mm and Hz.

    A value that does not fit its column (text where a number belongs, two numbers where one belongs) is null
    there and stands in `rare` as its text.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    ImageType: list[str] | None = keyword(
        0x00080008, "CS", "Original or derived, primary or secondary, then the manufacturer's own words"
    )
    SOPClassUID: str | None = keyword(0x00080016, "UI", "Kind of object")
    SOPInstanceUID: str | None = keyword(0x00080018, "UI", "This object")
    StudyTime: str | None = keyword(0x00080030, "TM", "HHMMSS.ffffff, local time")
    SeriesTime: str | None = keyword(0x00080031, "TM", "HHMMSS.ffffff, local time")
    AcquisitionTime: str | None = keyword(0x00080032, "TM", "HHMMSS.ffffff, local time")
    ContentTime: str | None = keyword(0x00080033, "TM", "HHMMSS.ffffff, local time")
    Modality: str | None = keyword(0x00080060, "CS", '"MR", "CT", "PT", "US" …')
    Manufacturer: str | None = keyword(0x00080070, "LO", "Manufacturer")
    SeriesDescription: str | None = keyword(0x0008103E, "LO", "Free text of the operator")
    ManufacturerModelName: str | None = keyword(0x00081090, "LO", "Manufacturer's Model Name")
    PatientSex: str | None = keyword(0x00100040, "CS", '"M", "F" or "O"')
    PatientAge: str | None = keyword(0x00101010, "AS", 'Three digits and D, W, M or Y: "045Y"')
    BodyPartExamined: str | None = keyword(0x00180015, "CS", "Body Part Examined")
    ScanningSequence: list[str] | None = keyword(0x00180020, "CS", '"SE", "IR", "GR", "EP", "RM"')
    SequenceVariant: list[str] | None = keyword(0x00180021, "CS", '"SK", "MTC", "SS", "SP", "MP", "OSP"')
    ScanOptions: list[str] | None = keyword(0x00180022, "CS", "Scan Options")
    MRAcquisitionType: str | None = keyword(0x00180023, "CS", '"2D" or "3D"')
    SequenceName: str | None = keyword(0x00180024, "SH", "The manufacturer's")
    SliceThickness: float | None = keyword(0x00180050, "DS", "Slice Thickness", "mm")
    KVP: float | None = keyword(0x00180060, "DS", "Peak voltage of the X-ray tube", "kV")
    RepetitionTime: float | None = keyword(0x00180080, "DS", "A BIDS sidecar holds it in seconds", "ms")
    EchoTime: float | None = keyword(0x00180081, "DS", "A BIDS sidecar holds it in seconds", "ms")
    InversionTime: float | None = keyword(0x00180082, "DS", "A BIDS sidecar holds it in seconds", "ms")
    NumberOfAverages: float | None = keyword(0x00180083, "DS", "Number of Averages")
    ImagingFrequency: float | None = keyword(0x00180084, "DS", "Imaging Frequency", "MHz")
    ImagedNucleus: str | None = keyword(0x00180085, "SH", '"1H"')
    EchoNumbers: int | None = keyword(0x00180086, "IS", "Of a multi-echo acquisition")
    MagneticFieldStrength: float | None = keyword(0x00180087, "DS", "Magnetic Field Strength", "T")
    SpacingBetweenSlices: float | None = keyword(0x00180088, "DS", "From centre to centre", "mm")
    NumberOfPhaseEncodingSteps: int | None = keyword(0x00180089, "IS", "Number of Phase Encoding Steps")
    EchoTrainLength: int | None = keyword(0x00180091, "IS", "Echo Train Length")
    PixelBandwidth: float | None = keyword(0x00180095, "DS", "Per pixel", "Hz")
    SoftwareVersions: list[str] | None = keyword(0x00181020, "LO", "Software Versions")
    ProtocolName: str | None = keyword(0x00181030, "LO", "Free text of the operator")
    TriggerTime: float | None = keyword(
        0x00181060, "DS", "After the R wave, or after the start of the series", "ms"
    )
    ExposureTime: int | None = keyword(0x00181150, "IS", "Exposure Time", "ms")
    XRayTubeCurrent: int | None = keyword(0x00181151, "IS", "X-Ray Tube Current", "mA")
    Exposure: int | None = keyword(0x00181152, "IS", "Exposure", "mAs")
    ConvolutionKernel: list[str] | None = keyword(0x00181210, "SH", "Reconstruction kernel")
    ReceiveCoilName: str | None = keyword(0x00181250, "SH", "Receive Coil Name")
    AcquisitionMatrix: list[int] | None = keyword(
        0x00181310, "US", "Frequency rows, frequency columns, phase rows, phase columns"
    )
    InPlanePhaseEncodingDirection: str | None = keyword(0x00181312, "CS", '"ROW" or "COL"')
    FlipAngle: float | None = keyword(0x00181314, "DS", "Flip Angle", "deg")
    PatientPosition: str | None = keyword(0x00185100, "CS", '"HFS": head first, supine')
    PulseSequenceName: str | None = keyword(0x00189005, "SH", "Pulse Sequence Name")
    AcquisitionDuration: float | None = keyword(0x00189073, "FD", "Acquisition Duration", "s")
    DiffusionDirectionality: str | None = keyword(0x00189075, "CS", '"DIRECTIONAL", "ISOTROPIC", "NONE"')
    DiffusionBValue: float | None = keyword(0x00189087, "FD", "Diffusion b-value", "s/mm²")
    DiffusionGradientOrientation: list[float] | None = keyword(0x00189089, "FD", "Unit vector, LPS+")
    StudyInstanceUID: str | None = keyword(0x0020000D, "UI", "Groups the series of one examination")
    SeriesInstanceUID: str | None = keyword(0x0020000E, "UI", "Groups the images of one series")
    SeriesNumber: int | None = keyword(0x00200011, "IS", "Series Number")
    AcquisitionNumber: int | None = keyword(0x00200012, "IS", "Acquisition Number")
    InstanceNumber: int | None = keyword(0x00200013, "IS", "Of the image in its series")
    ImagePositionPatient: list[float] | None = keyword(
        0x00200032, "DS", "Centre of the first voxel, LPS+", "mm"
    )
    ImageOrientationPatient: list[float] | None = keyword(
        0x00200037, "DS", "Direction along a row, then along a column; unit vectors, LPS+"
    )
    FrameOfReferenceUID: str | None = keyword(0x00200052, "UI", "Images that share it share coordinates")
    TemporalPositionIdentifier: int | None = keyword(0x00200100, "IS", "Index of the volume in time, from 1")
    NumberOfTemporalPositions: int | None = keyword(0x00200105, "IS", "Number of Temporal Positions")
    SliceLocation: float | None = keyword(0x00201041, "DS", "Slice Location", "mm")
    SamplesPerPixel: int | None = keyword(0x00280002, "US", "3 for colour")
    PhotometricInterpretation: str | None = keyword(0x00280004, "CS", '"MONOCHROME2", "RGB" …')
    PlanarConfiguration: int | None = keyword(
        0x00280006, "US", "0: colours side by side, 1: plane after plane"
    )
    NumberOfFrames: int | None = keyword(0x00280008, "IS", "Number of Frames")
    Rows: int | None = keyword(0x00280010, "US", "Rows")
    Columns: int | None = keyword(0x00280011, "US", "Columns")
    PixelSpacing: list[float] | None = keyword(0x00280030, "DS", "Between rows, between columns", "mm")
    BitsAllocated: int | None = keyword(0x00280100, "US", "Per sample", "bit")
    BitsStored: int | None = keyword(0x00280101, "US", "Per sample", "bit")
    HighBit: int | None = keyword(0x00280102, "US", "High Bit")
    PixelRepresentation: int | None = keyword(0x00280103, "US", "0: unsigned, 1: signed")
    BurnedInAnnotation: str | None = keyword(0x00280301, "CS", '"YES": text may stand in the pixels')
    WindowCenter: list[float] | None = keyword(
        0x00281050, "DS", "For display, in units of the rescaled values"
    )
    WindowWidth: list[float] | None = keyword(
        0x00281051, "DS", "For display, in units of the rescaled values"
    )
    RescaleIntercept: float | None = keyword(0x00281052, "DS", "Value = stored * slope + intercept")
    RescaleSlope: float | None = keyword(0x00281053, "DS", "Value = stored * slope + intercept")
    RescaleType: str | None = keyword(0x00281054, "LO", 'Unit of the rescaled values: "HU"')
    LossyImageCompression: str | None = keyword(0x00282110, "CS", '"01": was compressed with loss')
    Units: str | None = keyword(0x00541001, "CS", 'Of PET values: "BQML"')
    transfer_syntax: str | None = column("UID of the encoding; null where the file does not say")
    pixel_offset: int | None = column("Of the pixel values; null when they are compressed, or absent", "byte")
    header_end: int | None = column("Where the header ends: at Pixel Data, or at the end of the file", "byte")
    rare: str | None = column(
        "JSON object of the other standard numbers and code strings, under their keywords; small values only",
        json=True,
    )
    private: str | None = column(
        "Always null for now: private elements may repeat names and identifiers (GE and Siemens write them)",
        json=True,
    )
