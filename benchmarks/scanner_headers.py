"""Headers as long as those of scanners: 130 elements and more, sequences, private groups, about 100 KB.

What pydicom's package carries is shorter than what leaves a scanner today. Here its files get what is missing: the
layout is that of Siemens (CSA headers in group 0029) and of GE (groups 0009 to 0043); the content comes from a seed.
"""

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid

SEED = 7
ACQUISITION = {
    "ScanningSequence": "EP",
    "SequenceVariant": ["SK", "SS"],
    "ScanOptions": "FS",
    "MRAcquisitionType": "2D",
    "SequenceName": "epfid2d1_64",
    "AngioFlag": "N",
    "NumberOfAverages": "1",
    "ImagingFrequency": "123.251417",
    "ImagedNucleus": "1H",
    "EchoNumbers": "1",
    "MagneticFieldStrength": "3",
    "SpacingBetweenSlices": "3.9999999046857",
    "NumberOfPhaseEncodingSteps": "63",
    "EchoTrainLength": "31",
    "PercentSampling": "100",
    "PercentPhaseFieldOfView": "100",
    "PixelBandwidth": "2232",
    "SoftwareVersions": ["syngo MR E11", "N4_VE11C_LATEST_20160120"],
    "ProtocolName": "resting state, 2 mm",
    "TransmitCoilName": "Body",
    "AcquisitionMatrix": [64, 0, 0, 64],
    "InPlanePhaseEncodingDirection": "COL",
    "FlipAngle": "90",
    "VariableFlipAngleFlag": "N",
    "SAR": "0.11264536024953",
    "dBdt": "0",
    "PatientPosition": "HFS",
    "ImagePositionPatient": ["-119.3", "-102.91170501709", "-49.5"],
    "ImageOrientationPatient": ["1", "0", "0", "0", "0.99862953475457", "0.05233595624294"],
    "SliceLocation": "-44.0",
    "SliceThickness": "3",
    "PixelSpacing": ["3.4375", "3.4375"],
    "PositionReferenceIndicator": "",
    "WindowCenterWidthExplanation": "Algo1",
    "BodyPartExamined": "HEAD",
    "AcquisitionNumber": "1",
    "TemporalPositionIdentifier": "1",
    "NumberOfTemporalPositions": "300",
    "InstanceCreationTime": "101500.250000",
    "ContentTime": "101501.062000",
    "AcquisitionTime": "101433.297500",
    "SeriesTime": "101431.500000",
    "StudyTime": "095900.718000",
    "PerformedProcedureStepStartTime": "095900.765000",
    "PerformedProcedureStepDescription": "head, research",
    "RequestedProcedureDescription": "head, research",
    "CommentsOnThePerformedProcedureStep": "none",
    "ImageComments": "made, no patient",
}
SEQUENCES = (
    "ReferencedStudySequence",
    "ReferencedPerformedProcedureStepSequence",
    "ReferencedImageSequence",
    "SourceImageSequence",
    "ProcedureCodeSequence",
    "RequestAttributesSequence",
    "PerformedProtocolCodeSequence",
    "DeidentificationMethodCodeSequence",
)
SIEMENS = ((0x0019, "SIEMENS MR HEADER", 22), (0x0051, "SIEMENS MR HEADER", 22))
SIEMENS_BLOBS = ((0x0029, "SIEMENS CSA HEADER", (0x08, 0x10, 0x18, 0x20), (12_000, 84_000)),)
GE = (
    (0x0019, "GEMS_ACQU_01", 45),
    (0x0021, "GEMS_RELA_01", 18),
    (0x0027, "GEMS_IMAG_01", 18),
    (0x0043, "GEMS_PARM_01", 40),
)
GE_BLOBS = ((0x0025, "GEMS_SERS_01", (0x10, 0x1B), (20_000, 72_000)),)


def lengthen(scan: Dataset) -> Dataset:
    """Give a scan's header the length of a scanner's own; the scan is changed and returned."""
    rng = np.random.Generator(np.random.PCG64(SEED))
    for keyword, value in ACQUISITION.items():
        setattr(scan, keyword, value)
    for keyword in SEQUENCES:
        setattr(scan, keyword, Sequence([_reference(number) for number in range(3)]))
    small, blobs = (GE, GE_BLOBS) if str(scan.Manufacturer).startswith("GE") else (SIEMENS, SIEMENS_BLOBS)
    for group, creator, count in small:
        block = scan.private_block(group, creator, create=True)
        for number in range(count):
            block.add_new(0x60 + number, *_small(number, rng))
    for group, creator, places, sizes in blobs:
        block = scan.private_block(group, creator, create=True)
        for place, size in zip(places[-2:], sizes, strict=True):
            block.add_new(place, "OB", rng.integers(0, 256, size, dtype=np.uint8).tobytes())
        for place in places[:-2]:
            block.add_new(place, "CS", "IMAGE NUM 4")
    return scan


def _reference(number: int) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    item.ReferencedSOPInstanceUID = generate_uid(entropy_srcs=[str(SEED), str(number)])
    item.CodeValue, item.CodingSchemeDesignator = f"MR{number:03d}", "99LAB"
    item.CodeMeaning = "head, functional, research"
    return item


def _small(number: int, rng: np.random.Generator) -> tuple[str, object]:
    """Value representation and value of one of many small private elements."""
    kinds: tuple[tuple[str, object], ...] = (
        ("IS", str(rng.integers(1, 10_000))),
        ("DS", [f"{x:.8f}" for x in rng.normal(0, 50, 3)]),
        ("LO", f"p{number} s{rng.integers(1, 9)} HEA;HEP"),
        ("FD", float(rng.normal())),
        ("SH", "A32"),
        ("US", int(rng.integers(0, 65_535))),
    )
    return kinds[number % len(kinds)]
