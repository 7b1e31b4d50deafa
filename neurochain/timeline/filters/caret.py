"""Caret: an error that shows where in a filter something is wrong."""

from neurochain.errors import ExpressionError

__all__ = ["pointed"]

AROUND = 60  # characters of a long filter that are shown on each side


def pointed(text: str, at: int, said: str) -> ExpressionError:
    """An error that shows a filter, a caret under a position of it, and what is to be said of that.

    Parameters
    ----------
    text : str
        The filter.
    at : int
        Position; the end of the text counts.
    said : str
        What may stand there.

    Examples
    --------
    >>> print(pointed("signal >> 0.8", 8, "a value may stand here"))
    signal >> 0.8
            ^ a value may stand here
    """
    first, last = max(at - AROUND, 0), at + AROUND
    before, behind = "…" if first else "", "…" if last < len(text) else ""
    # A line break or a tab would leave the caret behind.
    shown = "".join(c if c.isprintable() else " " for c in text[first:last])
    return ExpressionError(f"{before}{shown}{behind}\n{' ' * (at - first + len(before))}^ {said}")
