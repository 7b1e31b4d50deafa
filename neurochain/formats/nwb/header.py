"""What the header of an NWB file says: session, subject as far as it names nobody, series and tables."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from neurochain.errors import ColumnNotFoundError, FormatError
from neurochain.formats.hdf5.attributes import text
from neurochain.formats.hdf5.links import is_group
from neurochain.formats.header import column
from neurochain.formats.nwb.nodes import content, member, series_groups
from neurochain.formats.nwb.series import Series, series_of

__all__ = ["NwbHeader", "NwbRecord", "identifiers_in", "parse", "session_start"]

MOST_SERIES = 2000  # that are described
NAMING = {
    "identifier": "identifier",
    "session_id": "general/session_id",
    "session_description": "session_description",
    "experimenter": "general/experimenter",
    "institution": "general/institution",
    "lab": "general/lab",
    "notes": "general/notes",
    "subject_id": "general/subject/subject_id",
    "subject_description": "general/subject/description",
    "date_of_birth": "general/subject/date_of_birth",
}
"""What may name a person, an animal or a place."""


class NwbRecord(BaseModel):
    """Fields of an NWB file; lists that begin with ``series`` have one entry per time series."""

    model_config = ConfigDict(extra="forbid", strict=True)

    nwb_version: str | None = column("Of the standard")
    keywords: list[str] | None = column("As the file gives them")
    subject_species: str | None = column("As the file gives it")
    subject_strain: str | None = column("As the file gives it")
    subject_genotype: str | None = column("As the file gives it")
    subject_sex: str | None = column('"M", "F", "U", "O"')
    subject_age: str | None = column('As an ISO 8601 duration: "P90D"')
    devices: list[str] | None = column("Names of the devices")
    series: list[str] | None = column("Paths of the time series")
    series_types: list[str] | None = column('By the standard: "ElectricalSeries"')
    series_channels: list[int] | None = column("1 where data have one axis; 0 of images")
    series_samples: list[int] | None = column("Times of the data")
    series_frequencies: list[float] | None = column("NaN where each sample has a time of its own", "Hz")
    series_units: list[str] | None = column("Of the physical values")
    intervals: list[str] | None = column('Names of the tables of intervals: "trials", "epochs"')
    trial_count: int | None = column("Rows of the table of trials")
    unit_count: int | None = column("Sorted units")
    electrode_count: int | None = column("Rows of the table of electrodes")


@dataclass(frozen=True)
class NwbHeader:
    """What a file says.

    Attributes
    ----------
    start_time : datetime or None
        Of the session: local time where it was recorded.
    record : dict
        Fields of `NwbRecord`.
    series : tuple of Series
        Those whose data lie in the file.
    problem : str or None
        Why one of them cannot be read.
    """

    start_time: datetime | None
    record: dict[str, Any]
    series: tuple[Series, ...]
    problem: str | None

    def chosen(self) -> Series | None:
        """The series that is meant where none is named; None where several might be."""
        own = [s for s in self.series if s.path.startswith("/acquisition/")] or list(self.series)
        for some in (own, [s for s in own if s.kind == "ElectricalSeries"]):
            recordings = [s for s in some if s.is_recording]
            if len(recordings) == 1:
                return recordings[0]
        return None


def parse(root: Any) -> NwbHeader:
    """What an open file says.

    Raises
    ------
    FormatError
        It is an HDF5 file, but none of NWB.
    """
    version = text(root, "nwb_version") or content(root, "nwb_version")  # an attribute since 2.0
    if not isinstance(version, str):
        raise FormatError("it is an HDF5 file without nwb_version, so it is no NWB file")
    found, problem = list[Series](), None
    for path, _ in series_groups(root):
        try:
            one = series_of(root, path)
        except (FormatError, ColumnNotFoundError) as error:
            problem = problem or str(error)
            continue
        if isinstance(one, Series) and len(found) < MOST_SERIES:
            found.append(one)
    intervals = dict(_intervals(root))
    record = {
        "nwb_version": version,
        "keywords": _texts(content(root, "general/keywords")),
        **{
            f"subject_{name}": _text(root, f"general/subject/{name}")
            for name in ("species", "strain", "genotype", "sex", "age")
        },
        "devices": _names(root, "general/devices"),
        "series": [s.path for s in found],
        "series_types": [s.kind for s in found],
        "series_channels": [s.n_channels if s.is_recording else 0 for s in found],
        "series_samples": [s.n_samples for s in found],
        "series_frequencies": [math.nan if s.rate is None else s.rate for s in found],
        "series_units": [s.unit for s in found],
        "intervals": list(intervals),
        "trial_count": intervals.get("trials"),
        "unit_count": _rows(root, "units"),
        "electrode_count": _rows(root, "general/extracellular_ephys/electrodes"),
    }
    return NwbHeader(session_start(root), record, tuple(found), problem)


def identifiers_in(root: Any) -> dict[str, str]:
    """What names a person, an animal or a place."""
    found = {}
    for name, path in NAMING.items():
        said = content(root, path)
        texts = [said] if isinstance(said, str) else _texts(said) or []
        if any(texts):
            found[name] = "; ".join(texts)
    return found


def _intervals(root: Any) -> Iterator[tuple[str, int | None]]:
    group = member(root, "intervals")
    for name in sorted(group) if group is not None and is_group(group) else ():
        yield name, _rows(root, f"intervals/{name}")
    if group is None and (epochs := _rows(root, "epochs")) is not None:  # before 2.1
        yield "epochs", epochs


def _rows(root: Any, path: str) -> int | None:
    """Rows of a table; None where there is none."""
    ids = member(root, f"{path}/id")
    return None if ids is None or is_group(ids) or not ids.shape else int(ids.shape[0])


def _names(root: Any, path: str) -> list[str]:
    group = member(root, path)
    return sorted(group)[:1000] if group is not None and is_group(group) else []


def _text(root: Any, path: str) -> str | None:
    said = content(root, path)
    return said if isinstance(said, str) and said else None


def _texts(said: Any) -> list[str] | None:
    return [v for v in said if isinstance(v, str)] if isinstance(said, list) else None


def session_start(root: Any) -> datetime | None:
    """When the session began: local time, without time zone."""
    said = content(root, "session_start_time")
    if isinstance(said, list) and len(said) == 1:
        said = said[0]
    try:
        return datetime.fromisoformat(said).replace(tzinfo=None) if isinstance(said, str) else None
    except ValueError:
        return None
