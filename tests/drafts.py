"""Drafts: versions made by hand, without a chain."""

from typing import Any

import polars as pl

from neurochain.datasets.activity import Activity
from neurochain.datasets.content import ContentHash
from neurochain.datasets.environment import Environment, GitState, Origin
from neurochain.datasets.parts import write_part
from neurochain.datasets.project import Project
from neurochain.datasets.publishing import Draft, publish
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.types import Field, Scalar
from neurochain.datasets.versions import DatasetVersion

ORIGIN = Origin(
    host="scanner",
    user="ada",
    command="study.py --fast",
    environment=Environment("3.12.1", "Linux-6.1", {"numpy": "2.1.0", "polars": "1.35.2"}),
    git=GitState("0123456789abcdef", True, "- a = 1\n+ a = 2\n"),
)
NUMBERS = Schema([Field("n", Scalar("int64"))])


def draft(
    project: Project, values: list[int], name: str = "scores", schema: Schema = NUMBERS, **more: Any
) -> Draft:
    """Rows whose columns all hold null, but `n`, which holds the values."""
    frame = pl.DataFrame(
        {
            KEY: [v.to_bytes(16, "big") for v in values],
            **{
                leaf: pl.Series(values if leaf == "n" else [None] * len(values), dtype=d)
                for leaf, d in schema.leaves().items()
            },
        }
    )
    content = ContentHash(schema)
    content.update(frame)
    options: dict[str, Any] = {"plan": {"steps": []}, "manifests": (), "activity": Activity()}
    return Draft(
        name=name,
        schema=schema,
        parts=[write_part(project, frame, schema)],
        content_hash=content.hexdigest(),
        rows=content.rows,
        **(options | more),
    )


def save(project: Project, values: list[int], *rest: Any, **more: Any) -> DatasetVersion:
    """Published draft."""
    return publish(project, draft(project, values, *rest, **more), ORIGIN)[0]
