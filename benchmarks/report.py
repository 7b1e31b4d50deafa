"""Report: the measurements as a page."""

from benchmarks.comparison import Comparison
from benchmarks.contestant import Contestant

HEAD = """# Benchmarks

Written by `make bench`; nothing here is typed by hand. Each run is a process of its own with a project of its own, in which one row was mapped and saved
before the clock started (which makes the database, 0.1 s here); what a first chain waits for is under "Import". The contestants take turns, forwards and backwards. Where others do
fewer, since they would take hours, it is how many per second that is compared. What several of them find is compared too, when the clock has stopped. Given are medians, and the shortest and longest run in brackets; a single case is repeated by
`.venv/bin/python benchmarks/cases/CASE.py ARGUMENTS`, as shown under each table.
"""


def page(
    machine: dict[str, str],
    versions: dict[str, dict[str, str]],
    comparisons: list[Comparison],
    sizes: dict[str, dict[str, object]],
    repeats: int,
) -> str:
    """The whole page, as Markdown."""
    parts = [HEAD, _machine(machine, versions, repeats), _goals(comparisons)]
    parts += [section(c) for c in comparisons]
    if sizes:
        parts.append(_sizes(sizes))
    return "\n".join(parts)


def _machine(machine: dict[str, str], versions: dict[str, dict[str, str]], repeats: int) -> str:
    rows = [f"| {name} | {value} |" for name, value in machine.items()]
    rows += [
        f"| {name} | {', '.join(f'{p} {v}' for p, v in found.items())} |" for name, found in versions.items()
    ]
    return "\n".join(["| | |", "|---|---|", *rows, f"| runs of each | {repeats} |", ""])


def _goals(comparisons: list[Comparison]) -> str:
    """What was asked of all jobs, and what was measured."""
    lines = ["## What was asked", "", "| job | asked | measured | |", "|---|---|---|---|"]
    for comparison in comparisons:
        for goal in comparison.goals:
            figure, holds = goal.measure({c.name: c for c in comparison.contestants})
            verdict = "holds" if holds else f"**falls short.** {goal.why}".rstrip()
            lines.append(f"| {comparison.title} | {goal.text} | {figure} | {verdict} |")
    return "\n".join([*lines, ""])


def section(comparison: Comparison) -> str:
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
        "Cases: " + ", ".join(f"`{c}`" for c in dict.fromkeys(c.case for c in comparison.contestants)) + ".",
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


def _sizes(sizes: dict[str, dict[str, object]]) -> str:
    lines = [
        "## Size of the installation",
        "",
        "Site-packages on disk with byte code, without pip and setuptools (`make size`).",
        "",
    ]
    lines += ["| | MB | packages | largest |", "|---|---|---|---|"]
    for name, size in sizes.items():
        largest = size["largest"]
        shown = ", ".join(f"{k} {v}" for k, v in largest.items()) if isinstance(largest, dict) else ""
        lines.append(f"| {name} | {size['megabytes']} | {size['packages']} | {shown} |")
    return "\n".join([*lines, ""])
