"""verify: whole parts, and some rows made again."""

from pathlib import Path

import numpy as np
import pytest

import neurochain as nc
from neurochain.datasets.parts import part_path

CALLS: list[object] = []
WHOLE = ("all its parts are what was written",)


def squared(x: int) -> int:
    CALLS.append(x)
    return x * x


@pytest.fixture(autouse=True)
def counted() -> None:
    CALLS.clear()


def calls(folder: Path) -> int:
    return len((folder / "calls").read_text().splitlines()) if (folder / "calls").exists() else 0


def counting(folder: Path):
    def counted(x: int) -> int:
        with (folder / "calls").open("a") as file:
            file.write(f"{x}\n")
        return x * x

    return counted


def test_rows_alone(folder: Path) -> None:
    rows = nc.read_values(x=list(range(500)))
    version = (
        rows.filter(nc.Column("x") > 9)
        .map(y=counting(folder))
        .mutate(z=nc.Column("y") + 1)
        .order_by("z")
        .limit(400)
        .save("v")
    )
    (folder / "calls").unlink()
    found = version.verify(20, yes=True)
    assert (found.outcome, found.rows, found.notes) == ("identical", 20, WHOLE)
    assert calls(folder) == 20
    first = (folder / "calls").read_text()
    (folder / "calls").unlink()
    version.verify(20, yes=True)
    assert (folder / "calls").read_text() == first  # the same rows for the same seed
    version.verify(20, yes=True, seed=1)
    assert (folder / "calls").read_text() != first * 2


def test_groups(folder: Path) -> None:
    rows = nc.read_values(x=list(range(100)), group=[i % 10 for i in range(100)])
    version = rows.map(y=counting(folder)).agg(total=lambda y: int(np.sum(y)), partition_by="group").save("v")
    (folder / "calls").unlink()
    found = version.verify(3, yes=True)
    assert (found.outcome, found.rows, found.notes) == ("identical", 3, WHOLE)
    assert calls(folder) == 30


def test_pieces(folder: Path) -> None:
    version = nc.read_values(x=list(range(50))).gen(piece=lambda x: range(x % 4)).save("v")
    found = version.verify(5, yes=True)
    assert found.outcome == "identical"


def test_what_needs_all_rows_is_said(folder: Path) -> None:
    rows = nc.read_values(x=list(range(30)))
    version = (
        rows.map(y=counting(folder))
        .mutate(mean=nc.Column("y").mean())
        .map(z=lambda mean, y: y - mean)
        .save("v")
    )
    (folder / "calls").unlink()
    found = version.verify(4, yes=True)
    assert found.outcome == "identical"
    assert found.rows == 4
    assert found.notes == (
        *WHOLE,
        "mutate needs all rows before it, so all of them were made",
    )
    assert calls(folder) == 30


def test_a_wrong_row(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    version = nc.read_values(x=[1, 2, 3]).map(y=lambda x: x + int(os.environ.get("OFF", "0"))).save("v")
    monkeypatch.setenv("OFF", "1")
    found = version.verify(2, yes=True)
    assert found.exit_code == 1
    assert found.reasons == ("y differs in 2 rows",)


def test_a_flipped_bit(folder: Path) -> None:
    version = nc.read_values(x=[1, 2, 3]).map(y=squared).save("v")
    path = part_path(version.project, version.part_hashes()[0])
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    found = version.verify(0)
    assert found.exit_code == 1
    assert found.reasons == (f"part {path} is damaged: its bytes are not those that were written",)
