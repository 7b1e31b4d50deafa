"""A folder of DICOM files to read headers of: ``python -m benchmarks.dicom_tree FOLDER COUNT [--scanner]``.

The files are scanner files that the pydicom package carries, each written once more with identifiers and
numbers of its own. Every second one has a 512 x 512 image of 16 bits (0.5 MB) in place of its own.
"""

import argparse
from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom import dcmread, dcmwrite
from pydicom.data import get_testdata_file
from pydicom.dataset import FileDataset
from pydicom.uid import generate_uid

from benchmarks.scanner_headers import lengthen

SCANS = ("CT_small.dcm", "MR_small.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm")
LONG = ("CT_small.dcm", "MR_small.dcm")  # those that get a scanner's header
PER_FOLDER = 100
LARGE = 512  # pixels along each side


def make_tree(folder: Path, count: int, scanner: bool = False) -> int:
    """Write `count` files below a folder.

    Parameters
    ----------
    folder : Path
    count : int
    scanner : bool
        Whether their headers are as long as those of scanners: about 100 KB.

    Returns
    -------
    int
        Bytes written.
    """
    scans = _long() if scanner else [_packaged(name) for name in SCANS]
    own = [(scan.Rows, scan.Columns, scan.PixelData) for scan in scans]
    image = np.arange(LARGE * LARGE, dtype=np.uint16) % 4096
    written = 0
    series = ""
    for number in range(count):
        if number % PER_FOLDER == 0:
            series = generate_uid()
        kind = (number // 2) % len(scans)
        scan = scans[kind]
        scan.SOPInstanceUID = scan.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        scan.SeriesInstanceUID = series
        scan.SeriesDescription = f"series {number // PER_FOLDER}"
        scan.InstanceNumber = number % PER_FOLDER + 1
        scan.EchoTime = f"{10 + number % 50}.5"
        scan.RepetitionTime = str(500 + number % 1000)
        if number % 2:
            little = scan.file_meta.TransferSyntaxUID.is_little_endian
            scan.Rows = scan.Columns = LARGE
            scan.PixelData = image.astype("<u2" if little else ">u2").tobytes()
        else:
            scan.Rows, scan.Columns, scan.PixelData = own[kind]
        path = folder / f"series-{number // PER_FOLDER:04d}" / f"{number % PER_FOLDER:04d}.dcm"
        path.parent.mkdir(parents=True, exist_ok=True)
        dcmwrite(path, scan, enforce_file_format=True)
        written += path.stat().st_size
    return written


def _packaged(name: str) -> FileDataset:
    return dcmread(str(get_testdata_file(name, download=False)))


def _long() -> list[FileDataset]:
    """Scans with long headers, as read back from a file: what is not touched is then written as it stands."""
    found = []
    for name in LONG:
        scan, stored = _packaged(name), BytesIO()
        lengthen(scan)
        dcmwrite(stored, scan, enforce_file_format=True)
        stored.seek(0)
        found.append(dcmread(stored))
    return found


def main() -> None:
    """Make a tree and print its size in bytes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--scanner", action="store_true", help="headers as long as those of scanners")
    arguments = parser.parse_args()
    print(make_tree(arguments.folder, arguments.count, arguments.scanner))


if __name__ == "__main__":
    main()
