"""Trees of filters that hypothesis makes, and what Python itself says of their text."""

import ast
from typing import Any

import numpy as np
from hypothesis import strategies as st

from neurochain.timeline.filters.tree import (
    And,
    Arithmetic,
    Call,
    Comparison,
    Label,
    Membership,
    Name,
    Negative,
    Not,
    Number,
    Or,
    Text,
    written,
)

LABELS = ("Fp1", "O2", "velocity", "_x")
SIGNS = ("<", "<=", ">", ">=", "==", "!=")

numbers = st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0, 1e-3, 40.0]) | st.floats(0, 1e300)


def values(names: tuple[str, ...], labels: tuple[str, ...]) -> st.SearchStrategy[Any]:
    leaves = numbers.map(Number) | st.sampled_from(names).map(Name)
    if labels:
        leaves |= st.sampled_from(labels).map(Label)
    return st.recursive(
        leaves,
        lambda inner: (
            inner.map(Negative)
            | st.builds(Arithmetic, st.sampled_from("+-*/"), inner, inner)
            | st.builds(Call, st.sampled_from(["abs", "sqrt"]), inner)
        ),
        max_leaves=4,
    )


def conditions(
    names: tuple[str, ...] = ("signal", "time", "channel", "mean", "std"), labels: tuple[str, ...] = LABELS
) -> st.SearchStrategy[Any]:
    value = values(names, labels)
    texts = st.sampled_from(("Fp1", "O2", "Cz"))
    comparisons = st.integers(1, 3).flatmap(
        lambda n: st.builds(
            Comparison,
            st.lists(value, min_size=n + 1, max_size=n + 1).map(tuple),
            st.lists(st.sampled_from(SIGNS), min_size=n, max_size=n).map(tuple),
        )
    )
    leaves = comparisons | st.builds(
        Membership,
        value,
        st.lists(numbers | numbers.map(lambda x: -x), min_size=1, max_size=10).map(tuple),
        st.booleans(),
    )
    if "channel" in names:
        channel = Name("channel")
        signs = st.sampled_from(["==", "!="]).map(lambda s: (s,))
        leaves |= st.builds(lambda t, s: Comparison((channel, Text(t)), s), texts, signs)
        leaves |= st.builds(lambda t, s: Comparison((Text(t), channel), s), texts, signs)
        members = st.lists(texts | st.sampled_from([0.0, 1.0, 3.0]), min_size=1, max_size=4).map(tuple)
        leaves |= st.builds(Membership, st.just(channel), members, st.booleans())
    return st.recursive(
        leaves,
        lambda inner: (
            inner.map(Not)
            | st.lists(inner, min_size=2, max_size=3).map(tuple).map(And)
            | st.lists(inner, min_size=2, max_size=3).map(tuple).map(Or)
        ),
        max_leaves=5,
    )


class _Channel(np.float64):
    """An index, which is its label where it is compared with text."""

    label = ""

    def __eq__(self, other: object) -> bool:
        return other == self.label if isinstance(other, str) else bool(np.float64(self) == other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = np.float64.__hash__


class _Numbers(ast.NodeTransformer):
    """Numbers as numpy's, which can be divided by 0."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str):
            return node
        return ast.Call(ast.Name("float64", ast.Load()), [node], [])


def as_python(tree: Any, values: np.ndarray, labels: tuple[str, ...], times, mean, std) -> np.ndarray:
    """Mask that Python gives, sample by sample: a filter whose labels are plain means what it means there."""
    code = compile(
        ast.fix_missing_locations(_Numbers().visit(ast.parse(written(tree), mode="eval"))), "filter", "eval"
    )
    mask = np.zeros(values.shape, bool)
    functions = {"float64": np.float64, "abs": np.abs, "sqrt": np.sqrt}
    with np.errstate(all="ignore"):
        for i, row in enumerate(values):
            columns = dict(zip(labels, row.astype(np.float64), strict=True))
            for j, label in enumerate(labels):
                channel = _Channel(j)
                channel.label = label
                said = {
                    "signal": np.float64(row[j]),
                    "time": times[i],
                    "channel": channel,
                    "mean": mean[j],
                    "std": std[j],
                }
                mask[i, j] = eval(code, functions | columns | said)
    return mask
