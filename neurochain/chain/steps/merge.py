"""Merge: join two chains on columns that mean the same."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import polars as pl

from neurochain.chain.expressions.resolve import Resolved, resolve
from neurochain.chain.keys import joined_keys
from neurochain.chain.plan import Plan
from neurochain.chain.run import Run, State, batches
from neurochain.chain.spool import Spool
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.types import Field, Json, Record, Scalar
from neurochain.errors import ColumnExistsError, ExpressionError, ManyMatchesWarning

How = Literal["inner", "left", "right", "full", "semi", "anti", "cross"]
FILTERS = ("semi", "anti")  # which rows of the left stay: nothing is added
_LEFT, _RIGHT = "_left_key", "_right_key"
Pair = tuple[Resolved, Resolved]


@dataclass(frozen=True)
class Merge:
    """Add the columns of another chain where the keys agree. Nulls agree with nothing.

    Rows come in the order of the left side, partners of one row in that of the right; rows of the right without
    a partner behind them. A right join keeps the order of the right side.
    """

    right: Plan
    right_schema: Schema
    on: tuple[tuple[str, str], ...]
    how: How
    suffix: str = "_right"
    many: bool = False
    keeps_count = False
    row_by_row = False

    def bind(self, schema: Schema) -> Schema:
        pairs = self._pairs(schema, self.right_schema)
        if self.how in FILTERS:
            return schema
        if pairs is None or self.right_schema.partial or schema.partial:
            return Schema(schema.values(), partial=True)
        return Schema([*self._left_fields(schema), *self._added(schema, self.right_schema, pairs).values()])

    def apply(self, state: State, run: Run) -> State:
        right = self.right.apply(run)
        pairs = self._pairs(state.schema, right.schema)
        if pairs is None:
            raise ExpressionError(f"merge(on={dict(self.on)}) names a column that no file has.")
        keys = [f"_on{i}" for i in range(len(pairs))]
        mine = state.frame.with_columns(
            a.expression().alias(k) for k, (a, _) in zip(keys, pairs, strict=True)
        )
        theirs = [b.expression().alias(k) for k, (_, b) in zip(keys, pairs, strict=True)]
        if self.how in FILTERS:
            frame = mine.join(right.frame.select(theirs), on=keys, how=self.how, maintain_order="left")
            return State(frame.select(KEY, *state.schema.leaves()), state.schema)
        added = self._added(state.schema, right.schema, pairs)
        leaves = [
            pl.col(old[0]).alias(new[0])
            for name, field in added.items()
            for old, new in zip(right.schema[name].leaves(), field.leaves(), strict=True)
        ]
        schema = Schema([*self._left_fields(state.schema), *added.values()])
        joined = self._joined(
            mine.rename({KEY: _LEFT}), right.frame.select(pl.col(KEY).alias(_RIGHT), *theirs, *leaves), keys
        )
        # The key of the left side where there is one, else that of the right.
        whole = [
            pl.coalesce(pl.col(a.column), pl.col(k)).alias(a.column)
            for k, (a, _) in zip(keys, pairs, strict=True)
            if self.how in ("right", "full")
        ]
        return self._spooled(joined.with_columns(whole), keys, schema, run)

    def _joined(self, left: pl.LazyFrame, right: pl.LazyFrame, on: list[str]) -> pl.LazyFrame:
        match self.how:
            case "cross":
                # On a column that is the same in all rows: the streaming engine of Polars 1.35 panics at cross joins
                # of columns of booleans.
                one = pl.lit(0, dtype=pl.UInt8).alias("_on")
                joined = left.with_columns(one).join(
                    right.with_columns(one), on="_on", maintain_order="left_right"
                )
                return joined.drop("_on")
            case "right":
                return right.join(left, on=on, how="left", maintain_order="left_right")
            case "full":
                # Polars gives the rows of the right that have no partner in any order.
                rest = right.join(left.select(on), on=on, how="anti", maintain_order="left")
                both = left.join(right, on=on, how="left", maintain_order="left_right")
                return pl.concat([both, rest], how="diagonal")
            case how:
                return left.join(right, on=on, how=how, maintain_order="left_right")

    def _spooled(self, joined: pl.LazyFrame, on: list[str], schema: Schema, run: Run) -> State:
        """Rows with keys of their own; they are counted on the way, not held."""
        spool = Spool(run.project, run.spool_limit)
        counted = _Partners(_RIGHT if self.how == "right" else _LEFT, on)
        spool.add(pl.DataFrame(schema={KEY: pl.Binary, **schema.leaves()}), schema)
        for batch in batches(joined.select(_LEFT, _RIGHT, *on, *schema.leaves())):
            if on and not self.many:
                counted.add(batch)
            key = joined_keys(batch[_LEFT], batch[_RIGHT]).alias(KEY)
            spool.add(batch.with_columns(key).select(KEY, *schema.leaves()), schema)
        if counted.example is not None:
            self._warn(counted)
        return State(*spool.read())

    def _warn(self, counted: "_Partners") -> None:
        side, other = ("right", "left") if self.how == "right" else ("left", "right")
        names = [b if side == "right" else a for a, b in self.on]
        values = ", ".join(f"{n}={v!r}" for n, v in zip(names, counted.example or (), strict=True))
        theirs = ", ".join(repr(a if side == "right" else b) for a, b in self.on)
        warnings.warn(
            f"merge({self._text()}): {counted.rows:,} of the {side} side's rows became {counted.results:,}, since some "
            f"have several partners, such as the one with {values}. Make the {other} side's rows unique "
            f"(.distinct({theirs})), or say that it is meant: merge(…, many=True).",
            ManyMatchesWarning,
            stacklevel=2,
        )

    def _pairs(self, left: Schema, right: Schema) -> list[Pair] | None:
        pairs = []
        for a, b in self.on:
            mine, theirs = resolve(a, left), resolve(b, right)
            if mine is None or theirs is None:
                return None
            if str(mine.field.type) != str(theirs.field.type):
                raise ExpressionError(
                    f"merge(on={a!r}): {mine.path!r} is {mine.field.type} on the left, and {theirs.path!r} is "
                    f"{theirs.field.type} on the right, so nothing would match. Cast one of them first: "
                    f"mutate({mine.field.name}=nc.Column({a!r}).cast('{theirs.field.type}'))."
                )
            if not isinstance(mine.field.type, Scalar | Json):
                raise ExpressionError(
                    f"merge(on={a!r}): {mine.path!r} is {mine.field.type}. A key is a number, a text or a date."
                )
            if self.how in ("right", "full") and mine.path not in left:
                raise ExpressionError(
                    f"merge(on={a!r}, how={self.how!r}): {mine.path!r} is a part of {mine.path.partition('.')[0]!r}, "
                    "and rows of the right side would have nothing but this part of it. Make it a column first: "
                    f"mutate({mine.field.name}=nc.Column({a!r}))."
                )
            pairs.append((mine, theirs))
        return pairs

    def _left_fields(self, left: Schema) -> list[Field]:
        return [_optional(f) for f in left.values()] if self.how in ("right", "full") else list(left.values())

    def _added(self, left: Schema, right: Schema, pairs: Sequence[Pair]) -> dict[str, Field]:
        """Columns of the right side, by the names they have there, as they are to be called."""
        keys = {theirs.path for _, theirs in pairs}
        others = [f for f in right.values() if f.name not in keys]
        if self.how in ("left", "full"):
            others = [_optional(f) for f in others]
        taken = {*left, *(f.name for f in others if f.name not in left)}
        added = {}
        for f in others:
            name = f"{f.name}{self.suffix}" if f.name in left else f.name
            if name != f.name or f.name in left:
                if name in taken:
                    raise ColumnExistsError(
                        f"merge() would give two columns named {name!r}. Choose another suffix for the right side's: "
                        f"merge(…, suffix='_other'), or drop({f.name!r}) on one side."
                    )
                taken.add(name)
            added[f.name] = replace(f, name=name)
        return added

    def _text(self) -> str:
        names = [a if a == b else f"{a} = {b}" for a, b in self.on]
        return f"{self.how} on {', '.join(names)}" if names else self.how

    def to_json(self) -> dict[str, Any]:
        return {
            "step": "merge",
            "how": self.how,
            "on": [list(p) for p in self.on],
            "suffix": self.suffix,
            "many": self.many,
            "right": self.right.to_json(),
            "text": self._text(),
        }


def _optional(f: Field) -> Field:
    """Field that may be null as a whole: where a row has no partner."""
    return replace(f, type=replace(f.type, required=False)) if isinstance(f.type, Record) else f


class _Partners:
    """Count of the rows of one side that have a partner, and of what became of them.

    Rows come in the order of that side, so those of one follow each other.
    """

    def __init__(self, key: str, on: list[str]) -> None:
        self.rows = self.results = 0
        self.example: tuple[Any, ...] | None = None
        self._key, self._on = key, on
        self._other = _LEFT if key == _RIGHT else _RIGHT
        self._last: bytes | None = None

    def add(self, batch: pl.DataFrame) -> None:
        matched = batch.filter(pl.col(self._key).is_not_null() & pl.col(self._other).is_not_null())
        if not matched.height:
            return
        key = matched[self._key]
        again = (key == key.shift(1)).fill_null(key[0] == self._last)
        self._last = key[-1]
        self.results += matched.height
        self.rows += matched.height - int(again.sum())
        if self.example is None and again.any():
            self.example = matched.filter(again).select(self._on).row(0)
