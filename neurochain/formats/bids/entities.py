"""BIDS entities of a path: ``sub-01_task-rest_bold.nii.gz`` is subject "01", task "rest", suffix "bold".

https://bids-specification.readthedocs.io/en/stable/appendices/entities.html
"""

import re
from functools import lru_cache

from pydantic import BaseModel, ConfigDict

from neurochain.formats.header import column

__all__ = ["ENTITIES", "BidsRecord", "entities"]

ENTITIES = {
    "sub": "subject",
    "ses": "session",
    "cohort": "cohort",
    "sample": "sample",
    "task": "task",
    "tracksys": "tracksys",
    "acq": "acquisition",
    "nuc": "nucleus",
    "voi": "volume",
    "ce": "ceagent",
    "trc": "tracer",
    "stain": "stain",
    "rec": "reconstruction",
    "dir": "direction",
    "run": "run",
    "mod": "modality",
    "echo": "echo",
    "flip": "flip",
    "inv": "inversion",
    "mt": "mtransfer",
    "part": "part",
    "proc": "processing",
    "hemi": "hemisphere",
    "space": "space",
    "split": "split",
    "recording": "recording",
    "chunk": "chunk",
    "seg": "segmentation",
    "scale": "scale",
    "res": "resolution",
    "den": "density",
    "label": "label",
    "desc": "description",
    "atlas": "atlas",
}
"""Short form in a file's name, and the entity it stands for."""

DATATYPES = frozenset(
    [
        "anat",
        "beh",
        "dwi",
        "eeg",
        "emg",
        "fmap",
        "func",
        "ieeg",
        "meg",
        "micr",
        "motion",
        "mrs",
        "nirs",
        "perf",
        "pet",
        "phenotype",
    ]
)


class BidsRecord(BaseModel):
    """Entities of a path that follows BIDS; all null for any other path.

    Values are strings without their prefix, as written: "01" stays "01".
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    subject: str | None = column("sub-")
    session: str | None = column("ses-")
    cohort: str | None = column("cohort-: of a template that has several")
    sample: str | None = column("sample-")
    task: str | None = column("task-")
    tracksys: str | None = column("tracksys-: motion tracking system")
    acquisition: str | None = column("acq-")
    nucleus: str | None = column("nuc-: of spectroscopy")
    volume: str | None = column("voi-: volume of interest of spectroscopy")
    ceagent: str | None = column("ce-: contrast agent")
    tracer: str | None = column("trc-: PET tracer")
    stain: str | None = column("stain-")
    reconstruction: str | None = column("rec-")
    direction: str | None = column("dir-: phase encoding direction")
    run: str | None = column("run-")
    modality: str | None = column("mod-: suffix of the image this one belongs to")
    echo: str | None = column("echo-: index, not a time")
    flip: str | None = column("flip-: index, not an angle")
    inversion: str | None = column("inv-: index, not a time")
    mtransfer: str | None = column('mt-: magnetisation transfer, "on" or "off"')
    part: str | None = column('part-: "mag", "phase", "real" or "imag"')
    processing: str | None = column("proc-")
    hemisphere: str | None = column('hemi-: "L" or "R"')
    space: str | None = column("space-")
    split: str | None = column("split-: part of one recording cut by file size")
    recording: str | None = column("recording-")
    chunk: str | None = column("chunk-")
    segmentation: str | None = column("seg-")
    scale: str | None = column("scale-")
    resolution: str | None = column("res-")
    density: str | None = column("den-")
    label: str | None = column("label-")
    description: str | None = column("desc-")
    atlas: str | None = column("atlas-")
    suffix: str | None = column('Last part of the name: "bold", "T1w", "eeg"')
    extension: str | None = column('With its dot: ".nii.gz"')
    datatype: str | None = column('Folder: "anat", "func", "eeg"')


_NAME = re.compile(r"sub-[0-9A-Za-z+]+((?:_[a-z]+-[0-9A-Za-z+]+)*)_([0-9A-Za-z]+)(\.[0-9A-Za-z.+]+)")
_SESSION = re.compile(r"ses-([0-9A-Za-z+]+)")
_NONE: dict[str, str | None] = dict.fromkeys(BidsRecord.model_fields)


def entities(path: str) -> dict[str, str | None]:
    """Entities of a path or URI, each under its long name.

    Only a file name that follows BIDS (``sub-<label>[_<entity>-<label>…]_<suffix>.<extension>``) has any;
    for others every value is None. The session may stand in the folder alone. Entities that the standard
    does not know are passed over.

    Parameters
    ----------
    path : str
        Separated by ``/``.

    Returns
    -------
    dict
        Every field of `BidsRecord`.

    Examples
    --------
    >>> found = entities("ds1/sub-01/ses-2/eeg/sub-01_ses-2_task-rest_run-03_eeg.edf")
    >>> found["subject"], found["session"], found["run"], found["suffix"], found["datatype"]
    ('01', '2', '03', 'eeg', 'eeg')
    """
    folder, _, name = path.rpartition("/")
    if not name.startswith("sub-"):
        return _NONE.copy()
    match = _NAME.fullmatch(name)
    if match is None:
        return _NONE.copy()
    found = _NONE.copy()
    for part in name[: match.start(2) - 1].split("_"):
        short, _, label = part.partition("-")
        long = ENTITIES.get(short)
        if long is not None and found[long] is None:
            found[long] = label
    found["suffix"], found["extension"] = match[2], match[3]
    found.update(
        _of_folder(folder) if found["session"] is None else {"datatype": _of_folder(folder)["datatype"]}
    )
    return found


@lru_cache(maxsize=4096)
def _of_folder(folder: str) -> dict[str, str | None]:
    """Session and datatype that the last two folders name."""
    parts = folder.rsplit("/", 3)
    datatype = parts[-1] if parts[-1] in DATATYPES else None
    session = _SESSION.fullmatch(parts[-2] if datatype and len(parts) > 1 else parts[-1])
    return {"session": session[1] if session else None, "datatype": datatype}
