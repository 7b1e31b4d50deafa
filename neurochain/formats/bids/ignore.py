"""Ignore rules: which files a ``.bidsignore`` leaves out. Its lines are those of ``.gitignore``.

https://git-scm.com/docs/gitignore#_pattern_format
"""

import re
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["IGNORE", "IgnoreRules"]

IGNORE = ".bidsignore"


@dataclass(frozen=True)
class _Rule:
    """One line: its segments (None for ``**``), and what it says of what matches."""

    segments: tuple[re.Pattern[str] | None, ...]
    ignores: bool
    only_folders: bool


class IgnoreRules:
    r"""Lines of an ignore file.

    Parameters
    ----------
    text : str
        Its content.

    Examples
    --------
    >>> rules = IgnoreRules("*_extra.tsv\n/notes/\n!keep_extra.tsv")
    >>> rules.ignores("sub-01/a_extra.tsv"), rules.ignores("keep_extra.tsv"), rules.ignores("notes/x/y.txt")
    (True, False, True)
    """

    def __init__(self, text: str) -> None:
        self._rules = [rule for line in text.split("\n") if (rule := _rule(line.rstrip("\r"))) is not None]
        self._folder = lru_cache(maxsize=None)(self._ignores_folder)

    def __bool__(self) -> bool:
        return bool(self._rules)

    def ignores(self, path: str) -> bool:
        """Whether a file is left out; a folder that is takes all in it along.

        Parameters
        ----------
        path : str
            Relative to the folder of the ignore file.
        """
        names = tuple(path.split("/"))
        return self._folder(names[:-1]) or self._says(names, is_folder=False)

    def _ignores_folder(self, names: tuple[str, ...]) -> bool:
        return bool(names) and (self._folder(names[:-1]) or self._says(names, is_folder=True))

    def _says(self, names: tuple[str, ...], is_folder: bool) -> bool:
        """What the last rule that matches says."""
        for rule in reversed(self._rules):
            if (is_folder or not rule.only_folders) and _matches(rule.segments, names):
                return rule.ignores
        return False


def _rule(line: str) -> _Rule | None:
    text = re.sub(r"(?<!\\) +$", "", line)
    if not text or text.startswith("#"):
        return None
    ignores = not text.startswith("!")
    text = text if ignores else text[1:]
    only_folders = text.endswith("/")
    text = text.rstrip("/")
    if not text:
        return None
    # A slash at the beginning or within ties the pattern to the folder of the file.
    parts = text.lstrip("/").split("/") if "/" in text else ["**", text]
    if parts[-1] == "**":
        parts.append("*")
    return _Rule(tuple(None if p == "**" else _segment(p) for p in parts), ignores, only_folders)


def _matches(segments: tuple[re.Pattern[str] | None, ...], names: tuple[str, ...]) -> bool:
    """Whether the segments match all names; positions are followed together, so no pattern takes long."""
    places = _behind({0}, segments)
    for name in names:
        after = set()
        for place in places:
            if place == len(segments):
                continue
            segment = segments[place]
            if segment is None:
                after.add(place)
            elif segment.fullmatch(name):
                after.add(place + 1)
        places = _behind(after, segments)
    return len(segments) in places


def _behind(places: set[int], segments: tuple[re.Pattern[str] | None, ...]) -> set[int]:
    """Places, and those behind each ``**``, which may stand for no folder."""
    found = set(places)
    for place in places:
        while place < len(segments) and segments[place] is None:
            place += 1
            found.add(place)
    return found


@lru_cache(maxsize=1024)
def _segment(text: str) -> re.Pattern[str]:
    """Compile a segment. What stands between two stars is sought once (atomic), so that no name takes long."""
    chunks: list[list[str]] = [[]]
    i = 0
    while i < len(text):
        c = text[i]
        end = _class_end(text, i) if c == "[" else None
        if c == "*":
            if chunks[-1] or len(chunks) == 1:
                chunks.append([])
        elif c == "?":
            chunks[-1].append(".")
        elif end is not None:
            chunks[-1].append(_class(text[i + 1 : end]))
            i = end
        elif c == "\\" and i + 1 < len(text):
            i += 1
            chunks[-1].append(re.escape(text[i]))
        else:
            chunks[-1].append(re.escape(c))
        i += 1
    first, *rest = ("".join(c) for c in chunks)
    if not rest:
        return re.compile(first, re.DOTALL)
    middle = "".join(f"(?>.*?{chunk})" for chunk in rest[:-1] if chunk)
    return re.compile(f"{first}{middle}.*{rest[-1]}", re.DOTALL)


def _class_end(text: str, start: int) -> int | None:
    """Where the class that opens at `start` closes; None where it does not."""
    first = start + 2 if text[start + 1 : start + 2] in ("!", "^") else start + 1
    end = text.find("]", first + 1)
    return None if end < 0 else end


def _class(body: str) -> str:
    negated = body[:1] in ("!", "^")
    inner = (body[1:] if negated else body).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    inner = inner.replace("&&", "&\\&").replace("~~", "~\\~").replace("||", "|\\|").replace("^", "\\^")
    pattern = f"[{'^' if negated else ''}{inner}]"
    try:
        re.compile(pattern)
    except re.error:  # a range that runs backwards matches nothing
        return "(?!)"
    return pattern
