"""Leakage: what parts of data share that a model is trained on and tested with."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from neurochain.chain.chain import Chain
from neurochain.chain.functions.step import FunctionStep
from neurochain.chain.identities import SESSION, SUBJECT, identity
from neurochain.chain.plan import Plan
from neurochain.chain.run import State, collected
from neurochain.chain.sources.version import VersionSource
from neurochain.chain.steps.merge import Merge
from neurochain.chain.steps.split import Split
from neurochain.chain.steps.union import Union
from neurochain.datasets.location import file_columns
from neurochain.datasets.types import Array, Field, Ragged, Record
from neurochain.errors import LoaderError
from neurochain.storage import cache_memo

SCHEME = "neurochain leakage 1"
MANY = 8  # values of an array, from which on it is looked at
TELLING = (
    32  # bytes of an array that differ from its commonest one, from which on two equal ones are no accident
)
SHOWN = 3
Found = tuple[str, list[str], list[str]]
_PART = "_part"


def check_leakage(*chains: Chain, **named: Chain) -> None:
    """Refuse chains that share a subject, a session or identical content.

    Parameters
    ----------
    *chains, **named : Chain
        Two or more; the names are used in the message.

    Raises
    ------
    LoaderError
        Two of them share something; the message says what.

    Notes
    -----
    Subjects are told by the column ``subject`` (``subject_id``, ``participant``, ``participant_id``), sessions, where there
    are no subjects, by ``session``. Content is identical where an array of 8 values or more is, bit by bit, or where a
    file is the same one, or has the same etag and size in an object store. Bytes of files are not read.

    Examples
    --------
    >>> nc.check_leakage(train=train, test=test)                            # doctest: +SKIP
    """
    given = {**{f"chain {i + 1}": chain for i, chain in enumerate(chains)}, **named}
    if len(given) < 2:
        raise LoaderError("check_leakage() compares two chains or more.")
    _refuse({name: chain.execute()[0] for name, chain in given.items()}, "")


def check_splits(chain: Chain) -> None:
    """Refuse a part whose siblings share something with it.

    Raises
    ------
    LoaderError
        They do, and the split did not allow it.
    """
    for i, step in enumerate(chain.plan.steps):
        if not isinstance(step, Split) or step.allow_leakage:
            continue
        memo, known = cache_memo(), _known(chain.plan, i)
        if known and memo.get(known) is not None:
            continue
        state, run = chain.before(i).execute()
        by = ", ".join(step.by) or "row"
        hint = f" They were split by {by}; split by what they share, or say split(…, allow_leakage=True)."
        _refuse({name: replace(step, part=name).apply(state, run) for name in step.shares}, hint)
        if known:
            memo.put(known, b"nothing is shared")


def _known(plan: Plan, number: int) -> str:
    """Under what it is remembered that the parts of a step share nothing; empty where rows are not those of a version."""
    source, before, step = plan.source, plan.steps[:number], plan.steps[number]
    if not isinstance(source, VersionSource) or any(
        isinstance(s, FunctionStep | Merge | Union) for s in before
    ):
        return ""
    dealt = {name: value for name, value in step.to_json().items() if name not in ("part", "text")}
    said = [SCHEME, source.version.content_hash, [s.to_json() for s in before], dealt]
    return json.dumps(said, sort_keys=True)


def _refuse(states: Mapping[str, State], hint: str) -> None:
    for what, parts, values in _shared(states):
        first = ", ".join(values[:SHOWN]) + (", …" if len(values) > SHOWN else "")
        raise LoaderError(
            f"{' and '.join(parts)} share {_counted(len(values), what)}: {first}. A model would be tested on what it has seen.{hint}"
        )


def _shared(states: Mapping[str, State]) -> Iterator[Found]:
    """What several chains hold: of what kind, which chains, and which values."""
    for what, names in (("subjects", SUBJECT), ("sessions", SESSION)):
        columns = {name: identity(names, state.schema) for name, state in states.items()}
        told = {name: column.expression() for name, column in columns.items() if column is not None}
        if len(told) == len(states):
            texts = {
                n: (e.cast(pl.String).alias("id"), e.cast(pl.String).alias("value")) for n, e in told.items()
            }
            yield from _in_several(what, {n: states[n].frame.select(*both) for n, both in texts.items()})
            break  # a session of another subject may have the same name
    for path in dict.fromkeys(p for state in states.values() for p in file_columns(state.schema)):
        frames = {
            n: s.frame.select(*_file(path)) for n, s in states.items() if path in set(file_columns(s.schema))
        }
        yield from _in_several("files", frames)
    for leaf in dict.fromkeys(leaf for state in states.values() for leaf in _arrays(state.schema.values())):
        yield from _same_arrays(leaf, {n: s.frame for n, s in states.items() if leaf in s.schema.leaves()})


def _in_several(what: str, frames: Mapping[str, pl.LazyFrame]) -> Iterator[Found]:
    """Values that stand in several frames of ``id, value``."""
    every = pl.concat(
        [f.drop_nulls("id").unique("id").with_columns(pl.lit(n).alias(_PART)) for n, f in frames.items()]
    )
    groups = every.group_by("id").agg(pl.col(_PART).unique().sort(), pl.col("value").first())
    found = collected(groups.filter(pl.col(_PART).list.len() > 1).sort("value"))
    if found.height:
        rows = found.select(_PART, "value").rows()
        first = set(rows[0][0])
        yield (
            what,
            [name for name in frames if name in first],
            [value for parts, value in rows if set(parts) == first],
        )


def _file(path: str) -> tuple[pl.Expr, pl.Expr]:
    """What tells a file's content, and its address. The etag of a local file is its inode's, so it is told by its path."""
    uri = pl.col(f"{path}.uri")
    content = pl.format("{} {}", pl.col(f"{path}.etag"), pl.col(f"{path}.size"))
    far = uri.str.contains("://", literal=True) & ~uri.str.starts_with("file:")
    return pl.when(far).then(content).otherwise(uri).alias("id"), uri.alias("value")


def _arrays(fields: Iterable[Field], prefix: str = "") -> Iterator[str]:
    """Flat columns that hold arrays whose equality is no accident."""
    for field in fields:
        path = f"{prefix}{field.name}"
        match field.type:
            case Array(_, shape) if math.prod(shape) >= MANY:
                yield path
            case Ragged():
                yield f"{path}.data"
            case Record(_, inner):
                yield from _arrays(inner, f"{path}.")


def _same_arrays(leaf: str, frames: Mapping[str, pl.LazyFrame]) -> Iterator[Found]:
    """Arrays that several frames hold: told by a hash, then by their bytes."""
    hashed = {
        n: f.select(pl.col(leaf).hash().alias("id"), pl.col(leaf)).with_row_index("row").drop_nulls(leaf)
        for n, f in frames.items()
    }
    ids = [f.select("id").unique().with_columns(pl.lit(n).alias(_PART)) for n, f in hashed.items()]
    several = collected(pl.concat(ids).group_by("id").len().filter(pl.col("len") > 1).select("id"))
    if not several.height:
        return
    rows = [
        f.join(several.lazy(), on="id", how="semi").with_columns(pl.lit(n).alias(_PART))
        for n, f in hashed.items()
    ]
    same = collected(pl.concat(rows)).filter(pl.col(leaf).map_elements(_varies, return_dtype=pl.Boolean))
    groups = same.group_by(leaf, maintain_order=True).agg(pl.col(_PART), pl.col("row"))
    found = [(parts, numbers) for _, parts, numbers in groups.rows() if len(set(parts)) > 1]
    if found:
        parts = [name for name in frames if name in set(found[0][0])]
        said = [" is ".join(f"row {i} of {p}" for p, i in zip(*one, strict=True)) for one in found]
        yield f"arrays of {leaf.removesuffix('.data')!r}", parts, said


def _counted(number: int, what: str) -> str:
    """``1 file``, ``2 files``, ``1 array of 'x'``."""
    noun, _, of = what.partition(" ")
    return f"{number:,} {noun.removesuffix('s') if number == 1 else noun}{' ' if of else ''}{of}"


def _varies(data: bytes) -> bool:
    """Whether an array is more than one value again and again, as what was masked is, and than a few counts among zeros."""
    if len(data) < TELLING or data[8:] == data[:-8]:
        return False
    return len(data) - int(np.bincount(np.frombuffer(data, np.uint8)).max()) >= TELLING
