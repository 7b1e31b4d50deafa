"""Reading headers: DICOM on a local disk and in a bucket, EDF, and the index of a BIDS dataset."""

import tempfile
from pathlib import Path

from pydicom.datadict import tag_for_keyword

from benchmarks.bids_tree import PER_SUBJECT, make_dataset
from benchmarks.comparison import Comparison, Comparisons
from benchmarks.contestant import Contestant
from benchmarks.dicom_tree import make_tree
from benchmarks.goal import faster, faster_per_second, seconds_at_most, within
from benchmarks.recordings import make_recordings
from benchmarks.scale import Scale, linked
from benchmarks.server import LATENCY, object_server
from neurochain.formats.dicom.record import DicomRecord

KNOWN = tuple(k for k in DicomRecord.model_fields if tag_for_keyword(k) is not None)
FEW = (
    "SOPInstanceUID",
    "InstanceNumber",
    "EchoTime",
    "Rows",
    "Modality",
    "SeriesInstanceUID",
)
LOCAL = (
    "0",
    "1",
    "4096",
)  # DataChain on a local disk: nothing fetched ahead, one process; the block says nothing there
REMOTE = "8", "1", "65536"  # in a bucket: eight files fetched whole ahead, one process
HEAD = 64 * 1024  # bytes that neurochain asks for first
DATACHAIN = "DataChain, tuned, the same elements"
POOL = "pydicom, two processes"
OBSTORE = "obstore, the same ranges, not parsed"
AGAIN = "neurochain, one file of a hundred changed"


def local_dicom(ours: Path, peers: Path, scale: Scale) -> Comparisons:
    """Headers of DICOM files on a local disk: short ones, long ones, and both again after some have changed."""
    count, few = scale.of(5_000), scale.of(2_000)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as beside:
        for scanner, title, of_datachain, of_pool in (
            (False, "Headers of DICOM files", 6, 2.5),
            (True, "Headers of DICOM files as scanners write them", 10, 6),
        ):
            tree = Path(folder) / ("scanner" if scanner else "small")
            stored = make_tree(tree, count, scanner)
            part = linked(tree, Path(beside) / tree.name, few)
            yield Comparison(
                title,
                _what(count, stored, few, scanner),
                "files",
                count,
                [
                    Contestant("neurochain", ours, "headers_neurochain", (str(tree), "first", "dicom")),
                    Contestant(
                        "neurochain, second call, nothing changed",
                        ours,
                        "headers_neurochain",
                        (str(tree), "again", "dicom"),
                    ),
                    Contestant(POOL, peers, "headers_pydicom", (str(tree), ",".join(KNOWN))),
                    _datachain(DATACHAIN, peers, part, KNOWN, few),
                    _datachain(f"DataChain, tuned, {len(FEW)} elements", peers, part, FEW, few),
                ],
                (
                    faster_per_second(of_datachain, DATACHAIN),
                    faster(
                        of_pool,
                        POOL,
                        why="Two processes here too, but the second takes 0.3 s of the second that all takes to import the readers; "
                        "listing and saving take 0.3 s.",
                    ),
                ),
            )
        yield _changed(ours, Path(folder), 2 * count)


def _what(count: int, stored: int, few: int, scanner: bool) -> str:
    kind = (
        "with headers of 100 KB as scanners write them: 157 to 410 elements, sequences, private groups of Siemens and "
        "GE with their blobs; the content is made"
        if scanner
        else "scanner files of the pydicom package with identifiers of their own"
    )
    return (
        f"{count:,} files of {stored / 1e9:.1f} GB on a local disk, 100 in a folder, in the page cache: {kind}; every second one "
        f"with a 512 x 512 image. `read_storage(folder).save(…)`: listing, headers and saving. neurochain keeps {len(KNOWN)} "
        "elements typed, the other ones as JSON, and the geometry; a sample is compared with pydicom, element by element. "
        f"{POOL[0].upper() + POOL[1:]}: `multiprocessing.Pool(2)`, `dcmread(stop_before_pixels=True, specific_tags=…)` of the same {len(KNOWN)} "
        "elements into a list of dicts, nothing saved. DataChain has no header reader: the function is the same `dcmread` over "
        f"`file.open()`, its values kept as texts, for {few:,} of the files; with `prefetch=0` and one process, which was faster "
        f"than two and than fetching ahead. Once with the same {len(KNOWN)} elements, once with {len(FEW)} alone."
    )


def _datachain(name: str, python: Path, folder: Path, keywords: tuple[str, ...], count: int) -> Contestant:
    arguments = (f"file://{folder}/", *LOCAL, ",".join(keywords))
    return Contestant(name, python, "headers_datachain", arguments, count)


def _changed(ours: Path, folder: Path, count: int) -> Comparison:
    return Comparison(
        "Headers again, one file of a hundred changed",
        f"`read_storage(folder).save(…)` of the {count:,} files of both trees, which were all read before; then every hundredth "
        "got another SeriesDescription. The new values are there.",
        "files",
        count,
        [Contestant(AGAIN, ours, "headers_neurochain", (str(folder), "changed", "dicom"))],
        (seconds_at_most(2, AGAIN),),
    )


def remote_dicom(ours: Path, peers: Path, scale: Scale) -> Comparisons:
    """Headers of DICOM files in a bucket."""
    count, few = scale.of(10_000), scale.of(1_000)
    with tempfile.TemporaryDirectory() as folder:
        stored = make_tree(Path(folder) / "tree", count)
        linked(Path(folder) / "tree", Path(folder) / "few", few)
        with object_server(Path(folder)) as url:
            yield Comparison(
                "Headers of DICOM files in a bucket",
                f"{count:,} files of {stored / 1e9:.1f} GB, as above the short ones, behind a server on this machine that "
                f"answers each request after {LATENCY * 1000:.0f} ms more (its work counts for nobody, but takes part of the cores). "
                '`read_storage("s3://tree/**/*.dcm").save(…)`. obstore lists the bucket and fetches the first 64 KiB of each file, which is what '
                "neurochain asks for first (less, once it knows how long the headers in a folder are), 128 at once, and does nothing with them. DataChain: the "
                f"same function as above for {few:,} of the files, `prefetch=8` and one process, the best of what was tried (`prefetch` of 0, 8, 32 and 64; "
                "reading in blocks of 4 and 64 KB; `parallel=2`).",
                "files",
                count,
                [
                    Contestant(
                        "neurochain",
                        ours,
                        "headers_neurochain",
                        ("s3://tree/**/*.dcm", "first", "dicom", url),
                    ),
                    Contestant(OBSTORE, peers, "fetch_obstore", (url, "tree", str(HEAD), "128")),
                    Contestant(
                        DATACHAIN,
                        peers,
                        "headers_datachain",
                        ("s3://few/", *REMOTE, ",".join(KNOWN), url),
                        few,
                    ),
                ],
                (
                    faster_per_second(
                        20,
                        DATACHAIN,
                        why="Pulling alone takes a third of the time of both cores, answering the requests a quarter: both are done on this machine.",
                    ),
                    faster_per_second(0.6, OBSTORE, why="Server, pulling and parsing share two cores."),
                ),
            )


def edf(ours: Path, peers: Path, scale: Scale) -> Comparisons:
    """Headers of EDF+ recordings on a local disk."""
    count, few, some = scale.of(2_000), scale.of(200), scale.of(500)
    with tempfile.TemporaryDirectory() as folder:
        size = make_recordings(Path(folder), count, min(count, 200))
        yield Comparison(
            "Headers of EDF+ recordings",
            f"{count:,} recordings of {size / 1e6:.0f} MB, 20 channels of 128 Hz and annotations, in records of 10 s, on a local disk: 200 files, further names are "
            f"hard links; samples are holes. mne's `read_raw_edf(preload=False)` of {few:,} of them, pyedflib's `EdfReader` of {some:,}, both in one process "
            "into a list: channels, sampling frequency, samples. Both read the annotations on opening, which lie all over the file; "
            "neurochain counts their signals and leaves them for later. It saves 25 fields.",
            "files",
            count,
            [
                Contestant("neurochain", ours, "headers_neurochain", (folder, "first", "edf")),
                Contestant("mne", peers, "headers_recordings", ("mne", folder, str(few)), few),
                Contestant("pyedflib", peers, "headers_recordings", ("pyedflib", folder, str(some)), some),
            ],
            (faster_per_second(50, "mne"), faster_per_second(20, "pyedflib")),
        )


def bids(ours: Path, peers: Path, scale: Scale) -> Comparisons:
    """Index of a BIDS dataset."""
    subjects, few = scale.of(20_000 // PER_SUBJECT), scale.of(2_000 // PER_SUBJECT)
    images = 10 * subjects
    with tempfile.TemporaryDirectory() as folder:
        whole, part = Path(folder) / "whole", Path(folder) / "part"
        files, fewer = make_dataset(whole, subjects), make_dataset(part, few)
        sidecars = "bids2table, with sidecars"
        yield Comparison(
            "Index of a BIDS dataset",
            f"{files:,} files, {subjects:,} subjects of two sessions with T1w, T2w, two runs of bold and dwi, with sidecars; the images are empty. "
            f"`read_bids(root, headers=False).save(…)`. pybids: `BIDSLayout(root, validate=False)` of a dataset of {fewer:,} files. bids2table: `index_dataset(root)`, "
            "which parses names alone, where neurochain and pybids read the sidecars too; with `load_bids_metadata(…, inherit=True)` of each "
            "image it does the same. Subject and echo time of every image are compared.",
            "images",
            images,
            [
                Contestant("neurochain", ours, "bids_neurochain", (str(whole),)),
                Contestant("pybids", peers, "bids_peers", ("pybids", str(part)), 10 * few),
                Contestant("bids2table", peers, "bids_peers", ("bids2table", str(whole))),
                Contestant(sidecars, peers, "bids_peers", ("sidecars", str(whole))),
            ],
            (
                faster_per_second(10, "pybids"),
                within(1, "bids2table", why="It reads no sidecars."),
                within(1, sidecars),
            ),
        )
