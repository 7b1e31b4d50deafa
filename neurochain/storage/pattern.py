"""Glob: which paths a pattern means. Pure: no file is touched here.

Braces are expanded first (``{a,b}``, ``{2020..2026}``, ``{01..12}``, nested, spaces allowed),
then each glob is split at ``/`` into segments. ``**`` is a segment of its own and matches zero or
more folders; ``*``, ``?`` and ``[...]`` stay inside one segment. As in a shell, a name that
begins with a dot is matched only by a segment that begins with a dot.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from neurochain.errors import PatternError
from neurochain.storage.folders import is_whole

MAX_ALTERNATIVES = 100_000

_RANGE = re.compile(r"\s*(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?\s*\Z")
_WILD = re.compile(r"[*?\[]")


def expand_braces(pattern: str) -> list[str]:
    """Expand the braces of a pattern, in the order in which they are written.

    Parameters
    ----------
    pattern : str
        ``"data/202{5..6}/*.{dcm, dic}"``. Spaces around an alternative do not count, ranges may be
        padded (``{01..12}``), descend, step (``{0..10..5}``) or be letters (``{a..c}``). Braces inside
        ``[...]`` are literal, and so are braces without a comma or range (``{x}``).

    Returns
    -------
    list of str
        Without duplicates.

    Raises
    ------
    PatternError
        A brace is not closed, or there are more than 100,000 alternatives.

    Examples
    --------
    >>> expand_braces("sub-{01..03}.{nii, nii.gz}")[:3]
    ['sub-01.nii', 'sub-01.nii.gz', 'sub-02.nii']
    """
    return list(dict.fromkeys(_expand(pattern, pattern)))


def _expand(text: str, whole: str) -> list[str]:
    opening = _find(text, "{", 0)
    if opening is None:
        if _find(text, "}", 0) is not None:
            raise PatternError(
                f"{whole!r} closes a brace that was not opened. Write [}}] for a literal brace."
            )
        return [text]
    closing, commas = _closing(text, opening, whole)
    head, tail = text[:opening], text[closing + 1 :]
    if commas:
        bounds = [opening, *commas, closing]
        inner = [text[a + 1 : b].strip() for a, b in pairwise(bounds)]
        middles = [m for part in inner for m in _expand(part, whole)]
    else:
        body = text[opening + 1 : closing]
        numbers = _range(body, whole)
        middles = numbers if numbers is not None else ["{" + m + "}" for m in _expand(body, whole)]
    tails = _expand(tail, whole)
    if len(middles) * len(tails) > MAX_ALTERNATIVES:
        raise PatternError(
            f"{whole!r} stands for more than {MAX_ALTERNATIVES:,} patterns. Use a wildcard instead, such as *."
        )
    return [head + m + t for m in middles for t in tails]


def _find(text: str, character: str, start: int) -> int | None:
    """First place of a character outside ``[...]``."""
    i = start
    while i < len(text):
        if text[i] == character:
            return i
        i = _after_class(text, i) if text[i] == "[" else i + 1
    return None


def _after_class(text: str, i: int) -> int:
    """Index behind the character class that opens at i, or i + 1 where none closes."""
    j = i + 1
    if text[j : j + 1] in ("!", "^"):
        j += 1
    end = text.find("]", j + 1)
    return i + 1 if end < 0 or "/" in text[i:end] else end + 1


def _closing(text: str, opening: int, whole: str) -> tuple[int, list[int]]:
    depth, i = 0, opening
    commas: list[int] = []
    while i < len(text):
        c = text[i]
        if c == "{":
            depth += 1
        elif c == "}":
            depth -= 1
            if depth == 0:
                return i, commas
        elif c == "," and depth == 1:
            commas.append(i)
        i = _after_class(text, i) if c == "[" else i + 1
    raise PatternError(f"{whole!r} opens a brace that is never closed. Write [{{] for a literal brace.")


def _range(body: str, whole: str) -> list[str] | None:
    match = _RANGE.match(body)
    if match is None:
        return None
    first, last, step_text = match.groups()
    step = abs(int(step_text)) if step_text else 1
    if step == 0:
        raise PatternError(f"The range {{{body}}} in {whole!r} has a step of 0.")
    numeric = first.lstrip("-").isdigit()
    if numeric != last.lstrip("-").isdigit():
        return None
    low, high = (int(first), int(last)) if numeric else (ord(first), ord(last))
    if abs(high - low) // step >= MAX_ALTERNATIVES:
        raise PatternError(
            f"The range {{{body}}} in {whole!r} has more than {MAX_ALTERNATIVES:,} values. Use * instead."
        )
    values = range(low, high + 1, step) if low <= high else range(low, high - 1, -step)
    if not numeric:
        return [chr(v) for v in values]
    padded = any(re.match(r"-?0\d", edge) for edge in (first, last))
    width = max(len(first), len(last)) if padded else 0
    return [f"{v:0{width}d}" for v in values]


def is_wild(text: str) -> bool:
    """Whether a path segment holds a wildcard."""
    return _WILD.search(text) is not None


@lru_cache(maxsize=4096)
def segment_regex(segment: str) -> re.Pattern[str]:
    """Compile one segment (no ``/``) of a glob; matches a whole name."""
    out, i = [], 0
    while i < len(segment):
        c = segment[i]
        if c == "*":
            while segment[i + 1 : i + 2] == "*":
                i += 1
            out.append(".*")
        elif c == "?":
            out.append(".")
        elif c == "[" and (end := _after_class(segment, i)) > i + 1:
            out.append(_class_regex(segment[i + 1 : end - 1], segment))
            i = end - 1
        else:
            out.append(re.escape(c))
        i += 1
    hidden = "" if segment.startswith((".", "[.]")) else r"(?!\.)"
    return re.compile(hidden + "".join(out) + r"\Z", re.DOTALL)


def _class_regex(body: str, segment: str) -> str:
    negated = body[0] in "!^"
    inner = (body[1:] if negated else body).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    inner = inner.replace("^", "\\^").replace("&&", "&\\&").replace("||", "|\\|").replace("~~", "~\\~")
    text = f"[{'^' if negated else ''}{inner}]"
    try:
        re.compile(text)
    except re.error:
        raise PatternError(f"The character class [{body}] in {segment!r} cannot be read.") from None
    return text


class Rule:
    """What a set of globs means inside one folder: which names match, which folders to enter.

    A rule is a set of positions, each the segments of a glob that are still to be matched. Going down
    one folder gives the next rule, or None where nothing below can match.
    """

    def __init__(self, positions: Iterable[tuple[str, ...]]) -> None:
        closed: set[tuple[str, ...]] = set()
        for position in positions:
            rest = position
            closed.add(rest)
            while rest and rest[0] == "**":  # zero folders
                rest = rest[1:]
                closed.add(rest)
        self.positions = frozenset(p for p in closed if p)
        self._exact_files = {p[0] for p in self.positions if len(p) == 1 and not is_wild(p[0])}
        self._file_regexes = [segment_regex(p[0]) for p in self.positions if len(p) == 1 and is_wild(p[0])]
        self._exact_folders: dict[str, list[tuple[str, ...]]] = {}
        self._wild_folders: list[tuple[re.Pattern[str], tuple[str, ...], bool]] = []
        for p in self.positions:
            if p[0] == "**":
                # `**` stays in place; a trailing one was written as `**/*` by `Globs`.
                self._wild_folders.append((segment_regex("*"), p, False))
            elif len(p) > 1 and is_wild(p[0]):
                self._wild_folders.append((segment_regex(p[0]), p[1:], is_whole(p[0])))
            elif len(p) > 1:
                self._exact_folders.setdefault(p[0], []).append(p[1:])
        self._below: dict[frozenset[tuple[str, ...]], Rule] = {}

    def matches(self, name: str) -> bool:
        """Whether a file of this name in this folder is meant."""
        return name in self._exact_files or any(r.match(name) for r in self._file_regexes)

    def enter(self, folder: str) -> "Rule | None":
        """Rule inside a subfolder, or None where nothing in it can match.

        A folder that counts as one object is entered only where a segment says its ending.
        """
        below = list(self._exact_folders.get(folder, ()))
        whole = is_whole(folder)
        below += [
            rest for regex, rest, says in self._wild_folders if (says or not whole) and regex.match(folder)
        ]
        if not below:
            return None
        key = frozenset(below)
        if key not in self._below:
            self._below[key] = Rule(below)
        return self._below[key]

    @property
    def is_deep(self) -> bool:
        """Whether files in folders below folders may be meant, however deep."""
        return any(p[0] == "**" for p in self.positions)

    @property
    def literal_folders(self) -> list[str] | None:
        """The only subfolders that can matter, or None where a wildcard needs the folder listed."""
        return None if self._wild_folders else sorted(self._exact_folders)

    @property
    def literal_files(self) -> list[str] | None:
        """The only files that can match, or None where a wildcard needs the folder listed."""
        return None if self._file_regexes else sorted(self._exact_files)


class Globs:
    """Several globs under one root folder, walked together.

    Parameters
    ----------
    globs : iterable of str
        Brace-free globs relative to the root, ``/`` between segments.
    """

    def __init__(self, globs: Iterable[str]) -> None:
        positions = []
        for glob in globs:
            segments = [s for s in glob.split("/") if s not in ("", ".")]
            if ".." in segments:
                raise PatternError(f"{glob!r} goes up with '..' behind a wildcard. Write the folder itself.")
            # Runs of `**` mean one; a last one means every file below.
            kept = [s for i, s in enumerate(segments) if not (s == "**" and segments[i - 1 : i] == ["**"])]
            if kept and kept[-1] == "**":
                kept.append("*")
            positions.append(tuple(kept))
        self.top = Rule(positions)

    def folder(self, path: str) -> Rule | None:
        """Rule inside a folder, given relative to the root (``""`` is the root itself)."""
        rule: Rule | None = self.top
        for name in filter(None, path.split("/")):
            if rule is None:
                return None
            rule = rule.enter(name)
        return rule

    def matches(self, path: str) -> bool:
        """Whether a file, given relative to the root, is meant."""
        folder, _, name = path.rpartition("/")
        rule = self.folder(folder)
        return rule is not None and rule.matches(name)
