"""Web: what a person waits for before the page of ``neurochain ui``."""

import tempfile
from pathlib import Path

from benchmarks.comparison import Comparison, Comparisons
from benchmarks.contestant import Contestant
from benchmarks.goal import Goal, pulled_at_most, seconds_at_most
from benchmarks.scale import Scale
from benchmarks.web.files import CHANNELS, HOUR, LONG, RATE, make_hour, make_volume

ROWS = 1_000_000
LINK = "a server on this machine that speaks S3 and answers each request after 20 ms more"
CASES = Path(__file__).resolve().parent / "cases"
PAGES = {
    "first page": "100 rows",
    "sorted by a number": "the first page of all rows in the order of a column of floats",
    "sorted by a text": "the first page in the order of a column of texts",
    "filtered": "the first page of the rows with `x > 1`, and how many they are",
    "filtered and sorted": "the same, in the order of a text",
    "a later page": "100 rows from the middle on",
    "histogram": "statistics and a histogram of a column",
}


def web(ours: Path, scale: Scale) -> Comparisons:
    """Pages of a version of a million rows, a slice of a large scan, and the first screen of a long recording."""
    with tempfile.TemporaryDirectory() as name:
        rows = scale.of(ROWS, 10_000)

        def asked(what: str) -> Contestant:
            return Contestant(f"neurochain, {what}", ours, "pages", (name, str(rows), what), folder=CASES)

        said = "; ".join(f"{what}: {text}" for what, text in PAGES.items())
        yield Comparison(
            "Pages of a version in the browser",
            f"A version of {rows:,} rows and 6 columns, and `neurochain ui` in a process of its own. {said}. From the request to the last byte of its "
            "answer, asked for the first time since the server began; before the others, the first page was.",
            "pages",
            1,
            [asked(what) for what in PAGES],
            (
                seconds_at_most(0.3, "neurochain, first page"),
                *(seconds_at_most(0.5, f"neurochain, {what}") for what in PAGES if what != "first page"),
            ),
        )
    with tempfile.TemporaryDirectory() as name:
        size = make_volume(Path(name) / "lab", scale.share)
        yield Comparison(
            "A slice of a large scan in the browser",
            f"A NIfTI file of {size / 1e9:.1f} GB behind {LINK}, opened in the page: what there is to see, and one slice. What was asked for is a hundredth of the file.",
            "slices",
            1,
            [Contestant("neurochain", ours, "scan", (name,), folder=CASES)],
            (pulled_at_most(1), seconds_at_most(1)),
        )
    with tempfile.TemporaryDirectory() as name:
        size = make_hour(Path(name) / "lab", scale.of(HOUR, 60))

        def opened(what: str, where: str) -> Contestant:
            return Contestant(f"neurochain, {what}", ours, "recording", (name, where), folder=CASES)

        yield Comparison(
            "An hour of EEG in the browser",
            f"EDF, {CHANNELS} channels at {RATE} Hz, {size / 1e6:,.0f} MB: what there is, and {LONG} s of all channels in 1,200 columns, least and most of "
            f"each. On this disk, and behind {LINK}. What was asked for is the samples of the screen.",
            "screens",
            1,
            [opened("on this disk", "here"), opened("far away", "far")],
            (
                seconds_at_most(1, "neurochain, on this disk"),
                seconds_at_most(1, "neurochain, far away"),
                pulled_at_most(2, "neurochain, far away"),
            ),
        )
    yield Comparison(
        "What the page weighs",
        "All that is fetched before a viewer is needed, compressed by gzip at level 9.",
        "pages",
        1,
        [Contestant("neurochain", ours, "weight", (), folder=CASES)],
        (_weighs(400),),
    )


def _weighs(most: int) -> Goal:
    def measure(all_: dict[str, Contestant]) -> tuple[str, bool]:
        found = float(str(all_["neurochain"].runs[-1].facts["kb"]))
        return f"{found:.0f} kB", found < most

    return Goal(f"neurochain: under {most} kB", measure)  # type: ignore[arg-type]
