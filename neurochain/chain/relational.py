"""Relational: the verbs of a chain that expressions and other chains are enough for."""

from abc import ABC, abstractmethod
from collections import namedtuple
from collections.abc import Mapping, Sequence
from typing import Any, Self, get_args

import polars as pl

from neurochain.chain.plan import Plan
from neurochain.chain.steps.distinct import Distinct
from neurochain.chain.steps.drop import Drop
from neurochain.chain.steps.filter import Filter
from neurochain.chain.steps.group_by import GroupBy
from neurochain.chain.steps.limit import Limit
from neurochain.chain.steps.merge import How, Merge
from neurochain.chain.steps.mutate import Mutate
from neurochain.chain.steps.order import OrderBy
from neurochain.chain.steps.sample import Sample
from neurochain.chain.steps.select import Select
from neurochain.chain.steps.split import Split
from neurochain.chain.steps.step import Step
from neurochain.chain.steps.union import Union
from neurochain.datasets.schema import Schema
from neurochain.errors import ColumnNotFoundError, ExpressionError


class Relational(ABC):
    """A plan with its schema, and the verbs that Polars runs."""

    _plan: Plan
    _schema: Schema

    @abstractmethod
    def _with(self, step: Step) -> Self:
        """Chain with one more step."""

    def filter(self, *conditions: Any) -> Self:
        """Keep the rows for which all conditions are true.

        Parameters
        ----------
        *conditions : Column or polars.Expr
            ``nc.Column("age") > 30``. A null is not true.

        Examples
        --------
        >>> scans.filter(nc.Column("molecular_tag") == "target_alpha")      # doctest: +SKIP
        """
        chain = self
        for condition in conditions:
            if callable(condition) and not hasattr(condition, "meta") and not hasattr(condition, "node"):
                raise ExpressionError(
                    "filter() takes expressions, not functions. Compute a column with map(keep=function), "
                    "then filter(nc.Column('keep'))."
                )
            chain = chain._with(Filter(condition))
        return chain

    def mutate(self, **columns: Any) -> Self:
        """Add or replace columns computed by expressions.

        Examples
        --------
        >>> scans.mutate(echo_s=nc.Column("dicom.EchoTime") / 1000)         # doctest: +SKIP
        """
        return self._with(Mutate(dict(columns))) if columns else self

    def select(self, *columns: str) -> Self:
        """Keep some columns, each under the last part of its name.

        Examples
        --------
        >>> scans.select("file", "header.shape", "molecular_tag")           # doctest: +SKIP
        """
        return self._with(Select(_names("select", columns)))

    def drop(self, *columns: str) -> Self:
        """Remove whole columns.

        Examples
        --------
        >>> scans.drop("sidecar", "dicom")                                  # doctest: +SKIP
        """
        return self._with(Drop(_names("drop", columns)))

    def distinct(self, *columns: str) -> Self:
        """Keep the first row of each combination of values of some columns, of all where none is named.

        Nulls are equal here.

        Examples
        --------
        >>> scans.distinct("SeriesInstanceUID")                             # doctest: +SKIP
        """
        return self._with(Distinct(_names("distinct", columns) if columns else ()))

    def order_by(self, *columns: Any, descending: bool = False) -> Self:
        """Sort by columns or expressions; nulls last, ties in the order they had."""
        if not columns:
            raise ColumnNotFoundError("order_by() needs at least one column.")
        return self._with(OrderBy(columns, descending))

    def limit(self, count: int) -> Self:
        """Keep the first rows."""
        if count < 0:
            raise ExpressionError(f"limit({count}): a number of rows is 0 or more.")
        return self._with(Limit(count))

    def sample(self, n: int | None = None, *, fraction: float | None = None, seed: int = 0) -> Self:
        """Keep some rows by chance, in the order that they have.

        Parameters
        ----------
        n : int, optional
            Number of rows; all of them where there are fewer.
        fraction : float, optional
            Share of the rows, between 0 and 1; rounded to whole rows.
        seed : int
            Another seed, other rows. The same seed always takes the same rows: it goes by their identity, not by
            where they stand, and a larger sample holds the smaller one.

        Examples
        --------
        >>> scans.sample(fraction=0.1)                                      # doctest: +SKIP
        """
        return self._with(Sample(n, fraction, seed))

    def split(
        self,
        by: str | Sequence[str] | None = "subject",
        *,
        seed: int = 0,
        stratify: str | Sequence[str] = (),
        allow_leakage: bool = False,
        **shares: float,
    ) -> Any:
        """Deal the rows out to parts, all rows of a subject to the same one.

        Parameters
        ----------
        by : str, list of str, or None
            Columns whose values stay together; None deals out row by row.
        seed : int
            Another seed, other parts.
        stratify : str or list of str
            Columns whose values each part has in the same shares: one value for each subject.
        allow_leakage : bool
            Let loaders take parts that share a subject, a session or a file; without, they refuse them.
        **shares : float
            Of the subjects, by the names of the parts; together 1.

        Returns
        -------
        named tuple of Chain
            In the order of `shares`. Which part a chain is, of which shares and seed, stands in its lineage.

        Raises
        ------
        ExpressionError
            The shares do not make 1; when it runs: a subject is null or of several strata, or a part would get none.

        Examples
        --------
        >>> train, val, test = features.split(train=0.8, val=0.1, test=0.1)  # doctest: +SKIP
        >>> parts = features.split(by=["site", "subject"], stratify="group", train=0.7, test=0.3)  # doctest: +SKIP
        >>> parts.train.to_pytorch(shuffle=True)                            # doctest: +SKIP
        """
        names = () if by is None else _names("split", (by,) if isinstance(by, str) else tuple(by))
        layers = (stratify,) if isinstance(stratify, str) else tuple(stratify)
        chains = {
            name: self._with(Split(names, shares, name, seed, layers, allow_leakage)) for name in shares
        }
        if not chains:
            raise ExpressionError("split() needs the parts and their shares: split(train=0.8, test=0.2).")
        splits: Any = namedtuple("Splits", list(chains))  # type: ignore[misc]  # the parts' names are the user's
        return splits(*chains.values())

    def group_by(self, *by: str, **columns: Any) -> Self:
        """Make one row of each group of rows, by expressions; for a function of yours see `agg`.

        Parameters
        ----------
        *by : str
            Columns whose values tell the groups; they are kept. Nulls are a group. With none, all rows are one.
        **columns : Column or polars.Expr
            What is computed of each group's rows, one value each.

        Raises
        ------
        ExpressionError
            An expression does not give one value per group.

        Examples
        --------
        >>> scans.group_by("subject", n=nc.Column("file").len(), dose=nc.Column("dose").sum())  # doctest: +SKIP
        """
        if not by and not columns:
            raise ColumnNotFoundError(
                "group_by() needs columns that tell the groups, or something to compute."
            )
        return self._with(GroupBy(_names("group_by", by) if by else (), dict(columns)))

    def merge(
        self,
        other: "Relational",
        on: str | Sequence[str] | Mapping[str, str] = (),
        how: How = "inner",
        *,
        suffix: str = "_right",
        many: bool = False,
    ) -> Self:
        """Add the columns of another chain where keys agree. A null agrees with nothing.

        Parameters
        ----------
        other : Chain
            Its rows are joined to this chain's.
        on : str, list of str, or mapping
            Columns of both sides; a mapping says ``{left: right}`` where the names differ.
        how : {"inner", "left", "right", "full", "semi", "anti", "cross"}
            Rows without a partner are dropped, or kept with nulls: those of the left, the right, or both sides.
            ``semi`` keeps the left's rows that have a partner, ``anti`` those that have none, and nothing is added.
            ``cross`` joins each row with each, without `on`.
        suffix : str
            Behind the names of the right side's columns that the left has too.
        many : bool
            Rows may have several partners: no warning.

        Warns
        -----
        ManyMatchesWarning
            A row of the left side (for a right join: of the right) has several partners, so that it comes
            several times.

        Examples
        --------
        >>> scans.merge(nc.read_table("participants.tsv"), on={"subject": "participant_id"})  # doctest: +SKIP
        """
        _check_chain("merge", other)
        if how not in get_args(How):
            raise ExpressionError(f"merge(how={how!r}): there is {', '.join(map(repr, get_args(How)))}.")
        names = [on] if isinstance(on, str) else on
        pairs = list(names.items()) if isinstance(names, Mapping) else [(n, n) for n in names]
        if how == "cross" and pairs:
            raise ExpressionError("merge(how='cross') joins each row with each, so it takes no `on`.")
        if how != "cross" and not pairs:
            raise ExpressionError("merge(on=[]): name at least one column that both sides have.")
        return self._with(Merge(other._plan, other._schema, tuple(pairs), how, suffix, many))

    def union(self, *others: "Relational") -> Self:
        """Add the rows of other chains of the same columns, behind those of this one.

        Numbers of two types become the one that holds both. Columns come in the order of this chain.

        Raises
        ------
        SchemaError
            The columns differ.

        Examples
        --------
        >>> nc.read_dataset("site_a").union(nc.read_dataset("site_b"))      # doctest: +SKIP
        """
        for other in others:
            _check_chain("union", other)
        return self._with(Union(tuple((o._plan, o._schema) for o in others))) if others else self


def _names(verb: str, columns: tuple[object, ...]) -> tuple[str, ...]:
    if not columns:
        raise ColumnNotFoundError(f"{verb}() needs at least one column.")
    names = [c for c in columns if isinstance(c, str)]
    wrong = [c for c in columns if not isinstance(c, str)]
    if wrong:
        raise ExpressionError(
            f"{verb}() takes names of columns as texts, not {wrong[0]!r}. Compute a column first: mutate(name=…)."
        )
    return tuple(names)


def _check_chain(verb: str, value: object) -> None:
    if isinstance(value, pl.DataFrame):
        raise ExpressionError(
            f"{verb}() takes a chain, not a DataFrame. Write {verb}(nc.read_values(frame.to_dict(as_series=False)), …)."
        )
    if not isinstance(value, Relational):
        raise ExpressionError(
            f"{verb}() takes a chain, not {value!r}. Make one with nc.read_dataset(), nc.read_table() or read_storage()."
        )
