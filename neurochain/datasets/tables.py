"""The database's tables, and the migrations that lead to them.

Everything small and mutable stands here: datasets, versions, their parts, what made them, what storage
held, which results may be reused. Rows themselves lie in Parquet parts.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    inspect,
    text,
    update,
)
from sqlalchemy.schema import CreateColumn

metadata = MetaData()

meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", Text, nullable=False))

roots = Table(
    "roots",
    metadata,
    Column("name", String, primary_key=True),
    Column("uri", Text, nullable=False, unique=True),
    Column("access", JSON),  # how its store is reached, without credentials
)

files = Table(
    "files",
    metadata,
    Column("uri", Text, primary_key=True),
    Column("etag", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("mtime", Float),
    sqlite_with_rowid=False,
)

parts = Table(
    "parts",
    metadata,
    Column("hash", String, primary_key=True),
    Column("rows", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("created", Float, nullable=False),
)

environments = Table(
    "environments",
    metadata,
    Column("hash", String, primary_key=True),
    Column("python", String, nullable=False),
    Column("platform", String, nullable=False),
    Column("packages", JSON, nullable=False),
)

# Functions that differ in their name or in a comment have one fingerprint, and each its own text.
udfs = Table(
    "udfs",
    metadata,
    Column("hash", String, primary_key=True),
    Column("fingerprint", String, nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("source", Text),
    Column("detail", JSON, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("reuse_key", String, nullable=False, index=True),
    Column("part", String, ForeignKey("parts.hash"), nullable=False),
    Column("schema", JSON, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("created", Float, nullable=False),
    Column("used", Float, nullable=False, server_default="0"),
    Column("kind", String, nullable=False, server_default="row"),
)

activities = Table(
    "activities",
    metadata,
    Column("id", String, primary_key=True),
    Column("started", Float, nullable=False),
    Column("ended", Float),
    Column("status", String, nullable=False),
    Column("host", String, nullable=False),
    Column("user", String, nullable=False),
    Column("command", Text, nullable=False),
    Column("environment", String, ForeignKey("environments.hash"), nullable=False),
    Column("git_commit", String),
    Column("git_dirty", Boolean),
    Column("git_diff", Text),
    Column("seed", Integer, nullable=False),
    Column("rows_in", Integer, nullable=False),
    Column("rows_out", Integer, nullable=False),
    Column("reused", Integer, nullable=False),
    Column("computed", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("steps", JSON, nullable=False),
    Column("failures", String, ForeignKey("parts.hash")),
    Column("parameters", JSON),  # that the script asked for; unknown of earlier ones
    Column("variables", JSON),  # of the environment; unknown of earlier ones
)

datasets = Table(
    "datasets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("created", Float, nullable=False),
)

versions = Table(
    "versions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("dataset", Integer, ForeignKey("datasets.id"), nullable=False),
    Column("major", Integer, nullable=False),
    Column("minor", Integer, nullable=False),
    Column("patch", Integer, nullable=False),
    Column("schema", JSON, nullable=False),
    Column("plan", JSON, nullable=False),
    Column("plan_hash", String, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("created", Float, nullable=False),
    Column("description", Text, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("problems", JSON, nullable=False),
    Column("activity", String, ForeignKey("activities.id"), nullable=False),
    Column("tolerances", JSON),  # by column, how far a value made again may be off
    Column("content_scheme", Integer),  # of the content hash; unknown of earlier ones
    Column(
        "withdrawn", JSON(none_as_null=True)
    ),  # when and why its rows were deleted; null where they are there
    UniqueConstraint("dataset", "major", "minor", "patch"),
)

version_parts = Table(
    "version_parts",
    metadata,
    Column("version", Integer, ForeignKey("versions.id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("part", String, ForeignKey("parts.hash"), nullable=False),
)

inputs = Table(
    "inputs",
    metadata,
    Column("activity", String, ForeignKey("activities.id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("reference", JSON, nullable=False),
    Column("version", Integer, ForeignKey("versions.id")),
    Column("manifest", String, ForeignKey("parts.hash")),
)

# Rows that no file holds: those that were given in the script.
input_parts = Table(
    "input_parts",
    metadata,
    Column("activity", String, ForeignKey("activities.id"), primary_key=True),
    Column("input", Integer, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("part", String, ForeignKey("parts.hash"), nullable=False),
)

activity_udfs = Table(
    "activity_udfs",
    metadata,
    Column("activity", String, ForeignKey("activities.id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("udf", String, ForeignKey("udfs.hash"), nullable=False),
    Column("reads", String, ForeignKey("parts.hash")),
    Column("bytes", Integer, nullable=False, server_default="0"),  # that were pulled for it
    Column("requests", Integer, nullable=False, server_default="0"),
    Column("reused", Integer),  # calls; unknown of functions that ran before these were counted
    Column("computed", Integer),
    Column("failed", Integer),
    Column("arguments", JSON),  # columns that it got, and that it gave; unknown of earlier ones too
    Column("columns", JSON),
)

# Never changed: triggers refuse it, see `_add_events`.
events = Table(
    "events",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("time", String, nullable=False),
    Column("who", String, nullable=False),
    Column("what", String, nullable=False),
    Column("detail", Text, nullable=False),  # canonical JSON, as it was hashed
    Column("why", Text),
    Column("before", String, nullable=False),
    Column("hash", String, nullable=False),
)

# Numbers over rows of a version, each computed once.
statistics = Table(
    "statistics",
    metadata,
    Column("version", Integer, ForeignKey("versions.id"), primary_key=True),
    Column("hash", String, primary_key=True),  # of `about`
    Column("about", JSON, nullable=False),  # which, of which column and rows
    Column("found", JSON, nullable=False),
    Column("created", Float, nullable=False),
)

# What refers to a part: without these, deleting one would read all of each table.
REFERENCES = (
    Index("version_parts_part", version_parts.c.part),
    Index("ledger_part", ledger.c.part),
    Index("inputs_manifest", inputs.c.manifest),
    Index("activity_udfs_reads", activity_udfs.c.reads),
    Index("activities_failures", activities.c.failures),
    Index("input_parts_part", input_parts.c.part),
)


def _create_all(connection: Connection) -> None:
    """All that the newest schema has, in a database that holds nothing but `meta`."""
    metadata.create_all(connection, [t for t in metadata.tables.values() if t is not meta], checkfirst=False)
    _create_triggers(connection)


def _add_failures_and_use(connection: Connection) -> None:
    """Columns that came with functions of many rows, with failures that are kept, and with a bounded ledger."""
    if _add(connection, ledger.c.used):
        connection.execute(update(ledger).values(used=ledger.c.created))
    _add(connection, ledger.c.kind)
    _add(connection, activities.c.failures)


def _index_references(connection: Connection) -> None:
    """Indexes that came with garbage collection, of the tables that there were."""
    there = set(inspect(connection).get_table_names())
    for index in REFERENCES:
        if index.table is not None and index.table.name in there:
            index.create(connection, checkfirst=True)


def _add_access(connection: Connection) -> None:
    """Column that came with options of stores."""
    _add(connection, roots.c.access)


def _add_function_bytes(connection: Connection) -> None:
    """Columns that came with the count of bytes for each function."""
    _add(connection, activity_udfs.c.bytes)
    _add(connection, activity_udfs.c.requests)


def _add_function_calls(connection: Connection) -> None:
    """Columns that came with the explanation of what was computed."""
    for column in (activity_udfs.c.reused, activity_udfs.c.computed, activity_udfs.c.failed):
        _add(connection, column)


def _add_replay(connection: Connection) -> None:
    """What came with making versions again: given rows, tolerances, and columns of functions."""
    input_parts.create(connection, checkfirst=True)
    REFERENCES[-1].create(connection, checkfirst=True)
    for column in (versions.c.tolerances, activity_udfs.c.arguments, activity_udfs.c.columns):
        _add(connection, column)


def _add_parameters_and_scheme(connection: Connection) -> None:
    """Columns that came with parameters of scripts, and with the check of every row."""
    for column in (activities.c.parameters, versions.c.content_scheme):
        _add(connection, column)


_FROZEN = "SELECT RAISE(ABORT, 'events are never changed')"
_TRIGGERS = {
    "events_update": f"BEFORE UPDATE ON events BEGIN {_FROZEN}; END",
    "events_delete": f"BEFORE DELETE ON events BEGIN {_FROZEN}; END",
    # INSERT OR REPLACE deletes without asking the trigger above.
    "events_replace": "BEFORE INSERT ON events WHEN NEW.number <= (SELECT max(number) FROM events) "
    f"BEGIN {_FROZEN}; END",
}


def _add_events(connection: Connection) -> None:
    """What came with the audit: events, variables of the environment, and versions that are withdrawn."""
    events.create(connection, checkfirst=True)
    _create_triggers(connection)
    _add(connection, activities.c.variables)
    _add(connection, versions.c.withdrawn)


def _add_statistics(connection: Connection) -> None:
    """Table that came with numbers over rows of a version."""
    statistics.create(connection, checkfirst=True)


def _create_triggers(connection: Connection) -> None:
    for name, rule in _TRIGGERS.items():
        connection.execute(text(f"CREATE TRIGGER IF NOT EXISTS {name} {rule}"))


def _add(connection: Connection, column: Column[Any]) -> bool:
    """Add a column to a table of an older database; whether it was missing."""
    if column.name in {c["name"] for c in inspect(connection).get_columns(column.table.name)}:
        return False
    definition = str(CreateColumn(column).compile(dialect=connection.dialect))
    connection.execute(text(f"ALTER TABLE {column.table.name} ADD COLUMN {definition}"))
    return True


# A migration and the record of it share one transaction; number n is the n-th entry. The first makes a new database
# as the newest is, so that the others are for older ones alone.
MIGRATIONS: tuple[Callable[[Connection], None], ...] = (
    _create_all,
    _add_failures_and_use,
    _index_references,
    _add_access,
    _add_function_bytes,
    _add_function_calls,
    _add_replay,
    _add_parameters_and_scheme,
    _add_events,
    _add_statistics,
)
