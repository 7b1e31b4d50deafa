"""Reading: what a version was made of, and which bytes of its files were read."""

from typing import Any

import polars as pl

from neurochain.datasets.lineage import Lineage, Source, scanned
from neurochain.datasets.origins import ancestors
from neurochain.export.lineage.disclosure import Disclosure
from neurochain.pictures.words import escaped, human_bytes
from neurochain.report.pieces import table

__all__ = ["inputs_html", "lineages_of", "reads_html"]

FILES = 40  # that are listed
MAPS = 3
RANGES = 400  # of a file that are drawn
WIDTH = 1000  # units of a map


def lineages_of(lineage: Lineage) -> list[Lineage]:
    """The lineage and those behind it, each once, the nearest first."""
    found = {f"{lineage.name}@{lineage.version}": lineage}
    waiting = [lineage]
    for one in waiting:
        for source in one.sources:
            behind = source.lineage
            if behind is not None and f"{behind.name}@{behind.version}" not in found:
                found[f"{behind.name}@{behind.version}"] = behind
                waiting.append(behind)
    return list(found.values())


def inputs_html(lineages: list[Lineage], disclosure: Disclosure) -> str:
    """A row for each thing that it and the versions behind it were made of."""
    rows = [
        [escaped(kind), escaped(what), escaped(size), escaped(f"{one.name}@{one.version}")]
        for one in lineages
        for kind, what, size in (_input(source, one, disclosure) for source in one.sources)
    ]
    return (
        table(["input", "what", "size", "used for"], rows, "inputs")
        if rows
        else "<p>It was made of nothing else.</p>"
    )


def reads_html(lineage: Lineage) -> str:
    """Files, how large they are, and how many bytes of them were read; maps of the first ones."""
    parts = list(ancestors(lineage))
    sources = [(one, s) for one in parts for s in one.sources if s.kind == "storage"]
    files = pl.concat([one.files_of(s).select("path", "size") for one, s in sources]) if sources else None
    if files is None or not files.height:
        return ""
    files = files.unique("path", keep="first", maintain_order=True)
    read = [one.header_reads_of(s) for one, s in sources] + [one.reads().drop("bytes") for one in parts]
    reads = pl.concat([r.select("function", "path", "ranges") for r in read])
    length = pl.element().list.get(1) - pl.element().list.get(0)
    reads = reads.with_columns(
        bytes=pl.col("ranges").list.eval(length).list.sum().cast(pl.Int64).fill_null(0)
    )
    by = reads.group_by("path").agg(
        headers=pl.col("bytes").filter(pl.col("function") == "headers").sum(),
        functions=pl.col("bytes").filter(pl.col("function") != "headers").sum(),
    )
    known = files.join(by, on="path", how="left", maintain_order="left").with_columns(
        pl.col("headers", "functions").fill_null(0)
    )
    stored, headers, functions = (int(known[name].sum() or 0) for name in ("size", "headers", "functions"))
    share = (
        f" ({(headers + functions) / stored:.2%} of what they hold)" if headers + functions < stored else ""
    )
    out = (
        f"<p>{known.height:,} files of {human_bytes(stored)}. Headers took {human_bytes(headers)} of them, functions "
        f"{human_bytes(functions)}{share}.</p>"
    )
    first = known.sort("functions", descending=True, maintain_order=True)
    rows = [
        [
            f"<code>{escaped(r['path'])}</code>",
            human_bytes(r["size"]),
            human_bytes(r["headers"]),
            human_bytes(r["functions"]),
        ]
        for r in first.head(FILES).iter_rows(named=True)
    ]
    out += "".join(
        _map(r, reads) for r in first.head(MAPS).iter_rows(named=True) if r["functions"] or r["headers"]
    )
    out += table(
        ["file", "size", "headers", "functions"],
        rows,
        "files and the bytes read of them",
        frozenset({1, 2, 3}),
    )
    if known.height > FILES:
        out += f'<p class="quiet">And {known.height - FILES:,} more files.</p>'
    return out


def _map(file: dict[str, Any], reads: pl.DataFrame) -> str:
    """Where in a file bytes were read."""
    size = file["size"] or 0
    pairs = [
        pair
        for ranges in reads.filter(pl.col("path") == file["path"])["ranges"].to_list()
        for pair in ranges or []
    ]
    if not size or not pairs:
        return ""
    path = "".join(
        f"M{start * WIDTH / size:.1f} 0h{max((end - start) * WIDTH / size, 1):.1f}v10h-{max((end - start) * WIDTH / size, 1):.1f}z"
        for start, end in sorted(map(tuple, pairs))[:RANGES]
    )
    said = f"where in {file['path']} bytes were read"
    return (
        f'<figure><figcaption class="quiet">Read of <code>{escaped(file["path"])}</code></figcaption>'
        f'<svg class="map" role="img" aria-label="{escaped(said)}" viewBox="0 0 {WIDTH} 10" preserveAspectRatio="none">'
        f'<path d="{path}" fill="currentColor"/></svg></figure>'
    )


def _input(source: Source, user: Lineage, disclosure: Disclosure) -> tuple[str, str, str]:
    r = disclosure.plan(source.reference, user.activity)
    rows = f"{r['rows']:,} rows" if "rows" in r else ""
    match source.kind:
        case "storage":
            patterns = ", ".join(map(str, r["patterns"]))
            return "files", patterns, f"{r['files']:,} files, {human_bytes(r['bytes'])}"
        case "version":
            content = f", content {source.lineage.content_hash[:12]}" if source.lineage else ""
            return "version", f"{r['name']}@{r['version']}{content}", rows
        case "table":
            return "table", str(r["uri"]), rows
        case "scan":
            return "table", scanned(r), rows
        case "datachain":
            return "DataChain", f"{r['name']}@{r['version']}" if r["name"] else "a chain", rows
        case _:
            return source.kind, "of the script", rows
