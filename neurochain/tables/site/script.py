"""Script: values as JavaScript that a page loads from beside it, since a page of ``file://`` may fetch nothing."""

import json
from typing import Any

__all__ = ["encoded", "script_of"]

ESCAPED = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def script_of(call: str, *values: Any) -> str:
    r"""A call of a function of the page.

    Parameters
    ----------
    call : str
        Its name.
    *values
        Plain JSON. What could end a script, or begin a tag, is escaped.

    Examples
    --------
    >>> script_of("give", {"text": "</script><img>"})
    'give({"text":"\\u003c/script\\u003e\\u003cimg\\u003e"});\n'
    """
    said = ",".join(
        json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).translate(ESCAPED)
        for value in values
    )
    return f"{call}({said});\n"


def encoded(text: str) -> bytes:
    r"""A text as UTF-8; half a character, as in names of files that are none, by its escape.

    Examples
    --------
    >>> encoded("caf\u00e9 \udc80")
    b'caf\xc3\xa9 \\udc80'
    """
    return text.encode("utf-8", "backslashreplace")
