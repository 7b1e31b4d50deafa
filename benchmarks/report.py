"""Report: the measurements as a page."""

from benchmarks.comparison import Comparison
from benchmarks.contestant import Contestant

SIZES = "Size of the installation"
LAST = ("Import", SIZES)  # of the jobs
HEAD = """# Benchmarks

Written by `make bench`; nothing here is typed by hand. `make bench ONLY="loaders raw"` measures some of the jobs again and leaves the others; each says when it was measured,
at which commit. Each run is a process of its own, of compiled packages, with a project of its own, in which one row was mapped and saved
before the clock started (which makes the database, 0.1 s here); what a first chain waits for is under "Import". The contestants take turns, forwards and backwards. Where others do
fewer, since they would take hours, it is how many per second that is compared. What several of them find is compared too, when the clock has stopped. Given are medians, and the shortest and longest run in brackets; a single case is repeated by
`.venv/bin/python benchmarks/cases/CASE.py ARGUMENTS`, as shown under each table (of loaders: `benchmarks/loaders/cases`, of timelines: `benchmarks/timeline/cases`, of tables: `benchmarks/tables/cases`, of the browser: `benchmarks/web/cases`).
"""


def page(
    machine: dict[str, str],
    versions: dict[str, dict[str, str]],
    comparisons: list[Comparison],
    sizes: dict[str, dict[str, object]],
    repeats: int,
    earlier: str = "",
) -> str:
    """The whole page, as Markdown.

    Parameters
    ----------
    machine, versions : dict
        What it was measured on and with.
    comparisons, sizes
        What was measured.
    repeats : int
        Runs of each contestant.
    earlier : str
        A page whose other jobs stay as they are.
    """
    when = f"Measured {machine.get('date', 'now')} at {machine.get('commit', 'no commit')}."
    sections = {c.title: section(c, when) for c in comparisons}
    if sizes:
        sections[SIZES] = _sizes(sizes, when)
    goals = {c.title: _goals(c) for c in comparisons}
    old_sections, old_goals = _parts(earlier)
    for title, text in old_sections.items():
        sections.setdefault(title, text)
    for title, lines in old_goals.items():
        goals.setdefault(title, lines)
    order = [*old_sections, *(title for title in sections if title not in old_sections)]
    order.sort(key=lambda title: title in LAST)
    asked = ["## What was asked", "", "| job | asked | measured | |", "|---|---|---|---|"]
    asked += [line for title in order for line in goals.get(title, [])]
    parts = [HEAD, _machine(machine, versions, repeats), "\n".join([*asked, ""])]
    return "\n".join([*parts, *(sections[title] for title in order)])


def _parts(page: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Sections of a page by their titles, and the lines of what was asked by the jobs that they are of."""
    goals: dict[str, list[str]] = {}
    sections: dict[str, str] = {}
    for part in page.split("\n## ")[1:]:
        title, _, text = part.partition("\n")
        if title != "What was asked":
            sections[title] = f"## {title}\n{text.rstrip()}\n"
            continue
        for line in text.splitlines():
            if line.startswith("| ") and not line.startswith("| job "):
                goals.setdefault(line.split(" | ")[0].removeprefix("| "), []).append(line)
    return sections, goals


def _machine(machine: dict[str, str], versions: dict[str, dict[str, str]], repeats: int) -> str:
    rows = [f"| {name} | {value} |" for name, value in machine.items() if name not in ("date", "commit")]
    rows += [
        f"| {name} | {', '.join(f'{p} {v}' for p, v in found.items())} |" for name, found in versions.items()
    ]
    return "\n".join(["| | |", "|---|---|", *rows, f"| runs of each | {repeats} |", ""])


def _goals(comparison: Comparison) -> list[str]:
    """What was asked of a job, and what was measured."""
    lines = []
    for goal in comparison.goals:
        figure, holds = goal.measure({c.name: c for c in comparison.contestants})
        verdict = "holds" if holds else f"**falls short.** {goal.why}".rstrip()
        lines.append(f"| {comparison.title} | {goal.text} | {figure} | {verdict} |")
    return lines


def section(comparison: Comparison, when: str = "") -> str:
    """One comparison: what it is, its table, and the commands behind it."""
    ours = comparison.contestants[0]
    rate = f" {comparison.unit}/s |" if comparison.unit else ""
    lines = [
        f"## {comparison.title}",
        "",
        comparison.what,
        "",
        f"| | seconds |{rate} CPU seconds | peak memory |{' neurochain is |' if rate else ''}",
        f"|---|---|{'---|' if rate else ''}---|---|{'---|' if rate else ''}",
        *(_row(c, ours, comparison) for c in comparison.contestants),
        "",
    ]
    if not comparison.unit:
        lines += [f"- `{c.name}`: {_modules(c)}" for c in comparison.contestants]
        lines.append("")
    lines += [
        f"Cases: {', '.join(f'`{c}`' for c in dict.fromkeys(c.case for c in comparison.contestants))}. {when}".rstrip(),
        "",
    ]
    return "\n".join(lines)


def _row(contestant: Contestant, ours: Contestant, comparison: Comparison) -> str:
    low, high = contestant.spread
    rate = f" {_rounded(contestant.rate)} |" if comparison.unit else ""
    peer = comparison.unit and not contestant.name.startswith("neurochain")
    times = f"{ours.rate / contestant.rate:.1f} x faster" if peer else ""
    return (
        f"| {contestant.name} | {contestant.seconds:.3g} ({low:.3g} to {high:.3g}) |{rate} {contestant.cpu:.3g} "
        f"| {contestant.peak_mb:,.0f} MB |" + (f" {times} |" if rate else "")
    )


def _rounded(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def _modules(contestant: Contestant) -> str:
    facts = contestant.runs[-1].facts
    heavy = facts["heavy"]
    named = ", ".join(heavy) if isinstance(heavy, list) and heavy else "none of the heavy ones"
    return f"{facts['modules']} modules, {named}"


def _sizes(sizes: dict[str, dict[str, object]], when: str) -> str:
    lines = [
        f"## {SIZES}",
        "",
        "Site-packages on disk with byte code, without pip and setuptools (`make size`).",
        "",
    ]
    lines += ["| | MB | packages | largest |", "|---|---|---|---|"]
    for name, size in sizes.items():
        largest = size["largest"]
        shown = ", ".join(f"{k} {v}" for k, v in largest.items()) if isinstance(largest, dict) else ""
        lines.append(f"| {name} | {size['megabytes']} | {size['packages']} | {shown} |")
    return "\n".join([*lines, "", when, ""])
