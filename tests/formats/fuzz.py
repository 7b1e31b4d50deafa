"""Fuzz the readers with mutated files: ``python fuzz.py SECONDS SEED WORK FILE…``.

It runs in a process of its own, whose address space may grow by `BOUND` and no more, and which ends with a
traceback when one file takes longer than `PATIENCE`. Hypothesis draws the mutations and shrinks what fails; the
smallest such file stays in WORK.
"""

import faulthandler
import json
import random
import resource
import shutil
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from neurochain import formats
from neurochain.errors import NeurochainError
from neurochain.formats import Recording, open_array, read_header
from neurochain.formats.nwb.tables import nwb_columns
from neurochain.storage import File
from neurochain.storage.folders import outermost
from neurochain.testing.format_tests import check_record

BOUND = 768 * 2**20  # bytes of address space that reading a file of at most LARGEST may take
PATIENCE = 20.0  # seconds for one file
DESCRIPTIONS = (".json",)
LARGEST = 400_000  # bytes of an original
WHOLE = 2**24  # values that are read at once where an array promises no more
ROUND = 300  # examples between two looks at the clock
NUMBERS = (0, 1, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1)
TEXTS = (b"-1", b"99999999", b"1e308", b"nan", b"", b"\0", b"\xff\xfe", b"\\", b"../../x", b"0x10")


@dataclass(frozen=True)
class Edit:
    """One change: where (as a part of the head), what, and how much."""

    at: float
    kind: str
    value: int
    width: int


EDITS = st.builds(
    Edit,
    st.floats(0, 1, exclude_max=True),
    st.sampled_from(["byte", "number", "big", "text", "cut", "insert", "repeat", "swap", "end"]),
    st.integers(0, 2**16 - 1),
    st.sampled_from([1, 2, 4, 8]),
)


def mutated(data: bytes, head: int, edits: list[Edit]) -> bytes:
    """Copy of a file with some changes, most of them in its head."""
    out = bytearray(data)
    for edit in edits:
        reach = max(1, min(len(out), head))
        at = int(edit.at * reach)
        number = NUMBERS[edit.value % len(NUMBERS)] % 256**edit.width
        if edit.kind == "byte" and out:
            out[at : at + 1] = bytes([edit.value % 256])
        elif edit.kind in ("number", "big"):
            order: Any = "little" if edit.kind == "number" else "big"
            out[at : at + edit.width] = number.to_bytes(edit.width, order)
        elif edit.kind == "text":
            text = TEXTS[edit.value % len(TEXTS)]
            out[at : at + len(text)] = text
        elif edit.kind == "cut":
            del out[at : at + edit.width]
        elif edit.kind == "insert":
            out[at:at] = random.Random(edit.value).randbytes(edit.width)
        elif edit.kind == "repeat":
            out[at:at] = out[at : at + 16 * edit.width]
        elif edit.kind == "swap":
            there = edit.value % reach
            out[at : at + 8], out[there : there + 8] = out[there : there + 8], out[at : at + 8]
        elif edit.kind == "end":
            del out[max(1, int(edit.at * len(out))) :]
    return bytes(out)


def check(path: Path, seen: Counter[str]) -> None:
    """Read a header, and values where it has no error."""
    found = read_header(File.at(path))
    error = found.error or ""
    assert "unexpected" not in error, error
    assert len(error) < 2_000
    check_record(formats.Header, found.header)
    if found.name is not None and found.record is not None:
        check_record(formats.RECORDS[found.name], found.record)
    seen["error" if error else str(found.header["format"])] += 1
    if path.suffix == ".nwb":
        for table in ("units", "trials", "electrodes"):
            with suppress(NeurochainError):
                nwb_columns(File.at(path), table)
    try:
        array = open_array(File.at(path))
        if isinstance(array, Recording):
            for i, n in enumerate(array.lengths[:4]):
                array.channel(i, 0, min(n, 1_000))
            return
        array[tuple(slice(0, 1) for _ in array.shape)]
        if np.prod(array.shape, dtype=object) <= WHOLE:
            np.asarray(array)
    except NeurochainError:
        seen["refused"] += 1


def corpus(paths: list[Path], work: Path) -> list[tuple[Path, bytes, Path]]:
    """Places for mutated files, each with its companions beside it, what is mutated there, and what is read.

    Of a description of raw samples it is the samples that are read, of a file in a folder that counts as one the folder.
    """
    endings = formats.companions()
    found = []
    for number, path in enumerate(paths):
        if not 0 < path.stat().st_size <= LARGEST:
            continue
        folder = work / str(number)
        folder.mkdir(parents=True)
        if (whole := outermost(str(path))) is not None:  # a file in a folder that counts as one
            asked = folder / Path(whole).name
            shutil.copytree(whole, asked)
            found.append((asked / path.relative_to(whole), path.read_bytes(), asked))
            continue
        for ending, others in endings.items():
            stem = path.name[: -len(ending)] if path.name.lower().endswith(ending) else None
            for other in others if stem is not None else ():
                if "/" in other:
                    below = other.partition("/")[0]
                    if not (path.parent / below).is_dir():
                        continue
                    shutil.copytree(path.parent / below, folder / below, dirs_exist_ok=True)
                    continue
                for beside in path.parent.glob(f"{stem}{other}"):
                    shutil.copyfile(beside, folder / beside.name)
        asked = folder / path.name
        if path.suffix in DESCRIPTIONS:
            asked = folder / next(p.name for p in path.parent.glob(f"{path.stem}.*") if p != path)
            shutil.copyfile(path.parent / asked.name, asked)
        found.append((folder / path.name, path.read_bytes(), asked))
    return found


def main() -> None:
    """Mutate files until the time is up; print what was seen."""
    seconds, first, work = float(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    originals = corpus([Path(p) for p in sys.argv[4:]], work)
    seen: Counter[str] = Counter()
    for path, data, asked in originals:  # what is imported late is imported now, outside the bound
        path.write_bytes(data)
        check(asked, seen)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + BOUND, used + BOUND))
    examples = number = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        number += 1

        @seed(first * 1_000_003 + number)
        @settings(
            max_examples=ROUND,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(
            st.integers(0, len(originals) - 1),
            st.sampled_from([64, 600, 4096, 65_536, LARGEST]),
            st.lists(EDITS, min_size=1, max_size=12),
        )
        def some(which: int, head: int, edits: list[Edit]) -> None:
            nonlocal examples
            path, data, asked = originals[which]
            path.write_bytes(mutated(data, head, edits))
            examples += 1
            faulthandler.dump_traceback_later(PATIENCE, exit=True)
            try:
                check(asked, seen)
            except BaseException:
                place = asked.parent if asked.is_dir() else path.parent
                shutil.copytree(place, work / "failed", dirs_exist_ok=True)
                raise
            finally:
                faulthandler.cancel_dump_traceback_later()
            path.write_bytes(data)

        some()
    print(json.dumps({"examples": examples, "originals": len(originals), "seen": dict(seen)}))


if __name__ == "__main__":
    main()
