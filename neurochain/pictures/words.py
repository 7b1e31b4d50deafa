"""Words: numbers and texts as pages say them."""

import html
import math
import re
from typing import Any

__all__ = ["cut", "escaped", "human_bytes", "number", "with_unit"]

WHOLE = ("V", "A", "T", "T/m", "s", "m", "F", "S")
"""Units that are not parts of others."""
PREFIXES = ((1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"), (1e-15, "f"))
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
"""Characters that no page may hold, halves of characters, and those that turn the text behind them round."""


def escaped(text: object) -> str:
    r"""A text as HTML shows it: never as a tag, and without characters that no page may hold.

    Examples
    --------
    >>> escaped('<img onerror="x">\x00')
    '&lt;img onerror=&quot;x&quot;&gt;�'
    """
    return html.escape(UNSEEN.sub("\ufffd", str(text)))


def cut(text: object, most: int) -> str:
    """The beginning of a text that is longer.

    Examples
    --------
    >>> cut("electrode", 5)
    'elec…'
    """
    said = str(text)
    return said if len(said) <= most else f"{said[: most - 1]}…"


def human_bytes(count: float) -> str:
    """``12.3 MB``: powers of ten, as disks and networks are sold."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def number(value: Any) -> str:
    """A number in few characters: whole ones with their thousands, others in five digits.

    Examples
    --------
    >>> number(1234567), number(0.123456789), number(1e-12), number(float("nan"))
    ('1,234,567', '0.12346', '1e-12', 'NaN')
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "-∞"
    if (value == int(value) and abs(value) < 1e6) or 1e4 <= abs(value) < 1e12:
        return f"{value:,.0f}"
    return f"{value:,.5g}"


def with_unit(value: float, unit: str) -> str:
    """A number with its unit; of volts, tesla and the like in that part of it that makes the number short.

    Examples
    --------
    >>> with_unit(5e-05, "V"), with_unit(2e-12, "T"), with_unit(50.0, "uV"), with_unit(0.5, "")
    ('50 µV', '2 pT', '50 uV', '0.5')
    """
    if unit in WHOLE and 0 < abs(value) < 0.1:
        for factor, prefix in PREFIXES:
            if abs(value) >= factor or prefix == "f":
                return f"{value / factor:.4g} {prefix}{unit}"
    return f"{value:.4g} {unit}".strip()
