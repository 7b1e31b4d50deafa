"""Names in a BIDS tree: which files hold data, and which only speak of others.

https://bids-specification.readthedocs.io/en/stable/common-principles.html#the-inheritance-principle
"""

from collections.abc import Mapping

__all__ = ["BELONGING", "FOLDER", "METADATA", "NAME", "RECORDINGS", "TABLES"]

NAME = r"^((?:[a-z]+-[0-9A-Za-z+]+_)*)([0-9A-Za-z]+)(\.[0-9A-Za-z.+]+)$"
"""File name: its entities, each with a ``_`` behind it; its suffix; its extension."""

FOLDER = r"^((?:[^/]+/)*?sub-[0-9A-Za-z+]+(?:_[a-z]+-[0-9A-Za-z+]+)*_[0-9A-Za-z]+\.[0-9A-Za-z.+]+)/"
"""Start of a path that lies in a folder which is one recording or image (``.ds``, ``.mefd``, ``.ome.zarr``)."""

METADATA = frozenset([".json", ".bval", ".bvec", ".html", ".svg", ".md", ".log"])
"""Extensions of files that describe others, or report on them."""

TABLES: Mapping[str, str | None] = {
    "participants": "participant_id",
    "sessions": "session_id",
    "scans": "filename",
    "events": None,
    "channels": None,
    "electrodes": None,
    "optodes": None,
    "aslcontext": None,
}
"""Suffixes of ``.tsv`` files that describe others; the column that says whom, where it is not the name that does."""

RECORDINGS: Mapping[str, frozenset[str]] = {
    "events": frozenset(
        ["asl", "beh", "bold", "cbv", "eeg", "emg", "ieeg", "meg", "motion", "nirs", "pet", "svs", "mrsi"]
    ),
    "channels": frozenset(["eeg", "emg", "ieeg", "meg", "motion", "nirs"]),
    "electrodes": frozenset(["eeg", "emg", "ieeg", "meg"]),
    "optodes": frozenset(["nirs"]),
    "aslcontext": frozenset(["asl"]),
}
"""Suffixes of the recordings that a table may speak of."""

BELONGING: Mapping[str, tuple[str, ...]] = {
    ".vhdr": (".eeg", ".vmrk"),
    ".set": (".fdt",),
    ".hdr": (".img",),
}
"""Endings of files that are a part of the one with the ending before them, as of BrainVision, EEGLAB, Analyze."""
