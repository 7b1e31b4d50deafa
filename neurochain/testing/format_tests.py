"""FormatTests: what every format must hold. A new format's test subclasses it and inherits the tests."""

import pickle
import random
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, ClassVar, get_args, get_origin

import numpy as np
import pytest
from pydantic import BaseModel

from neurochain.errors import FormatError, NeurochainError
from neurochain.formats import Header, Reader, Recording, Video, Volume, read_header
from neurochain.storage import File
from neurochain.testing.counting_file import CountingFile

__all__ = ["FormatTests"]

MUTATIONS = 2000  # per format: a few seconds
LARGEST = 400_000  # bytes of a file that is cut and mutated


class FormatTests:
    """Conformance suite of one format.

    A subclass states `reader`, overrides the fixture `files` and the method `oracle`, and narrows the other
    methods where its format can promise less.

    Examples
    --------
    >>> class TestNifti(FormatTests):                         # doctest: +SKIP
    ...     reader = NiftiReader()
    ...     @pytest.fixture
    ...     def files(self): return sorted(DATA.glob("*.nii*"))
    ...     def oracle(self, path): return np.asarray(nibabel.load(path).dataobj)
    """

    reader: ClassVar[Reader]
    opens: ClassVar[str] = "volume"

    @pytest.fixture
    def files(self) -> list[Path]:
        """Sound files of the format, on this machine's disk."""
        raise NotImplementedError("Override the fixture files: a list of paths of sound files.")

    def oracle(self, path: Path) -> np.ndarray[Any, Any] | None:
        """All values as an independent library reads them; None where it cannot."""
        raise NotImplementedError("Override oracle(path): all values, as another library reads them.")

    def beside(self, path: Path) -> list[Path]:
        """Files and folders that belong to a file; they travel with it where it is cut or mutated."""
        return []

    def header_budget(self, path: Path) -> int:
        """Bytes that reading the header of a file may cost."""
        return self.reader.head_size

    def needed(self, path: Path) -> int:
        """Bytes without whose last one the header must show that the file is cut."""
        return path.stat().st_size

    def tolerance(self, whole: np.ndarray[Any, Any]) -> float:
        """Relative difference allowed between a slice and the oracle; 0 by default."""
        return 0.0

    def test_has_files(self, files: list[Path]) -> None:
        assert files

    def test_header_is_of_its_record(self, files: list[Path]) -> None:
        for path in files:
            found = read_header(File.at(path))
            assert found.header["format"] in self.reader.formats, path
            assert found.error is None, path
            assert found.name == self.reader.name
            assert found.record is not None
            check_record(Header, found.header)
            check_record(self.reader.record, found.record)

    def test_header_costs_little(self, files: list[Path]) -> None:
        for path in files:
            file = CountingFile.at(path)
            read_header(file)
            assert file.bytes_read <= self.header_budget(path), path

    def test_header_is_the_same_twice(self, files: list[Path]) -> None:
        for path in files:
            assert repr(read_header(File.at(path))) == repr(read_header(File.at(path)))

    def test_cut_file_is_an_error_row(self, files: list[Path], tmp_path: Path) -> None:
        chosen = random.Random(1)
        for path in small(files)[:12]:
            data, needed = path.read_bytes(), self.needed(path)
            places = {0, 1, 7, 131, 132, 133, 347, 348, 352, needed - 1} | {
                chosen.randrange(needed) for _ in range(25)
            }
            cut = self._copied(path, tmp_path / "cut") / path.name
            for n in sorted(p for p in places if 0 <= p < needed):
                cut.write_bytes(data[:n])
                found = read_header(File.at(cut))
                assert found.error, f"{path} cut to {n} of {len(data)} bytes"
                assert "unexpected" not in found.error, (n, found.error)
                assert found.header["format"] in self.reader.formats
                check_record(Header, found.header)

    def test_mutated_file_never_raises(self, files: list[Path], tmp_path: Path) -> None:
        chosen = random.Random(2)
        originals = [
            (self._copied(p, tmp_path / str(i)) / p.name, p.read_bytes()) for i, p in enumerate(small(files))
        ]
        for i in range(MUTATIONS):
            path, data = chosen.choice(originals)
            path.write_bytes(mutated(data, chosen))
            found = read_header(File.at(path))
            assert "unexpected" not in (found.error or ""), (i, found.error)
            check_record(Header, found.header)
            if found.record is not None:
                check_record(self.reader.record, found.record)
            try:
                np.asarray(self.open(path)[:1])
            except NeurochainError:
                continue

    def test_slices_equal_the_whole(self, files: list[Path]) -> None:
        chosen = random.Random(3)
        compared = 0
        for path in files:
            whole = self.oracle(path)
            if whole is None:
                continue
            compared += 1
            lazy = self.open(path)
            assert lazy.shape == whole.shape, path
            assert list(lazy.shape) == read_header(File.at(path)).header["shape"]
            tolerance = self.tolerance(whole)
            same(np.asarray(lazy), whole, tolerance)
            assert np.asarray(lazy).dtype == lazy.dtype
            for _ in range(12):
                index = random_index(whole.shape, chosen)
                part = lazy[index]
                assert np.shape(part) == whole[index].shape
                same(np.asarray(part), whole[index], tolerance)
        assert compared

    def test_slice_out_of_bounds_is_an_index_error(self, files: list[Path]) -> None:
        lazy = self.open(files[0])
        n = lazy.shape[0]
        refused: tuple[Any, ...] = (
            n,
            -n - 1,
            (slice(None),) * (lazy.ndim + 1),
            None,
            [0],
            np.zeros(n, bool),
            0.5,
        )
        for index in refused:
            with pytest.raises(IndexError):
                lazy[index]

    def test_pickles_as_its_file(self, files: list[Path]) -> None:
        for path in [p for p in files if self.oracle(p) is not None][:5]:
            lazy = self.open(path)
            for one in (lazy, *([] if isinstance(lazy, Video) else [lazy.stored])):
                again = pickle.loads(pickle.dumps(one))
                assert (again.shape, again.dtype, again.file) == (one.shape, one.dtype, one.file)
                np.testing.assert_array_equal(np.asarray(again[0]), np.asarray(one[0]))
            assert len(pickle.dumps(lazy)) < 2000

    def test_repr_is_short(self, files: list[Path]) -> None:
        for path in files:
            text = repr(self.open(path))
            assert path.name in text
            assert len(text) < 200 + len(path.name)

    def test_the_other_kind_is_refused(self, files: list[Path]) -> None:
        other = self.reader.recording if self.opens == "volume" else self.reader.volume
        with pytest.raises(FormatError, match=self.opens):
            other(File.at(files[0]))

    def _copied(self, path: Path, folder: Path) -> Path:
        """Folder that holds copies of the files that belong to a file."""
        folder.mkdir(exist_ok=True)
        for other in self.beside(path):
            if other.is_dir():
                shutil.copytree(other, folder / other.name, dirs_exist_ok=True)
            else:
                shutil.copyfile(other, folder / other.name)
        return folder

    def open(self, path: Path) -> Volume | Recording | Video:
        """The lazy array of a file."""
        opened: Volume | Recording | Video = getattr(self.reader, self.opens)(File.at(path))
        return opened


def check_record(record: type[BaseModel], values: dict[str, Any]) -> None:
    """Every value is exactly of its column's type (an int is no float), and the record takes it."""
    record.model_validate(values, strict=True)
    for name, value in values.items():
        allowed = list(_leaves(record.model_fields[name].annotation))
        assert any(_is(value, kind) for kind in allowed), f"{record.__name__}.{name}: {value!r}"


def _leaves(annotation: Any) -> Iterator[Any]:
    if isinstance(annotation, UnionType):
        for part in get_args(annotation):
            yield from _leaves(part)
    else:
        yield annotation


def _is(value: Any, kind: Any) -> bool:
    if get_origin(kind) is list:
        return type(value) is list and all(_is(v, get_args(kind)[0]) for v in value)
    if kind is int:
        return type(value) is int and -(2**63) <= value < 2**63
    if kind is str:
        return type(value) is str and value.encode("utf-8") is not None
    return type(value) is (NoneType if kind is NoneType else datetime if kind is datetime else kind)


def small(files: list[Path]) -> list[Path]:
    """Files that are quickly written many times."""
    return [path for path in files if path.stat().st_size <= LARGEST]


def mutated(data: bytes, chosen: random.Random) -> bytes:
    """Copy of a file with some bytes of its head changed, moved, or gone."""
    out = bytearray(data)
    head = min(len(out), chosen.choice((64, 600, 4096, 20_000)))
    for _ in range(chosen.choice((1, 1, 2, 5, 20))):
        if not head:
            break
        at, kind = chosen.randrange(head), chosen.randrange(5)
        if kind == 0:
            out[at] = chosen.randrange(256)
        elif kind == 1:
            out[at : at + 4] = b"\xff\xff\xff\xff"[: len(out) - at]
        elif kind == 2:
            out[at : at + 4] = bytes(4)[: len(out) - at]
        elif kind == 3:
            del out[at : at + chosen.randrange(1, 9)]
        else:
            out[at:at] = chosen.randbytes(chosen.randrange(1, 9))
        head = min(head, len(out))
    return bytes(out)


def random_index(shape: tuple[int, ...], chosen: random.Random) -> Any:
    """Integers, slices of any step, and sometimes an ellipsis or fewer parts than axes."""

    def part(n: int) -> Any:
        if n and chosen.random() < 0.4:
            return chosen.randrange(-n, n)
        bounds = [None, *range(-n - 1, n + 2)]
        return slice(
            chosen.choice(bounds), chosen.choice(bounds), chosen.choice((None, 1, 2, 3, -1, -2, n or 1))
        )

    parts = [part(n) for n in shape]
    kind, at = chosen.random(), chosen.randrange(len(parts) + 1)
    if kind < 0.2:
        return tuple(parts[: max(at, 1)])
    if kind < 0.5:
        return (*parts[:at], ..., *parts[chosen.randrange(at, len(parts) + 1) :])
    return tuple(parts)


def same(found: np.ndarray[Any, Any], expected: np.ndarray[Any, Any], tolerance: float) -> None:
    """Equal values, or nearly so."""
    if tolerance:
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
    else:
        np.testing.assert_array_equal(found, expected)
