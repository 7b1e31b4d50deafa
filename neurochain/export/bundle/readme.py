"""Readme: what a person reads who opens a bundle's folder."""

from neurochain.datasets.schema import Schema, describe
from neurochain.export.bundle.record import PARTS, SUMS, Record


def readme(record: Record) -> str:
    """Markdown text of a bundle's README."""
    version = record.versions[-1]
    columns = [f"| {f.name} | {describe(f)} |" for f in Schema.from_json(version.schema_).values()]
    roots = " ".join(f"--root {name}=…" for name in sorted(record.roots))
    lines = [
        f"# {version.reference}",
        "",
        *([version.description, ""] if version.description else []),
        f"{version.rows:,} rows, content hash `{version.content_hash}`. A dataset version of neurochain with all that it was made of: "
        "rows, schema, the functions' texts and the values they were bound to, the plan, the packages, and for each source file "
        "which bytes were read and their hash. The source files themselves are not here.",
        "",
        "| column | type |",
        "|---|---|",
        *columns,
        "",
        "## Use",
        "",
        "The rows are plain Parquet files, in the order of `bundle.json`; any tool reads them. With neurochain:",
        "",
        "```sh",
        "pip install neurochain",
        "neurochain import THIS_FOLDER",
        f"neurochain show {version.reference}",
        f"neurochain lineage {version.reference}",
        f"neurochain env {version.reference} > requirements.txt",
        f"neurochain reproduce {version.reference} {roots}".rstrip(),
        "```",
        "",
        "`reproduce` shows the recorded code and asks before it runs any of it. "
        + ("`--root` says where the source files lie on your machine." if roots else ""),
        "",
        "## What is here",
        "",
        "| | |",
        "|---|---|",
        "| `bundle.json` | versions, lineage, functions, environments |",
        f"| `{PARTS}/` | Parquet files, each named by the SHA-256 of its bytes |",
        f"| `{SUMS}` | for `sha256sum -c {SUMS}` |",
        "",
        *(["Versions, each made of those before it:", ""] if len(record.versions) > 1 else []),
        *([f"- {v.reference}: {v.rows:,} rows" for v in record.versions] if len(record.versions) > 1 else []),
    ]
    return "\n".join(lines).rstrip() + "\n"
