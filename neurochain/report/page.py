"""Page: all sections about a version, as one document that asks for nothing else."""

from neurochain.datasets.lineage import Lineage
from neurochain.datasets.public import public
from neurochain.datasets.versionpage import graph_svg
from neurochain.datasets.versions import DatasetVersion
from neurochain.export.lineage.disclosure import Disclosure
from neurochain.pictures.words import escaped, human_bytes
from neurochain.report.columns import columns_html
from neurochain.report.figures import figures_html
from neurochain.report.making import again_html, code_html, made_html, packages_html, problems_html
from neurochain.report.pieces import section, wide
from neurochain.report.reading import inputs_html, lineages_of, reads_html
from neurochain.report.rows import rows_html
from neurochain.report.style import STYLE

__all__ = ["LARGEST", "page_of"]

LARGEST = 3_000_000  # bytes
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
BOXES = 48
SHRUNK = 1500  # pixels


def page_of(version: DatasetVersion, rows: int, figures: int, who: bool) -> str:
    """The document; see `DatasetVersion.report`."""
    lineage, disclosure = version.lineage(), Disclosure(who)
    lineages = lineages_of(lineage)
    there = version.withdrawn is None
    drawn = figures_html(version, figures) if there and figures > 0 else ""
    sections = [
        section("made", "How it was made", made_html(lineage, disclosure)),
        section("checks", "Checks", problems_html(version, lineage, disclosure)),
        section("columns", "Columns", columns_html(version, who)) if there else "",
        section("rows", "First rows", rows_html(version, rows, who)) if there and rows > 0 else "",
        section("figures", "Figures", drawn) if drawn else "",
        section(
            "lineage",
            "Lineage",
            _graph(version, lineage),
            code_html(lineages, disclosure),
        ),
        section("inputs", "Inputs and bytes", inputs_html(lineages, disclosure), reads_html(lineage)),
        section("again", "Make it again", again_html(version)),
        section("packages", "Packages", packages_html(lineage)),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(version.reference)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<div class="page">{_head(version, who, sections)}<main>{"".join(sections)}</main>{_foot(version)}</div>\n</body>\n</html>\n'
    )


def _graph(version: DatasetVersion, lineage: Lineage) -> str:
    """The graph: somewhat smaller where it is wider than the page, and where that would be too small it scrolls."""
    svg = graph_svg(lineage, BOXES)
    width = float(svg.partition(' width="')[2].partition('"')[0])
    said = f"graph of what {version.reference} was made of"
    return wide(svg, said, "graph") if width > SHRUNK else f'<div class="wide">{svg}</div>'


def _head(version: DatasetVersion, who: bool, sections: list[str]) -> str:
    said = version.description if who else public(version.description)
    numbers = [
        ("rows", f"{version.rows:,}"),
        ("columns", f"{len(version.schema):,}"),
        ("size", human_bytes(version.bytes)),
        ("saved", f"{version.created:%Y-%m-%d}"),
        ("content", version.content_hash[:12]),
    ]
    shown = "".join(f"<div><dt>{name}</dt><dd>{escaped(value)}</dd></div>" for name, value in numbers)
    labels = "".join(f'<span class="label">{escaped(label)}</span>' for label in version.labels)
    parts = [
        f"<h1>{escaped(version.name)}<span>@{escaped(version.version)}</span></h1>",
        f'<p class="lead">{escaped(said)}</p>' if said else "",
        f"<p>{labels}</p>" if labels else "",
        f'<dl class="numbers">{shown}</dl>',
        _contents(sections),
    ]
    return f"<header>{''.join(parts)}</header>"


def _contents(sections: list[str]) -> str:
    """Links to the sections that are there."""
    links = []
    for one in filter(None, sections):
        name, _, title = one.partition('<h2 id="')[2].partition("</h2>")[0].partition('">')
        links.append(f'<a href="#{name}">{title}</a>')
    return f'<nav aria-label="Sections">{"".join(links)}</nav>'


def _foot(version: DatasetVersion) -> str:
    return (
        f"<footer>{escaped(version.reference)}, saved {version.created:%Y-%m-%d %H:%M:%S} UTC. Written by neurochain; the same version "
        "gives the same page.</footer>"
    )
