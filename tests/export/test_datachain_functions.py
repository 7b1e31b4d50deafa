"""Functions that were written for DataChain, unchanged, in map and gen."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import neurochain as nc

dc: Any = pytest.importorskip(
    "datachain", reason="datachain is not installed: pip install 'neurochain[datachain]'"
)


class Words(dc.DataModel):  # type: ignore[misc]
    count: int
    first: str


def words(file: dc.TextFile) -> Words:
    text = file.read()
    return Words(count=len(text.split()), first=text.split()[0])


def lines(file: dc.File) -> Iterator[str]:
    with file.open("r") as stream:
        yield from stream


@pytest.fixture
def files(folder: Path) -> nc.Chain:
    for name, text in {"a": "one two three", "b": "four\nfive"}.items():
        (folder / f"{name}.txt").write_text(text)
    return nc.read_storage("*.txt", headers=False)


def test_map_to_a_model(files: nc.Chain) -> None:
    found = files.map(words)
    assert found.collect().select("count", "first").rows() == [(3, "one"), (2, "four")]
    version = found.save("words")
    reads = version.lineage().reads()
    assert sorted(sum(end - start for start, end in r) for r in reads["ranges"].to_list()) == [9, 13]


@pytest.mark.parametrize("workers", [0, 2])
def test_gen(files: nc.Chain, workers: int) -> None:
    found = files.settings(workers=workers).gen(line=lines)
    assert found.collect()["line"].to_list() == ["one two three", "four\n", "five"]


def test_another_name_and_other_columns(files: nc.Chain) -> None:
    def size(image: dc.File, k: int) -> int:
        return int(image.size) * k

    assert files.mutate(k=2).map(n=size).collect()["n"].to_list() == [26, 18]


def test_agg(files: nc.Chain) -> None:
    def total(file: list[dc.File]) -> int:
        return sum(len(f.read()) for f in file)

    assert files.agg(n=total).collect()["n"].to_list() == [22]
