"""Headless: the columns of a BIDS recording that is a table without a header; its sidecar names them.

https://bids-specification.readthedocs.io/en/stable/modality-specific-files/physiological-recordings.html
"""

import re

from neurochain.chain.sources.bids.applying import Applying
from neurochain.errors import FormatError
from neurochain.formats.bids.names import NAME
from neurochain.storage import File

ALWAYS = frozenset(["eyetrack", "motion", "physio", "stim"])  # suffixes of tables that never have a header


def column_names(file: File) -> list[str] | None:
    """Names that the sidecars of a BIDS recording give its columns; None for a table with a header.

    Parameters
    ----------
    file : File
        Of any name; only of ``sub-…_physio.tsv.gz`` and the like are sidecars looked for, in its folder and above.

    Raises
    ------
    FormatError
        It has no header, and no sidecar names the columns.
    """
    match = re.fullmatch(NAME, file.name)
    if match is None or not match[1].startswith("sub-"):
        return None
    suffix, extension = match[2], match[3]
    if extension != ".tsv.gz" and (suffix, extension) != ("motion", ".tsv"):
        return None
    said = Applying.of(file).said
    names = said.get("Columns")
    if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
        if len(set(names)) == len(names):
            return names
        raise FormatError(f"The sidecars of {file.uri} name one column twice: {names}.")
    if suffix not in ALWAYS:
        return None
    raise FormatError(
        f'{file.uri} has no header, and no sidecar names its columns: "Columns" is {names!r}. It stands in '
        f"{file.name.removesuffix(extension)}.json or in one of a folder above."
    )
