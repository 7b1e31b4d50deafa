"""Headless: the columns of a BIDS recording that is a table without a header; its sidecar names them.

https://bids-specification.readthedocs.io/en/stable/modality-specific-files/physiological-recordings.html
"""

import re
from typing import Any

from neurochain.chain.sources.bids.dataset import escaped
from neurochain.chain.sources.bids.sidecars import sidecar_pairs
from neurochain.chain.sources.bids.tree import Tree
from neurochain.chain.sources.listing import Listing
from neurochain.errors import FormatError
from neurochain.formats.bids.names import NAME
from neurochain.formats.bids.sidecar import merge_sidecars, parse_sidecar
from neurochain.storage import File, folder_root

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
    said = _sidecar(file, match[1].partition("_")[0])
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


def _sidecar(file: File, subject: str) -> dict[str, Any]:
    """What the sidecars that apply to a file say."""
    above, mark, below = file.uri.rpartition(f"/{subject}/")
    root, within = (above, f"{subject}/{below}") if mark else file.uri.rpartition("/")[::2]
    folders = within.split("/")[:-1]
    globs = [escaped("/".join([*folders[:depth], ""])) + "*.json" for depth in range(len(folders) + 1)]
    tree = Tree.of(Listing.of(folder_root(root, [*globs, escaped(within)])), {}, {})
    pairs = sidecar_pairs(tree).join(tree.documents.select("row", "size"), left_on="document", right_on="row")
    if pairs["depth"].n_unique() < pairs.height:
        raise FormatError(f"{file.uri}: of several sidecars in one folder one at most may apply.")
    objects = []
    for uri, size, etag, name in pairs.sort("depth").select("uri", "size", "etag", "name").iter_rows():
        try:
            text = File(uri, size, etag).read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise FormatError(f"The sidecar {name} is no UTF-8 text: {error}.") from error
        objects.append(parse_sidecar(name, text))
    return merge_sidecars(objects)
