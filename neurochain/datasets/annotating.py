"""Annotating: what people say of a version, which may change: its rows, and what made them, never do."""

import unicodedata
from collections.abc import Sequence

from sqlalchemy import update

from neurochain.datasets import tables
from neurochain.datasets.events import append
from neurochain.datasets.project import Project
from neurochain.errors import VersionError

LONGEST = 10_000  # characters of a description
MOST_LABELS = 50
LONGEST_LABEL = 100


def annotate(
    project: Project, version: int, reference: str, description: str | None, labels: Sequence[str] | None
) -> None:
    """Change the description or the labels of a version; None leaves them.

    Raises
    ------
    VersionError
        They are too long, or hold what no line of text does.
    ProjectError
        The project may only be read.
    """
    values: dict[str, object] = {}
    if description is not None:
        values["description"] = _checked(description.strip(), "A description", LONGEST, "\n\t")
    if labels is not None:
        if isinstance(labels, str):
            raise VersionError(f"labels={labels!r} is one text: give a list of them, [{labels!r}].")
        if len(labels) > MOST_LABELS:
            raise VersionError(f"{len(labels)} labels: a version has at most {MOST_LABELS}.")
        found = [_checked(label.strip(), "A label", LONGEST_LABEL, "") for label in labels]
        values["labels"] = list(dict.fromkeys(label for label in found if label))
    if not values:
        return
    with project.database.write() as connection:
        c = tables.versions.c
        connection.execute(update(tables.versions).where(c.id == version).values(values))
        # An event is kept for good, and the words may have to go one day.
        append(connection, "annotated", {"version": reference, "what": sorted(values)})


def _checked(text: str, what: str, longest: int, allowed: str) -> str:
    if len(text) > longest:
        raise VersionError(f"{what} has at most {longest:,} characters; this one has {len(text):,}.")
    for sign in text:
        if sign not in allowed and unicodedata.category(sign) in ("Cc", "Cs"):
            raise VersionError(f"{what} is text that people read: {sign!r} is no sign of it. Take it out.")
    return text
