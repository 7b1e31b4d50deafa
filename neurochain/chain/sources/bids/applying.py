"""Applying: the sidecars of one file, where no dataset was looked at as a whole."""

import re
from dataclasses import dataclass
from typing import Any

from neurochain.chain.sources.bids.dataset import escaped
from neurochain.chain.sources.bids.sidecars import sidecar_pairs
from neurochain.chain.sources.bids.tree import Tree
from neurochain.chain.sources.listing import Listing
from neurochain.errors import FormatError
from neurochain.formats.bids.names import NAME
from neurochain.formats.bids.sidecar import merge_sidecars, parse_sidecar
from neurochain.formats.pairs import named_file
from neurochain.storage import File, folder_root


@dataclass(frozen=True)
class Applying:
    """What sidecars say of a file.

    Attributes
    ----------
    said : dict
        Their objects as one; key by key the nearest wins.
    files : tuple of File
        The sidecars, from the root down.
    """

    said: dict[str, Any]
    files: tuple[File, ...]

    @classmethod
    def of(cls, file: File) -> "Applying":
        """Of a name that follows BIDS those in its folder and above; of any other, or none there, the ``.json`` of its name.

        Raises
        ------
        FormatError
            One is no JSON object, or of several in one folder more than one applies.
        """
        match = re.fullmatch(NAME, file.name)
        files: tuple[File, ...] = ()
        if match is not None and match[1].startswith("sub-"):
            files = _above(file, match[1].partition("_")[0])
        if not files and file.suffix != ".json":  # such a name, but in no tree
            stem = file.name.removesuffix(file.suffix) if file.suffix else file.name
            beside = named_file(file.beside, f"{stem}.json")
            files = () if beside is None else (beside,)
        return cls(merge_sidecars([_object(one) for one in files]), files)


def _above(file: File, subject: str) -> tuple[File, ...]:
    above, mark, below = file.uri.rpartition(f"/{subject}/")
    root, within = (above, f"{subject}/{below}") if mark else file.uri.rpartition("/")[::2]
    folders = within.split("/")[:-1]
    globs = [escaped("/".join([*folders[:depth], ""])) + "*.json" for depth in range(len(folders) + 1)]
    tree = Tree.of(Listing.of(folder_root(root, [*globs, escaped(within)])), {}, {})
    pairs = sidecar_pairs(tree).join(tree.documents.select("row", "size"), left_on="document", right_on="row")
    if pairs["depth"].n_unique() < pairs.height:
        raise FormatError(f"{file.uri}: of several sidecars in one folder one at most may apply.")
    return tuple(File(*row) for row in pairs.sort("depth").select("uri", "size", "etag").iter_rows())


def _object(file: File) -> dict[str, Any]:
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"The sidecar {file.name} is no UTF-8 text: {error}.") from error
    return parse_sidecar(file.name, text)
