"""Comparison: one job, those who do it, and how it was made fair."""

from dataclasses import dataclass
from pathlib import Path

from pydicom.datadict import tag_for_keyword

from benchmarks.contestant import Contestant
from benchmarks.goal import Goal, faster, seconds_at_most
from neurochain.formats.dicom.record import DicomRecord

FEW = (
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "Modality",
    "SeriesDescription",
    "InstanceNumber",
)


@dataclass(frozen=True)
class Comparison:
    """One job. The first contestant is neurochain, and the others are compared with it.

    Attributes
    ----------
    title : str
    what : str
        What is done and how it was made fair, as a paragraph of the report.
    unit : str
        What is counted per second; empty where only the time matters.
    amount : int
        How many of them one run does.
    contestants : list of Contestant
    goals : tuple of Goal
        What was asked.
    """

    title: str
    what: str
    unit: str
    amount: int
    contestants: list[Contestant]
    goals: tuple[Goal, ...] = ()


def map_and_save(ours: Path, peers: Path, rows: int) -> Comparison:
    """A trivial function over many rows."""
    return Comparison(
        "Map a trivial function and save",
        f"`read_values(x=list(range({rows})))`, `map(y=lambda x: x * 2)`, `save`. Nothing is remembered from run to run: "
        "each has a project of its own. DataChain by default sends each row through the machinery that fetches files ahead; "
        "tuned means `settings(prefetch=0)`.",
        "rows",
        rows,
        [
            Contestant("neurochain", ours, "map_neurochain", (str(rows),)),
            Contestant("DataChain, as it comes", peers, "map_datachain", (str(rows), "default")),
            Contestant("DataChain, tuned", peers, "map_datachain", (str(rows), "tuned")),
        ],
        (faster(60, "DataChain, as it comes"),),
    )


def dicom_headers(ours: Path, peers: Path, folder: Path, count: int, stored: int) -> Comparison:
    """Headers of many DICOM files."""
    known = [k for k in DicomRecord.model_fields if tag_for_keyword(k) is not None]
    return Comparison(
        "Headers of DICOM files",
        f"{count:,} files of {stored / 1e9:.1f} GB in {count // 100} folders on a local disk, in the page cache: scanner files of the "
        "pydicom package with identifiers of their own, every second one with a 512 x 512 image. `read_storage(folder).save(…)`: "
        "listing, headers and saving. neurochain keeps "
        f"{len(known)} elements typed, the other ones as JSON, and the geometry. DataChain has no header reader: the function is pydicom's "
        "`dcmread(stop_before_pixels=True, specific_tags=…)` over `file.open(block_size=4096)`, `prefetch=0`, its values kept as texts: "
        f"once with the same {len(known)} elements, once with {len(FEW)} alone.",
        "files",
        count,
        [
            Contestant("neurochain", ours, "headers_neurochain", (str(folder), "first")),
            Contestant(
                "neurochain, second call, nothing changed", ours, "headers_neurochain", (str(folder), "again")
            ),
            _datachain("DataChain, tuned, the same elements", peers, folder, 1, known),
            _datachain("DataChain, tuned, the same elements, parallel=2", peers, folder, 2, known),
            _datachain(f"DataChain, tuned, {len(FEW)} elements", peers, folder, 1, FEW),
        ],
        (faster(5, "DataChain, tuned, the same elements"),),
    )


def _datachain(
    name: str, python: Path, folder: Path, processes: int, keywords: list[str] | tuple[str, ...]
) -> Contestant:
    return Contestant(name, python, "headers_datachain", (str(folder), str(processes), ",".join(keywords)))


def importing(ours: Path, peers: Path) -> Comparison:
    """The import alone."""
    return Comparison(
        "Import",
        "`import neurochain` in a fresh process, without the interpreter's own start. Names are imported at their first use, so "
        "`neurochain.Chain` is what a first chain waits for.",
        "",
        1,
        [
            Contestant("import neurochain", ours, "import_module", ("neurochain",)),
            Contestant("import neurochain; neurochain.Chain", ours, "import_module", ("neurochain", "Chain")),
            Contestant("import datachain", peers, "import_module", ("datachain",)),
        ],
        (seconds_at_most(0.3, "import neurochain"),),
    )
