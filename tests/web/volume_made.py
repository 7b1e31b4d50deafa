"""A project of scans of every kind, features that are arrays, and tables, served until the input ends.

A process of its own: its first line says the address.
"""

import json
import sys
from pathlib import Path

import nibabel
import numpy as np
import polars as pl
import pydicom
from nibabel.affines import apply_affine
from pydicom.data import get_testdata_file
from served import serve

import neurochain as nc

# Beside front_made on the path.
sys.path.insert(0, str(Path(__file__).parents[1] / "formats"))
from dicom_made import series, stack  # isort: skip

SHAPE = (40, 48, 36)
POINT = (-25.0, 27.0, 21.0)  # mm: left, anterior and superior
SIZE = 11.0  # mm, of half of the bright block around it
HOSTILE = "<img src=x onerror=alert(1)>"
ORIENTATIONS = {
    "RAS": np.diag([2.0, 2.0, 2.0, 1.0]),
    "LPS": np.diag([-2.0, -2.0, 2.0, 1.0]),
    "PIR": np.array([[0, 0, 2.0, 0], [-2.0, 0, 0, 0], [0, -2.0, 0, 0], [0, 0, 0, 1.0]]),
}


def centred(matrix: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    found = matrix.copy()
    found[:3, 3] = -found[:3, :3] @ ((np.array(shape) - 1) / 2)
    return found


def marked(affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Noise, with a bright block at one place of the body."""
    values = np.random.default_rng(1).integers(0, 200, shape)
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    near = (np.abs(apply_affine(affine, grid) - POINT) < SIZE).all(-1)
    return np.where(near, 900 + values // 10, values).astype(np.int16)


def sparse(path: Path, shape: tuple[int, ...]) -> None:
    """A large .nii that takes no room on the disk, but for the slice in its middle."""
    header = nibabel.Nifti1Header()
    header.set_data_shape(shape)
    header.set_data_dtype(np.int16)
    header.set_sform(np.diag([0.2, 0.2, 0.2, 1]), 1)
    header["vox_offset"], header["magic"] = 352, b"n+1"
    with open(path, "wb") as out:
        out.write(header.binaryblock + bytes(4))
        out.truncate(352 + 2 * int(np.prod(shape)))
        plane = shape[0] * shape[1]
        for z in (shape[2] // 2, shape[2] // 2 + 1):
            out.seek(352 + 2 * plane * z)
            out.write(np.random.default_rng(z).integers(0, 1000, plane, dtype=np.int16).tobytes())


def scans(folder: Path) -> None:
    folder.mkdir()
    for name, matrix in ORIENTATIONS.items():
        shape = tuple(np.array(SHAPE)[[1, 2, 0]]) if name == "PIR" else SHAPE
        affine = centred(matrix, shape)
        nibabel.save(
            nibabel.Nifti1Image(marked(affine, shape), affine), folder / f"sub-01_acq-{name}_T1w.nii"
        )
    affine = centred(ORIENTATIONS["RAS"], SHAPE)
    labels = np.zeros(SHAPE, np.int16)
    labels[4:14, 30:40, 20:30] = 17
    labels[26:36, 8:16, 6:16] = 53
    nibabel.save(nibabel.Nifti1Image(labels, affine), folder / "sub-01_acq-RAS_dseg.nii.gz")
    bold = np.random.default_rng(3).normal(100, 10, (12, 11, 10, 5)).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(bold, np.diag([3, 3, 3, 1])), folder / "sub-01_bold.nii.gz")
    x, y, z = np.meshgrid(*[np.linspace(-1, 1, 190)] * 3, indexing="ij")
    medium = (1000 * np.exp(-3 * (x**2 + y**2 + z**2)) + 50 * np.sin(20 * x)).astype(np.int16)
    nibabel.save(
        nibabel.Nifti1Image(medium, centred(np.diag([1, 1, 1, 1.0]), medium.shape)), folder / "medium.nii"
    )
    sparse(folder / "large.nii", (1000, 1000, 1010))
    for name in ("damaged.nii", "changed.nii"):
        nibabel.save(nibabel.Nifti1Image(labels, affine), folder / name)


def regions(file: nc.File) -> np.ndarray:
    return (np.indices(SHAPE).sum(0) > 60).astype(np.uint8)


def line(file: nc.File) -> np.ndarray:
    return np.sin(np.arange(400) / 20)


def long(file: nc.File) -> np.ndarray:
    return np.arange(2**21, dtype=np.float32)


def spectrum(file: nc.File) -> np.ndarray:
    return np.arange(12, dtype=np.float32).reshape(3, 4) - 4


def cube(file: nc.File) -> np.ndarray:
    return np.arange(60).reshape(3, 4, 5)


def waves(file: nc.File) -> np.ndarray:
    return (np.arange(8) * (3 + 4j)).astype(np.complex64)


def passed(file: nc.File) -> np.ndarray:
    return np.arange(6) % 2 == 0


def build(folder: Path) -> None:
    scans(folder / "scans")
    nc.read_storage(f"{folder}/scans/*").save("scans")
    damaged = folder / "scans" / "damaged.nii"
    (folder / "scans" / "changed.nii").write_bytes(damaged.read_bytes() + b"more")
    features = (
        nc.read_storage(f"{folder}/scans/*RAS_T1w.nii").map(regions=regions).map(line=line).map(long=long)
    )
    features.map(spectrum=spectrum).map(cube=cube).map(waves=waves).map(passed=passed).save("features")
    (folder / "dicom").mkdir()
    (folder / "series").mkdir()
    scan = pydicom.dcmread(str(get_testdata_file("MR_small.dcm")))
    scan.PatientName = HOSTILE
    scan.save_as(folder / "dicom" / "scan.dcm")
    nc.read_storage(f"{folder}/dicom/*", phi="keep").save("dicom")
    series(folder / "series", stack(5))
    nc.read_storage(f"{folder}/series/*").save("series")
    tables = folder / "tables"
    tables.mkdir()
    (tables / "events.tsv").write_text("onset\tduration\tname\n0.5\t1\tgo\n1.5\tn/a\t" + HOSTILE + "\n")
    frame = pl.DataFrame({"x": range(120), "y": [f"row {i}" for i in range(120)]})
    frame.write_parquet(tables / "many.parquet")
    (tables / "notes.json").write_text(json.dumps({"Manufacturer": "made", "EchoTime": 0.03}))
    (tables / "blob.bin").write_bytes(bytes(range(256)) * 8)
    nc.read_storage(f"{tables}/*").save("tables")


if __name__ == "__main__":
    build(Path.cwd())
    serve()
