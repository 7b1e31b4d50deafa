"""Notebook: a table's example as a Jupyter notebook."""

import hashlib
import re
from typing import Any

from neurochain.datasets.public import paragraphs
from neurochain.tables.site.code import Code

__all__ = ["notebook_of"]

MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~$&])")


def notebook_of(code: Code) -> dict[str, Any]:
    r"""A notebook that reads the table.

    Its format is nbformat 4.5 (https://nbformat.readthedocs.io/en/latest/format_description.html); what the declaration says stands in
    it as text, and neither as Markdown nor as HTML.

    Examples
    --------
    >>> from neurochain.tables.parquet.table import ParquetTable
    >>> notebook_of(Code("implant", ParquetTable(name="spikes", uri="s3://bucket/spikes")))["cells"][0]["source"][0]
    '# implant\\.spikes'
    """
    table = code.table
    about = [f"# {_plain(f'{code.database}.{table.name}')}"]
    if table.deprecated:
        about.append(f"**Deprecated:** {_plain(table.deprecated)}")
    about += [_plain(text) for text in paragraphs(table.description)]
    if table.owner:
        about.append(f"Owner: {_plain(table.owner)}")
    read = code.python().removeprefix(code.imports()).strip()
    cells = [
        _cell(code, 0, "markdown", "\n\n".join(about)),
        _cell(code, 1, "code", code.imports()),
        _cell(code, 2, "code", f"{read}\ndf.head()"),
        _cell(code, 3, "code", "df.describe()"),
    ]
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(code: Code, number: int, kind: str, text: str) -> dict[str, Any]:
    named = hashlib.blake2b(f"{code.database}.{code.table.name}.{number}".encode(), digest_size=4)
    cell: dict[str, Any] = {"cell_type": kind, "id": named.hexdigest(), "metadata": {}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return {**cell, "source": text.splitlines(keepends=True)}


def _plain(text: str) -> str:
    """A text that Markdown leaves as it is."""
    return MARKDOWN.sub(r"\\\1", text)
