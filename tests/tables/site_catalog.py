"""A catalog with tables of all kinds, a broken one, and one whose every text would like to be a script."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

import neurochain as nc
from neurochain.tables.facts import Facts
from neurochain.tables.filters.condition import Condition

NOW = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u2028\"'`${1}"


@dataclass(kw_only=True, eq=False)
class Versioned(nc.Table):
    """A dataset's version as a table."""

    kind: ClassVar[str] = "dataset"
    dataset: str

    def read_schema(self, **options: Any) -> pl.Schema:
        return nc.read_dataset(self.dataset).collect().schema

    def _scan(self, condition: Condition, columns: Sequence[str] | None, **options: Any) -> pl.LazyFrame:
        return nc.read_dataset(self.dataset).collect().lazy()

    def facts(self) -> Facts:
        version = nc.dataset(self.dataset)
        return Facts(
            rows=version.rows, size=version.bytes, modified=version.created, version=version.reference
        )


@dataclass(kw_only=True, eq=False)
class Framed(nc.Table):
    """Rows that are there."""

    frame: pl.DataFrame

    def read_schema(self, **options: Any) -> pl.Schema:
        return self.frame.schema

    def _scan(self, condition: Condition, columns: Sequence[str] | None, **options: Any) -> pl.LazyFrame:
        return self.frame.lazy()


def spikes_frame(rows: int = 6) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "channel": pl.Series(range(rows), dtype=pl.Int32),
            "rate": pl.Series([None, *(i / 7 for i in range(1, rows))], dtype=pl.Float64),
            "waveform": pl.Series([[0.5] * 32] * rows, dtype=pl.Array(pl.Float32, 32)),
            "tags": pl.Series([["a", "b", "c", "d", "e", "f"]] * rows),
        }
    )


def write_spikes(folder: Path, hours: int = 3) -> Path:
    for implant in (4595, 4600):
        for hour in range(hours):
            place = folder / f"implant_id={implant}" / "date=2024-04-28" / f"hour={hour}"
            place.mkdir(parents=True)
            spikes_frame().write_parquet(place / "part.parquet")
    return folder


def save_dataset() -> None:
    """Two versions of a dataset, the newer of which is made from another."""
    nc.read_values(subject=["01", "02", "03"], scale=[1.0, 2.0, 3.0]).save("scales", description="Scales")
    chain = nc.read_dataset("scales")
    chain.save("alpha_roi_tags", description="First try")
    chain.map(snr=_snr).save("alpha_roi_tags", description="With SNR")


def _snr(scale: float) -> float:
    return scale * 2


@nc.table(owner="bci", docs_args={"implant_id": 4595, "date": "2024-04-28"})
def implant_diagnostics(implant_id: int, date: str, limit: int = 5) -> pl.LazyFrame:
    """Online diagnostics, made when they are asked for."""
    return pl.LazyFrame({"implant_id": [implant_id] * 2, "date": [date] * 2, "drift": [0.5, 0.25]}).head(
        limit
    )


def hostile_table(folder: Path) -> nc.Table:
    folder.mkdir()
    named = pl.DataFrame({HOSTILE: [HOSTILE], "n": [1]})
    place = folder / "kind=%3Cimg src=x onerror=alert(1)%3E"
    place.mkdir()
    named.write_parquet(place / "part.parquet")
    return nc.ParquetTable(
        name="hostile",
        uri=str(folder),
        partitioning=[nc.Partition("kind", "string")],
        description=f"{HOSTILE}\n\n[a](javascript:alert(1)) <b>bold</b>",
        owner=HOSTILE,
        deprecated=HOSTILE,
        latency=HOSTILE,
        notebook="javascript:alert(1)",
        links={HOSTILE: "javascript:alert(1)", "data": "data:text/html,<script>alert(1)</script>"},
        checks=[nc.matches("kind", HOSTILE)],
        docs_filters=[nc.Filter("kind", "!=", HOSTILE)],
    )


def make_catalog(folder: Path, *, jupyterhub: str = "") -> nc.Catalog:
    """Catalog of what it writes below a folder."""
    spikes = nc.ParquetTable(
        name="normalized_binned_spikes",
        uri=str(write_spikes(folder / "spikes")),
        partitioning=[
            nc.Partition("implant_id", "int64"),
            nc.Partition("date"),
            nc.Partition("hour", "int32"),
        ],
        description="Binned spikes, normalised\nby channel.\n\nSee https://example.org/spikes for how.",
        owner="bci",
        latency="within 5 minutes",
        notebook="https://example.org/spikes.ipynb",
        links={"Protocol": "https://example.org/protocol"},
        checks=[nc.not_null("rate")],
        docs_filters=[nc.Filter("implant_id", "==", 4595), nc.Filter("date", "==", "2024-04-28")],
    )
    (folder / "impedance").mkdir()
    pl.DataFrame({"implant_id": [1, 2], "ts": [NOW, NOW], "kohm": [210.0, 305.5]}).write_parquet(
        folder / "impedance" / "a.parquet"
    )
    impedance = nc.ParquetTable(
        name="impedance_series",
        uri=str(folder / "impedance"),
        description="Impedance of electrodes",
        owner="ephys",
    )
    old = nc.ParquetTable(
        name="old_spikes",
        uri=str(folder / "spikes"),
        deprecated="Use normalized_binned_spikes.",
        columns=spikes.schema,
    )
    gone = nc.ParquetTable(name="gone", uri=str(folder / "nowhere"), owner="ephys")
    save_dataset()
    tags = Versioned(
        name="alpha_roi_tags", dataset="alpha_roi_tags@^1", description="Tags of regions", owner="mri"
    )
    return nc.Catalog(
        {
            "implant": [spikes, impedance, old, gone, implant_diagnostics],
            "features": [tags],
            "odd": [hostile_table(folder / "hostile")],
        },
        name="Lab catalog",
        description="Tables of the lab.",
        jupyterhub=jupyterhub,
    )
