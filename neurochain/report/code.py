"""Code: Python as HTML, its words in colours."""

import io
import keyword
import tokenize

from neurochain.pictures.words import escaped

__all__ = ["coloured"]

CLASSES = {tokenize.STRING: "s", tokenize.NUMBER: "n", tokenize.COMMENT: "c"}
CLASSES |= {
    getattr(tokenize, name): "s"
    for name in ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END")
    if hasattr(tokenize, name)
}


def coloured(source: str) -> str:
    """Python in a page; what is none, as a piece of a line, stays as it is.

    Examples
    --------
    >>> coloured("return 1 < 2")
    '<span class="k">return</span> <span class="n">1</span> &lt; <span class="n">2</span>'
    """
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    parts, at = [], 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            kind = (
                "k"
                if token.type == tokenize.NAME and keyword.iskeyword(token.string)
                else CLASSES.get(token.type)
            )
            if kind is None:
                continue
            first, last = (starts[row - 1] + column for row, column in (token.start, token.end))
            if first < at:
                continue
            parts.append(
                f'{escaped(source[at:first])}<span class="{kind}">{escaped(source[first:last])}</span>'
            )
            at = last
    except (tokenize.TokenError, SyntaxError, IndexError):
        pass  # what was read until then has its colours
    return "".join([*parts, escaped(source[at:])])
