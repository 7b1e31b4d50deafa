"""Partitioned: files of a bucket that filters leave, found among ten thousand folders."""

from pathlib import Path
from urllib.request import urlopen

from benchmarks.comparison import Comparison, Comparisons
from benchmarks.goal import faster
from benchmarks.server import LATENCY, object_server
from benchmarks.tables.entrant import entrant
from benchmarks.tables.partitions import FIRST, ROWS, day

WHY = {
    "one implant": "Both list one folder and read the same files; here all of them are fetched at once.",
    "two implants, two days": "Two requests that follow one another take 50 ms, and to connect and to start 40; the other one pays ten pages of a listing.",
    "two days": "All folders are listed, at once; what is left is the work on ten thousand names.",
}
MOTO = "benchmarks.tables.moto_server"
ON_MOTO = "moto, which looks through all names for each page of a listing, and answers each request after"
FAR = f"a server on this machine that speaks S3 and answers each request after {LATENCY * 1000:.0f} ms more"


def partitioned(ours: Path, release: Path, served: Path, implants: int, days: int) -> Comparisons:
    """By a value of the outer partition, by several, and by a range of the inner one."""
    made = f"{implants * days:,} Parquet files of {ROWS} rows in `implant_id=…/date=…/`, behind {FAR}. "
    wanted = {
        "one implant": ("implant_id =", str(FIRST + 1), days),
        "two implants, two days": (
            "implant_id in, date between",
            f"{FIRST + 1},{FIRST + 3};{day(1)},{day(2)}",
            4,
        ),
        "two days": ("date between", f"{day(1)},{day(2)}", 2 * implants),
    }
    said = {
        "one implant": "Neuralake makes a prefix of it, and lists no other implant.",
        "two implants, two days": "Neuralake lists all files, since neither is an equality.",
        "two days": "Neuralake lists all files, since nothing is said of the implant.",
    }
    with object_server(served) as url:
        urlopen(
            f"{url}/lab?list-type=2&prefix=none"
        ).close()  # it looks through its folder once, which is nobody's time
        for name, (filters, values, files) in wanted.items():
            text = f"{made}Rows and their sum, of {files:,} of the files: `{filters} {values}`. {said[name]}"
            yield _comparison(name, text, files, ours, release, url, filters, values, WHY[name])
    name = "two implants, two days"
    filters, values, files = wanted[name]
    with object_server(served, module=MOTO) as url:
        text = f"As above, behind {ON_MOTO} {LATENCY * 1000:.0f} ms more: `{filters} {values}`, {files:,} of the files."
        yield _comparison(f"{name}, on moto", text, files, ours, release, url, filters, values)


def _comparison(
    name: str,
    text: str,
    files: int,
    ours: Path,
    release: Path,
    url: str,
    filters: str,
    values: str,
    why: str = "",
) -> Comparison:
    return Comparison(
        f"Partitions on S3: {name}",
        text,
        "files",
        files,
        [
            entrant("neurochain", ours, "partitions_neurochain", url, files, filters, values),
            entrant("Neuralake", release, "partitions_neuralake", url, files, filters, values),
        ],
        (faster(10, "Neuralake", why=why),),
    )
