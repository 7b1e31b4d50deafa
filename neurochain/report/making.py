"""Making: how a version was made, and how it is made again."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from neurochain.datasets.lineage import Lineage, step_text
from neurochain.datasets.public import public
from neurochain.datasets.versions import DatasetVersion
from neurochain.export.lineage.disclosure import Disclosure
from neurochain.pictures.words import escaped, human_bytes
from neurochain.report.code import coloured
from neurochain.report.pieces import facts, table

__all__ = ["again_html", "code_html", "made_html", "packages_html", "problems_html", "unplaced"]

FAILURES = 20
CODE = 60_000  # characters of a function
DIFF = 20_000
FOLDERS = re.compile(r"(?<![\w:/.*~%])(?:file://)?(?:[A-Za-z]:)?[/\\](?:[^\s/\\'\":,;<>|]+[/\\])+")
PATHS = ("/", "~", ".\\", "\\", "file:")


def made_html(lineage: Lineage, disclosure: Disclosure) -> str:
    """Who ran what, when, where, of which commit, and what that took."""
    a = lineage.activity
    started = datetime.fromtimestamp(a["started"], UTC)
    on = f" on {a['host']}" if disclosure.who else ""
    shown = [
        ("when", f"{started:%Y-%m-%d %H:%M:%S} UTC, in {a['ended'] - a['started']:.1f} s"),
        ("by", f"{disclosure.person(a)}{on}"),
        ("command", command(a["command"], disclosure)),
        ("code", _git(a)),
        ("Python", f"{a['python']} on {a['platform']}"),
        ("rows", f"{a['computed']:,} computed, {a['reused']:,} reused, {a['failed']:,} failed"),
        ("bytes", f"{human_bytes(a['bytes'])} pulled in {a['requests']:,} reads"),
        ("parameters", ", ".join(_parameters(a["parameters"], disclosure))),
        ("environment", "\n".join(_variables(a["variables"], disclosure))),
        ("steps", "\n".join(_plain(step_text(s), disclosure) for s in lineage.plan.get("steps", []))),
    ]
    return facts(shown)


def code_html(lineages: list[Lineage], disclosure: Disclosure) -> str:
    """Source of all functions that had a part in it, each once."""
    parts, seen = [], set()
    for lineage in lineages:
        for f in lineage.functions:
            if f.fingerprint in seen:
                continue
            seen.add(f.fingerprint)
            source = _plain((f.source or "# its source could not be read").strip("\n"), disclosure)[:CODE]
            counts = [
                f"{getattr(f, name):,} {name}"
                for name in ("computed", "reused", "failed")
                if getattr(f, name)
            ]
            pulled = f"{human_bytes(f.bytes)} in {f.requests:,} reads" if f.requests else ""
            about = ", ".join(filter(None, [f"for {lineage.name}@{lineage.version}", *counts, pulled]))
            parts.append(
                f'<h3><code>{escaped(f.name)}()</code> <span class="quiet">{escaped(about)}, fingerprint '
                f'{escaped(f.fingerprint[:12])}</span></h3><pre tabindex="0"><code>{coloured(source)}</code></pre>'
            )
    diff = next((one.activity.get("git_diff") for one in lineages if one.activity.get("git_diff")), None)
    if diff:
        shown = _plain(diff, disclosure)[:DIFF]
        parts.append(
            "<details><summary>What was changed and not committed</summary>"
            f'<pre tabindex="0"><code>{escaped(shown)}</code></pre></details>'
        )
    return "".join(parts)


def problems_html(version: DatasetVersion, lineage: Lineage, disclosure: Disclosure) -> str:
    """Why it cannot be made again, what failed, what was withdrawn; and where nothing is the matter, that."""
    parts = []
    if version.withdrawn is not None:
        said = version.withdrawn
        parts.append(
            f"Its rows were withdrawn on {said['time'][:10]}: {said['reason'] or 'no reason is given'}."
        )
    parts += [f"Not reproducible: {_said(problem, disclosure)}" for problem in version.problems]
    failures = lineage.failures()
    if failures.height:
        some = "1 row" if failures.height == 1 else f"{failures.height:,} rows"
        parts.append(f"{some} failed: left out, or kept without results.")
    out = ""
    if parts:
        out = f'<div class="bad">{"<br>".join(map(escaped, parts))}</div>'
    else:
        out = "<p>No row failed, and nothing is known that would keep it from being made again.</p>"
    if failures.height:
        rows = [
            [
                f"<code>{escaped(r['function'])}()</code>",
                f"{r['row']:,}",
                escaped(_said(r["file"] or "", disclosure)),
                escaped(_said(r["error"], disclosure)),
            ]
            for r in failures.head(FAILURES).iter_rows(named=True)
        ]
        out += table(["function", "row", "file", "error"], rows, "rows that failed", frozenset({1}))
    if version.tolerances:
        allowed = ", ".join(f"{column} by {value:g}" for column, value in sorted(version.tolerances.items()))
        out += f"<p>When it is made again, values may be off: {escaped(allowed)}.</p>"
    return out


def again_html(version: DatasetVersion) -> str:
    """Commands that make it again, and hold every row against what was saved."""
    name = version.reference
    shell = f"neurochain reproduce {name}\nneurochain env {name} > requirements.txt"
    python = f"import neurochain as nc\n\nversion = nc.dataset({name!r})\nversion.reproduce()"
    return (
        "<p>In the project that holds it, with its files in reach, the first command runs the recorded code, compares every row, and saves "
        "nothing; the second writes down the packages.</p>"
        f'<pre tabindex="0"><code>{escaped(shell)}</code></pre><pre tabindex="0"><code>{coloured(python)}</code></pre>'
        f"<p>Its rows have the content hash <code>{escaped(version.content_hash)}</code>, wherever they are made.</p>"
    )


def packages_html(lineage: Lineage) -> str:
    """Packages that were installed."""
    listed = "".join(
        f"<li>{escaped(name)} {escaped(number)}</li>" for name, number in sorted(lineage.packages.items())
    )
    return f'<ul class="packages">{listed}</ul>'


def command(text: str, disclosure: Disclosure) -> str:
    """A command line; without `who`, of each path that does not begin here the last part alone."""
    if disclosure.who:
        return text
    return " ".join(_last(word) for word in public(text).split(" "))


def _last(word: str) -> str:
    name, separator, value = word.rpartition("=")
    if value.startswith(PATHS):
        value = value.rstrip("/").rpartition("/")[2]
    return f"{name}{separator}{value}"


def unplaced(text: str) -> str:
    """A text in which of each path on a disk the last part stays.

    Examples
    --------
    >>> unplaced("/data/lab/a.nii: cut short, see https://b.org/c/d")
    '…/a.nii: cut short, see https://b.org/c/d'
    """
    return FOLDERS.sub("…/", public(text))


def _plain(text: str, disclosure: Disclosure) -> str:
    return text if disclosure.who else public(text)


def _said(text: str, disclosure: Disclosure) -> str:
    return text if disclosure.who else unplaced(text)


def _git(a: Mapping[str, Any]) -> str:
    if not a["git_commit"]:
        return "in no git checkout"
    return f"git {a['git_commit']}{', with changes that were not committed' if a['git_dirty'] else ''}"


def _parameters(asked: Mapping[str, Any] | None, disclosure: Disclosure) -> Iterator[str]:
    for name, one in (asked or {}).items():
        yield f"{name} = {disclosure.value(one['value'])!r}"


def _variables(variables: Mapping[str, str] | None, disclosure: Disclosure) -> Iterator[str]:
    for name, value in (variables or {}).items():
        yield f"{name}={disclosure.value(value)}"
