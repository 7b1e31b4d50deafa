"""Headers of a folder, saved: neurochain. Usage: headers_neurochain.py ADDRESS first|again|changed dicom|edf [ENDPOINT]

Again: the folder was read before, and nothing in it has changed. Changed: one file of a hundred has.
When the clock has stopped, a sample of the values is compared with what pydicom says of the files.
"""

import datetime
import sys
from pathlib import Path

from measured import measured
from pydicom import dcmread
from pydicom.datadict import tag_for_keyword
from pydicom.multival import MultiValue

import neurochain as nc
from neurochain.formats.registry import readers

SAMPLE = 100  # files that are looked at again with pydicom
EVERY = 100  # one file of so many changes
address, how, kind = sys.argv[1:4]
there = {"anon": True, "storage_options": {"endpoint": sys.argv[4]}} if len(sys.argv) > 4 else {}
(
    nc.Chain,
    nc.read_storage,
    readers(),
)  # names are imported at their first use, and imports are not what is timed


def run() -> dict[str, object]:
    version = nc.read_storage(address, **there).save("headers")
    return {"rows": version.rows}


def change() -> None:
    """One file of a hundred gets another description."""
    for path in sorted(Path(address).rglob("*.dcm"))[::EVERY]:
        scan = dcmread(path)
        scan.SeriesDescription = mark
        scan.save_as(path)


def check() -> dict[str, object]:
    saved = nc.read_dataset("headers")
    bad = saved.filter(nc.Column("header.error").is_not_null()).count()
    sound = saved.filter(nc.Column("header.format") == kind).count()
    if bad or not sound:
        sys.exit(f"{bad} headers have errors, {sound} are {kind}: what was measured is not what was meant.")
    if how == "changed":
        new = saved.filter(nc.Column("dicom.SeriesDescription") == mark).count()
        if new != -(-saved.count() // EVERY):
            sys.exit(f"{new} files are as they were changed.")
        return {}
    if kind == "edf":
        columns = ("file.path", "header.n_channels", "header.sampling_frequency", "header.n_samples")
        return {"values": {row[0]: list(row[1:]) for row in saved.select(*columns).collect().rows()}}
    compare_with_pydicom(saved)
    columns = ("file.path", "SOPInstanceUID", "InstanceNumber", "EchoTime", "Rows")
    return {"values": {row[0]: list(row[1:]) for row in saved.select(*columns).collect().rows()}}


def compare_with_pydicom(saved: nc.Chain) -> None:
    """Every element that both know, of a sample of the files."""
    if there:
        return
    frame = saved.sample(SAMPLE, seed=1).select("file", "dicom").collect()
    compared = 0
    for row in frame.iter_rows(named=True):
        uri = row["file"]["uri"]
        scan = dcmread(uri, stop_before_pixels=True)
        for keyword, value in row["dicom"].items():
            if tag_for_keyword(keyword) is None:
                continue
            meant = plain(scan.get(keyword), value)
            if value != meant:
                sys.exit(f"{uri}: neurochain says {keyword} is {value!r}, and pydicom {meant!r}.")
            compared += value is not None
    if compared < 20 * frame.height:
        sys.exit(f"Only {compared} values were there to compare.")


def plain(theirs: object, ours: object) -> object:
    """pydicom's value as neurochain's columns hold it: numbers as numbers, nothing as None."""
    values = list(theirs) if isinstance(theirs, MultiValue | list) else [theirs]
    found = [number_or_text(v) for v in values if v not in (None, "")]
    if isinstance(ours, list):
        return found
    return found[0] if len(found) == 1 else ("\\".join(map(str, found)) or None)


def number_or_text(value: object) -> object:
    if isinstance(value, float | int):
        return float(value) if isinstance(value, float) else int(value)
    return str(value)


mark = f"changed {datetime.datetime.now(datetime.UTC).isoformat()}"
nc.read_values(x=[0]).map(y=lambda x: x).save("warm")  # makes the project
if how != "first":
    run()
if how == "changed":
    change()
if __name__ == "__main__":
    measured(run, check)
