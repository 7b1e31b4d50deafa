"""NiftiReader: NIfTI-1 and NIfTI-2, in one file or as a pair, and Analyze 7.5."""

import math
from collections.abc import Mapping
from math import prod
from typing import Any, Literal

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.arrays.indexed import Indexed
from neurochain.formats.arrays.inflate import GZIP_MARK, check_length, inflate_head, plain_head
from neurochain.formats.arrays.slicing import check_shape
from neurochain.formats.arrays.stored import ByteArray
from neurochain.formats.nifti import header as nh
from neurochain.formats.pairs import partner
from neurochain.formats.reader import FileHeader
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import File, Memo, cache_memo

__all__ = ["NiftiReader"]

_PARTS = {"rgb24": ("uint8", 3), "rgba32": ("uint8", 4)}


class NiftiReader:
    """Reader of ``.nii``, and of pairs of ``.hdr`` and ``.img``, compressed or not.

    `header.affine` is the sform where its code is not 0, else the qform, else made of the voxel sizes; in mm,
    also where the file counts in meters or microns (nibabel leaves those as they are). Analyze says no orientation,
    so it has none. Other programs' files end in ``.hdr`` too: the content decides.
    """

    name = "nifti"
    formats = ("nifti", "analyze")
    array: Literal["volume", "recording"] = "volume"
    record = nh.NiftiRecord
    suffixes = (".nii", ".nii.gz")
    head_size = nh.HEADER_BYTES
    companions: Mapping[str, tuple[str, ...]] = {".hdr": (".img", ".IMG"), ".hdr.gz": (".img.gz", ".IMG.GZ")}

    def matches(self, head: bytes, name: str) -> bool:
        """Whether a header stands at the start, compressed or not."""
        plain = inflate_head(head, nh.HEADER_BYTES) if head[:2] == GZIP_MARK else head
        found = nh.identify(plain)
        name = name.lower()
        if found is None:
            # A compressed header may be longer than the bytes at hand: then the name decides.
            if head[:2] == GZIP_MARK:
                begun = len(plain) < 348 <= len(head) and name.endswith((".nii.gz", ".hdr.gz"))
                return begun or (name.endswith(".hdr.gz") and nh.is_analyze(plain) is not None)
            return name.endswith(".hdr") and (nh.is_analyze(plain) is not None or nh.is_begun(plain))
        return not nh.is_pair(plain, found[0]) or name.endswith(tuple(self.companions))

    def read_header(self, file: File, head: bytes) -> FileHeader:
        """Header of a NIfTI or Analyze file, and whether the file of its voxels is long enough."""
        fields = nh.parse(_plain(file, head))
        header: dict[str, Any] = {"format": "nifti" if fields["version"] else "analyze"}
        record = _record(fields)
        try:
            header["shape"] = nh.shape(fields)
            header["dtype"] = nh.DTYPES.get(fields["datatype"])
            header["voxel_sizes"] = nh.voxel_sizes(fields)
            header["affine"], record["affine_from"] = _affine(fields)
            header.update(_time(fields, record.get("repetition_time")))
            _check(fields, *self._voxels(file, fields, head[:2] == GZIP_MARK))
        except FormatError as error:
            header["error"] = str(error)
        return FileHeader(header, "nifti", record)

    def identifiers(self, file: File) -> dict[str, str]:
        """None: there is no field for them."""
        return {}

    def volume(self, file: File, memo: Memo | None = None) -> Volume:
        """Voxels as (x, y, z[, t, …]), as nibabel scales them; by range."""
        head = file.read_range(0, self.head_size)
        try:
            fields = nh.parse(_plain(file, head))
            shape = tuple(nh.shape(fields))
            voxels, packed = self._voxels(file, fields, head[:2] == GZIP_MARK)
            _check(fields, voxels, packed)
            scaling = nh.scaling(fields)
        except FormatError as error:
            raise FormatError(f"{file.uri}: {error}.") from None
        dtype = _dtype(nh.DTYPES[fields["datatype"]]).newbyteorder(fields["order"])
        source = Indexed(voxels, cache_memo() if memo is None else memo) if packed else voxels
        offset = int(fields["vox_offset"])
        parts = len(shape) - fields["dim"][0]
        names = ("x", "y", "z", "t", "dim5", "dim6", "dim7")[: fields["dim"][0]]
        if parts:
            # Colours of a voxel lie together: the fastest axis of the file, shown last.
            stored, transpose = (shape[-1], *shape[:-1]), (*range(1, len(shape)), 0)
            array = ByteArray(source, offset, stored, dtype, "F", transpose)
        else:
            array = ByteArray(source, offset, shape, dtype, "F")
        affine, _ = _affine(fields)
        return Volume(
            file,
            "nifti" if fields["version"] else "analyze",
            self.volume,
            array,
            (*names, *(("sample",) if parts else ())),
            affine=None if affine is None else np.array(affine).reshape(4, 4),
            voxel_sizes=tuple(nh.voxel_sizes(fields)),
            scaling=scaling,
        )

    def recording(self, file: File, memo: Memo | None = None) -> Recording:
        """NIfTI files hold volumes."""
        raise FormatError(f"{file.uri} is a NIfTI file, not a recording: open it as a volume.")

    def _voxels(self, file: File, fields: dict[str, Any], packed: bool) -> tuple[File, bool]:
        """File that holds the voxels, and whether it is compressed.

        Raises
        ------
        FormatError
            It is not beside the header.
        """
        if not fields["pair"]:
            return file, packed
        ending = next((e for e in (".hdr.gz", ".hdr") if file.name.lower().endswith(e)), None)
        if ending is None:
            raise FormatError(
                "its header says that voxels are in another file (.img), so its name must end in .hdr"
            )
        return partner(file, ending, self.companions[ending]), ending == ".hdr.gz"


def _plain(file: File, head: bytes) -> bytes:
    """Uncompressed header; more is fetched only where the first bytes do not hold it.

    Raises
    ------
    FormatError
        The gzip file is damaged or ends inside the header.
    """
    if head[:2] != GZIP_MARK:
        return head
    plain = inflate_head(head, nh.HEADER_BYTES)
    if len(plain) < nh.HEADER_BYTES and not (len(plain) >= 348 and plain[344:345] == b"n"):
        plain = plain_head(file, head, nh.HEADER_BYTES)
        if len(plain) < 348:
            raise FormatError(
                f"the file is cut short: {len(plain)} bytes can be inflated from its {file.size:,}, and a NIfTI header "
                "needs 348"
            )
    return plain


def _check(fields: dict[str, Any], file: File, packed: bool) -> None:
    """Compare what the header promises with the size of the file of its voxels.

    Raises
    ------
    FormatError
        It cannot be so.
    """
    shape = nh.shape(fields)
    nh.scaling(fields)
    if fields["sform_code"] <= 0 < fields["qform_code"] and nh.qform(fields) is None:
        raise FormatError(f"its header says the rotation {fields['quatern'][:3]} (quatern), which is none")
    affine, origin = _affine(fields)
    if affine is not None and not all(map(math.isfinite, affine)):
        raise FormatError(f"its affine, from its {origin}, holds numbers that are not finite: {affine}")
    code = fields["datatype"]
    if code not in nh.DTYPES:
        raise FormatError(f"its header says data type {code}; known are {', '.join(map(str, nh.DTYPES))}")
    itemsize = _ITEMSIZES[nh.DTYPES[code]]
    offset, first = fields["vox_offset"], 348 if fields["version"] == 1 else 540
    first = 0 if fields["pair"] else first
    if not first <= offset < 2**62:
        raise FormatError(
            f"its header says that voxels begin at byte {offset:g}"
            + (f", inside the header of {first} bytes" if first else f" of {file.name}")
        )
    check_shape(shape, itemsize)
    needed = int(offset) + prod(shape) * itemsize
    where = f" in {file.name}" if fields["pair"] else ""
    check_length(file, needed, f"{' x '.join(map(str, shape))} voxels of {nh.DTYPES[code]}{where}", packed)


_ITEMSIZES = {name: 16 if name == "float128" else 32 if name == "complex256" else np.dtype(name).itemsize
              for name in nh.DTYPES.values() if name not in _PARTS} | dict.fromkeys(_PARTS, 1)  # fmt: skip


def _dtype(name: str) -> np.dtype[Any]:
    name = _PARTS[name][0] if name in _PARTS else name
    try:
        return np.dtype(name)
    except TypeError:
        raise FormatError(
            f"This machine has no numbers of type {name}; they exist on x86-64 Linux."
        ) from None


def _affine(fields: dict[str, Any]) -> tuple[list[float] | None, str | None]:
    """Matrix in mm, and where it comes from."""
    if not fields["version"]:
        return None, None
    sform, qform = nh.sform(fields), nh.qform(fields)
    if sform is not None:
        matrix, origin = sform, "sform"
    elif qform is not None:
        matrix, origin = qform, "qform"
    else:
        matrix, origin = nh.base_affine(fields), "pixdim"
    factor = nh.millimetres(fields)
    return [v * factor if i < 12 else v for i, v in enumerate(matrix)], origin


def _time(fields: dict[str, Any], repetition_time: float | None) -> dict[str, Any]:
    """Fields of `Header` of a series of volumes."""
    dim = fields["dim"]
    if dim[0] < 4 or dim[4] < 2:
        return {}
    found: dict[str, Any] = {"n_samples": int(dim[4])}
    if repetition_time is not None and repetition_time > 0:
        found |= {"sampling_frequency": 1.0 / repetition_time, "duration": dim[4] * repetition_time}
    return found


def _record(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields of `NiftiRecord`."""
    if not fields["version"]:
        return {name: value for name, value in _written(fields).items() if name != "scl_inter"}
    info = fields["dim_info"]
    spatial, temporal = nh.units(fields)
    time = nh.seconds(fields, fields["pixdim"][4]) if fields["dim"][0] >= 4 else None
    axis = {1: 0, 2: 1, 3: 2}.get
    return _written(fields) | {
        "spatial_unit": spatial,
        "temporal_unit": temporal,
        "repetition_time": time or None,
        **{
            name: fields[name]
            for name in ("sform_code", "qform_code", "slice_code", "slice_start", "slice_end")
        },
        "sform": nh.sform(fields),
        "qform": nh.qform(fields),
        "intent_code": fields["intent_code"],
        "intent_parameters": [float(v) for v in fields["intent_p"]],
        "frequency_axis": axis(info & 3),
        "phase_axis": axis(info >> 2 & 3),
        "slice_axis": axis(info >> 4 & 3),
        "slice_duration": nh.seconds(fields, fields["slice_duration"]),
        "toffset": nh.seconds(fields, fields["toffset"]),
        "intent_name": _words(fields["intent_name"]),
    }


def _written(fields: dict[str, Any]) -> dict[str, Any]:
    """Those fields of `NiftiRecord` that Analyze has too."""
    offset = fields["vox_offset"]
    return {
        "version": fields["version"],
        "byte_order": "little" if fields["order"] == "<" else "big",
        "dim": [int(n) for n in fields["dim"]],
        "pixdim": [float(v) for v in fields["pixdim"]],
        "datatype": fields["datatype"],
        "bitpix": fields["bitpix"],
        "vox_offset": int(offset) if -(2**62) < offset < 2**62 else None,
        **{name: float(fields[name]) for name in ("scl_slope", "scl_inter", "cal_min", "cal_max")},
        "descrip": _words(fields["descrip"]),
    }


def _words(value: bytes) -> str | None:
    """Text up to the first zero byte."""
    return value.partition(b"\0")[0].decode("utf-8", "replace").strip() or None
