"""Brute force: what a glob means, written once more the slow way, as the oracle of the property tests.

Nothing here shares code with `neurochain.storage`: no regular expressions, no rules, no walk.
"""

from collections.abc import Iterable


def meant(glob: str, path: str) -> bool:
    """Whether a brace-free glob means a path; both relative, ``/`` between names."""
    segments = [s for s in glob.split("/") if s not in ("", ".")]
    if segments and segments[-1] == "**":
        segments.append("*")
    return _path(segments, path.split("/"))


def _path(segments: list[str], names: list[str]) -> bool:
    if not segments or not names:
        return not segments and not names
    if segments[0] == "**":
        deeper = not names[0].startswith(".") and _path(segments, names[1:])
        return deeper or _path(segments[1:], names)
    return segment_means(segments[0], names[0]) and _path(segments[1:], names[1:])


def segment_means(segment: str, name: str) -> bool:
    """Whether one segment means one name; a name with a dot in front wants a segment with a dot in front."""
    wild = any(c in segment for c in "*?[")
    if wild and name.startswith(".") and not segment.startswith((".", "[.]")):
        return False
    return _characters(segment, name)


def _characters(glob: str, name: str) -> bool:
    if not glob:
        return not name
    if glob[0] == "*":
        return any(_characters(glob[1:], name[i:]) for i in range(len(name) + 1))
    if glob[0] == "[":
        end = glob.find("]", 3 if glob[1:2] in ("!", "^") else 2)
        if end > 0:
            return bool(name) and _in_class(glob[1:end], name[0]) and _characters(glob[end + 1 :], name[1:])
    if not name:
        return False
    return (glob[0] == "?" or glob[0] == name[0]) and _characters(glob[1:], name[1:])


def _in_class(body: str, character: str) -> bool:
    negated = body[0] in "!^"
    body = body[negated:]
    inside, i = False, 0
    while i < len(body):
        if body[i + 1 : i + 2] == "-" and i + 2 < len(body):
            inside |= body[i] <= character <= body[i + 2]
            i += 3
        else:
            inside |= body[i] == character
            i += 1
    return inside != negated


def all_meant(globs: Iterable[str], paths: Iterable[str]) -> set[str]:
    """Paths that at least one of the globs means."""
    chosen = list(globs)
    return {p for p in paths if any(meant(g, p) for g in chosen)}
