"""Activity: one execution: what it used, what ran, where, how much."""

import hashlib
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert

from neurochain.datasets import tables
from neurochain.datasets.database import insert_or_ignore
from neurochain.datasets.environment import Origin


@dataclass
class Input:
    """Something an activity read.

    Attributes
    ----------
    kind : {"storage", "version", "table", "scan", "values", "datachain"}
    reference : dict
        Plain JSON: what it was, as written and as resolved.
    version : int or None
        Row of the dataset version that was read.
    manifest : str or None
        Hash of the part that lists each file with its identity.
    parts : list of str
        Hashes of the parts that hold its rows, where no file does.
    """

    kind: str
    reference: dict[str, Any]
    version: int | None = None
    manifest: str | None = None
    parts: list[str] = field(default_factory=list)


@dataclass
class UsedFunction:
    """A function that ran.

    Attributes
    ----------
    fingerprint, name : str
    source : str or None
        Its source text.
    detail : dict
        Plain JSON: what the fingerprint is made of.
    problems : tuple of str
        Why the result cannot be reproduced, if so.
    reads : str or None
        Hash of the part that lists which bytes of which file it read.
    bytes, requests : int
        Pulled for it.
    reused, computed, failed : int
        Calls whose results were known, that were made, and that failed.
    arguments, columns : list of str
        Columns that it got, dotted, and those that it gave.
    """

    fingerprint: str
    name: str
    source: str | None
    detail: dict[str, Any]
    problems: tuple[str, ...] = ()
    reads: str | None = None
    bytes: int = 0
    requests: int = 0
    reused: int = 0
    computed: int = 0
    failed: int = 0
    arguments: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)

    @property
    def hash(self) -> str:
        """Identity of all that is recorded of it, hex; the fingerprint alone leaves names and comments out."""
        text = json.dumps([self.fingerprint, self.name, self.source, self.detail], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class Counts:
    """How much an activity did."""

    rows_in: int = 0
    rows_out: int = 0
    computed: int = 0
    reused: int = 0
    failed: int = 0
    bytes: int = 0
    requests: int = 0


@dataclass
class Activity:
    """One execution, as it is recorded."""

    seed: int = 0
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    started: float = field(default_factory=time.time)
    ended: float | None = None
    inputs: list[Input] = field(default_factory=list)
    functions: list[UsedFunction] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    steps: list[dict[str, Any]] = field(default_factory=list)
    failures: str | None = None  # hash of the part that lists the rows whose function failed
    parameters: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)  # what is not recorded of its plan

    @property
    def problems(self) -> list[str]:
        """Why the result cannot be reproduced; empty where it can."""
        return [*self.left_out, *(f"{f.name}: {p}" for f in self.functions for p in f.problems)]

    def record(self, connection: Connection, origin: Origin) -> None:
        """Write the activity and all it refers to; its parts must be registered."""
        environment = origin.environment
        connection.execute(
            insert_or_ignore(connection, tables.environments),
            {
                "hash": environment.hash,
                "python": environment.python,
                "platform": environment.platform,
                "packages": environment.packages,
            },
        )
        c = self.counts
        connection.execute(
            insert(tables.activities),
            {
                "id": self.id,
                "started": self.started,
                "ended": self.ended or time.time(),
                "status": "done",
                "host": origin.host,
                "user": origin.user,
                "command": origin.command,
                "environment": environment.hash,
                "git_commit": origin.git.commit,
                "git_dirty": origin.git.dirty,
                "git_diff": origin.git.diff,
                "seed": self.seed,
                "rows_in": c.rows_in,
                "rows_out": c.rows_out,
                "reused": c.reused,
                "computed": c.computed,
                "failed": c.failed,
                "bytes": c.bytes,
                "requests": c.requests,
                "steps": self.steps,
                "failures": self.failures,
                "parameters": self.parameters,
                "variables": origin.variables,
            },
        )
        for ordinal, used in enumerate(self.inputs):
            connection.execute(
                insert(tables.inputs),
                {
                    "activity": self.id,
                    "ordinal": ordinal,
                    "kind": used.kind,
                    "reference": used.reference,
                    "version": used.version,
                    "manifest": used.manifest,
                },
            )
            for number, part in enumerate(used.parts):
                values = {"activity": self.id, "input": ordinal, "ordinal": number, "part": part}
                connection.execute(insert(tables.input_parts), values)
        for ordinal, function in enumerate(self.functions):
            connection.execute(
                insert_or_ignore(connection, tables.udfs),
                {
                    "hash": function.hash,
                    "fingerprint": function.fingerprint,
                    "name": function.name,
                    "source": function.source,
                    "detail": function.detail,
                },
            )
            connection.execute(
                insert(tables.activity_udfs),
                {
                    "activity": self.id,
                    "ordinal": ordinal,
                    "udf": function.hash,
                    "reads": function.reads,
                    "bytes": function.bytes,
                    "requests": function.requests,
                    "reused": function.reused,
                    "computed": function.computed,
                    "failed": function.failed,
                    "arguments": function.arguments,
                    "columns": function.columns,
                },
            )
