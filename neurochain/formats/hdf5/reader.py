"""Hdf5Reader: arrays of any HDF5 file, by their paths."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from neurochain.errors import ColumnNotFoundError, FormatError
from neurochain.formats.hdf5.dataset import Dataset
from neurochain.formats.hdf5.links import Outside, address_of, children, follow, is_group
from neurochain.formats.hdf5.opened import MARK, look
from neurochain.formats.header import column
from neurochain.formats.reader import FileHeader
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import File, Memo, cache_memo

__all__ = ["Hdf5Reader"]

MOST = 10_000  # datasets that are listed
DEEPEST = 32
MOST_SHOWN = 20


class Hdf5Record(BaseModel):
    """Fields of an HDF5 file; lists have one entry per dataset."""

    model_config = ConfigDict(extra="forbid", strict=True)

    datasets: list[str] | None = column("Paths")
    dataset_shapes: list[str] | None = column('"1000x384"; empty text where it is a single value')
    dataset_dtypes: list[str] | None = column('As stored: "int16", "float64"; "text", "record" or "other"')


@dataclass(frozen=True)
class _Listed:
    path: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def is_array(self) -> bool:
        return bool(self.shape) and self.dtype not in ("text", "record", "other")


class Hdf5Reader:
    """Reader of HDF5 files that are of no other format. Arrays are opened by path, with ``part``."""

    name = "hdf5"
    formats = ("hdf5",)
    array: Literal["volume", "recording"] = "volume"
    record = Hdf5Record
    suffixes = (".h5", ".hdf5", ".h5ad")
    head_size = 4096
    companions: Mapping[str, tuple[str, ...]] = {}

    def matches(self, head: bytes, name: str) -> bool:
        """Whether it begins as HDF5 files do."""
        return head.startswith(MARK)

    def read_header(self, file: File, head: bytes) -> FileHeader:
        """Its datasets; shape and dtype of the array, where there is one."""
        listed = look(file, lambda root: list(_listed(root)))
        header: dict[str, Any] = {"format": "hdf5"}
        arrays = [one for one in listed if one.is_array]
        if len(arrays) == 1:
            header |= {"shape": list(arrays[0].shape), "dtype": arrays[0].dtype}
        record = {
            "datasets": [one.path for one in listed],
            "dataset_shapes": ["x".join(map(str, one.shape)) for one in listed],
            "dataset_dtypes": [one.dtype for one in listed],
        }
        return FileHeader(header, "hdf5", record)

    def identifiers(self, file: File) -> dict[str, str]:
        """None."""
        return {}

    def volume(self, file: File, memo: Memo | None = None) -> Volume:
        """The array, where there is one."""
        return self.part(None, file, memo)

    def recording(self, file: File, memo: Memo | None = None) -> Recording:
        """Nothing says what its axes are."""
        raise FormatError(
            f"{file.uri} is an HDF5 file, whose arrays are opened as a volume: it does not say what is a channel and what is "
            "a time. nc.open(path, part=…, sampling_frequency=…, channels=…) opens one as a recording."
        )

    def part(self, name: str | None, file: File, memo: Memo | None = None) -> Volume:
        """One of its arrays, by path.

        Raises
        ------
        ColumnNotFoundError
            There is none at this path.
        FormatError
            There are several and no path is given, or it cannot be read.
        """
        try:
            path = look(file, _only) if name is None else name
            dataset = Dataset.at(file, path, cache_memo() if memo is None else memo)
        except (FormatError, ColumnNotFoundError) as error:
            raise type(error)(f"{file.uri}: {str(error).rstrip('.')}.") from None
        axes = tuple(f"dim{i + 1}" for i in range(len(dataset.layout.shape)))
        return Volume(file, "hdf5", partial(self.part, name), dataset.array(), axes)


def _only(root: Any) -> str:
    arrays = [one for one in _listed(root) if one.is_array]
    if len(arrays) == 1:
        return arrays[0].path
    shown = ", ".join(one.path for one in arrays[:MOST_SHOWN]) or "none"
    more = f" and {len(arrays) - MOST_SHOWN} more" if len(arrays) > MOST_SHOWN else ""
    raise FormatError(f"it has {len(arrays)} arrays: {shown}{more}. Say which: nc.open(path, part=…)")


def _listed(root: Any) -> Iterator[_Listed]:
    """Datasets, in the order of their paths, up to a limit."""
    pending, left, seen = [("", follow(root, "/"), 0)], MOST, set()
    while pending:
        path, node, depth = pending.pop()
        if isinstance(node, Outside):
            continue
        if not is_group(node):
            yield _Listed(path, tuple(int(n) for n in node.shape or ()), _kind(node))
            continue
        # A hard link may lead back to a group above.
        if (address := address_of(node)) in seen or depth > DEEPEST:
            continue
        seen.add(address)
        below = list(children(node))
        left -= len(below)
        if left < 0:
            raise FormatError(f"it has more than {MOST:,} groups and datasets")
        pending += [(f"{path}/{name}", found, depth + 1) for name, found in reversed(below)]


def _kind(node: Any) -> str:
    dtype = node.dtype
    if dtype.names is not None:
        return "record"
    if dtype.kind in "biuf":
        return str(dtype.name)
    return (
        "text"
        if (dtype.kind in "OS" and dtype.metadata is None) or "vlen" in (dtype.metadata or {})
        else "other"
    )
