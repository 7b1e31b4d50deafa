"""Raw: a Polars expression of the user's own, of which the identity must be known."""

import hashlib
import json
from typing import Any

import polars as pl

from neurochain.errors import ExpressionError

_PICKLE = ([128, 4, 149], [128, 5, 149])  # how a pickled function begins: protocol and frame


def raw_json(expression: pl.Expr) -> list[str]:
    """Identity of a Polars expression: the hash of its serialised form, how it is shown, and that form.

    Raises
    ------
    ExpressionError
        It holds Python code, which could change unseen, or gives other values each time.
    """
    try:
        text = expression.meta.serialize(format="json")
    except Exception as error:
        raise ExpressionError(
            f"The expression {expression} cannot be written down ({error}). Use map()."
        ) from error
    tree = json.loads(text)
    if _has_code(tree):
        raise ExpressionError(
            f"The expression {expression} holds Python code (map_elements, map_batches, rolling_map, fold), so nobody "
            "could tell whether it changed. Use chain.map() for it."
        )
    if _is_random(tree):
        raise ExpressionError(
            f"The expression {expression} gives other values each time. Give it a seed; for some of the rows by chance "
            "there is chain.sample()."
        )
    return ["polars", hashlib.sha256(text.encode()).hexdigest(), str(expression), text]


def check_raw(text: str) -> None:
    """Refuse the text of an expression that holds code or chance, before anything reads it.

    Raises
    ------
    ExpressionError
        It does, or is no such text.
    """
    try:
        tree = json.loads(text)
    except ValueError as error:
        raise ExpressionError(f"The text of the expression is no JSON: {error}") from error
    if _has_code(tree) or _is_random(tree):
        raise ExpressionError("The text of the expression holds Python code, or chance.")


def _has_code(tree: Any) -> bool:
    match tree:
        case dict():
            return any(
                key == "AnonymousFunction" or "Python" in key or _has_code(value)
                for key, value in tree.items()
                if key != "Literal"
            )
        case [int(), *_]:
            head = tree[:64]  # what stands before the function itself is short
            return any(head[i : i + 3] in _PICKLE for i in range(len(head)))
        case list():
            return any(map(_has_code, tree))
        case _:
            return False


def _is_random(tree: Any) -> bool:
    match tree:
        case {"Random": {"seed": None}} | {"Rank": {"options": {"method": "Random"}, "seed": None}}:
            return True
        case dict():
            return any(_is_random(value) for key, value in tree.items() if key != "Literal")
        case list():
            return any(map(_is_random, tree))
        case _:
            return False
