"""Dataset: a BIDS folder on storage, and what is found when one looks into it."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from neurochain.chain.run import Run
from neurochain.chain.sources.bids.documents import Documents
from neurochain.chain.sources.bids.tree import PIPELINES, Tree
from neurochain.chain.sources.index import files_manifest, note_listing
from neurochain.chain.sources.listing import Listing
from neurochain.datasets.filetable import note_access, root_name
from neurochain.datasets.hidden import READS
from neurochain.errors import FormatError, NothingMatchedError, PatternError, StorageError, suggestion
from neurochain.formats import companions
from neurochain.formats.bids.ignore import IGNORE, IgnoreRules
from neurochain.formats.bids.names import BELONGING
from neurochain.formats.identifiers import Identifiers
from neurochain.storage import File, Root, folder_root

DESCRIPTION = "dataset_description.json"
DESCRIBED = ("Name", "BIDSVersion", "DatasetType", "DatasetDOI", "Version", "GeneratedBy")
WITHIN = ("*", IGNORE, "sub-*/**/*")  # what of a dataset is looked at: not sourcedata, code, stimuli


@dataclass(frozen=True)
class Dataset:
    """A BIDS folder.

    Attributes
    ----------
    root : Root
    pipelines : tuple of str, or None
        Whose derivatives are read too; None for all.
    validate : bool
        Whether it must have a ``dataset_description.json``.
    identifiers : Identifiers
        What becomes of them.
    """

    root: Root
    pipelines: tuple[str, ...] | None
    validate: bool
    identifiers: Identifiers

    @classmethod
    def of(
        cls,
        uri: str | os.PathLike[str],
        derivatives: bool | str | Sequence[str],
        validate: bool,
        identifiers: Identifiers,
    ) -> "Dataset":
        """Look whether there is a dataset.

        Raises
        ------
        NothingMatchedError
            There is no such folder.
        FormatError
            It is no BIDS dataset.
        PatternError
            A pipeline's name is none.
        """
        pipelines: tuple[str, ...] | None
        if isinstance(derivatives, bool):
            pipelines = None if derivatives else ()
        else:
            pipelines = (derivatives,) if isinstance(derivatives, str) else tuple(derivatives)
        for name in pipelines or ():
            if not name or "/" in name or name in (".", ".."):
                raise PatternError(
                    f"read_bids(derivatives={name!r}): name folders in {PIPELINES}/, such as 'fmriprep'; True for all."
                )
        folders = ["*"] if pipelines is None else [escaped(name) for name in pipelines]
        globs = [*WITHIN, *(f"{PIPELINES}/{folder}/{glob}" for folder in folders for glob in WITHIN)]
        root = folder_root(uri, globs)
        if validate:
            _check(root)
        return cls(root, pipelines, validate, identifiers)

    def look(self, run: Run) -> "Looked":
        """List the dataset and look at the names.

        Raises
        ------
        NothingMatchedError
            A pipeline that was asked for is not there.
        FormatError
            The description is none.
        """
        name = root_name(run.project, self.root.uri, self.root.name)
        belonging = {**BELONGING, **companions()}
        endings = sorted({ending for others in belonging.values() for ending in others})
        listing = Listing.of(self.root, tuple(endings))
        note_listing(listing, run)
        note_access(run.project)
        self._check_pipelines(listing)
        documents = Documents(run, self.identifiers)
        rules = {
            path.removesuffix(IGNORE).rstrip("/"): self._rules(path, text, error)
            for path, text, error in _named(listing, IGNORE, documents)
        }
        described = {
            path.removesuffix(DESCRIPTION).rstrip("/"): self._described(path, text, error)
            for path, text, error in _named(listing, DESCRIPTION, documents)
        }
        tree = Tree.of(listing, belonging, rules)
        return Looked(self, name, tree, listing.belonging(belonging), described, documents)

    def to_json(self) -> dict[str, Any]:
        """What was asked for, as plain JSON."""
        return {
            "source": "bids",
            "patterns": list(self.root.patterns),
            "globs": [[self.root.name, *self.root.globs]],
            "validate": self.validate,
            "phi": self.identifiers.to_json(),
            **({"derivatives": self.pipelines and list(self.pipelines)} if self.pipelines != () else {}),
        }

    def _check_pipelines(self, listing: Listing) -> None:
        there = listing.files["path"].str.extract(rf"^{PIPELINES}/([^/]+)/").drop_nulls().unique()
        for name in self.pipelines or ():
            if name not in there:
                everything = Listing.of(folder_root(self.root.uri, [f"{PIPELINES}/*/*"]))
                names = everything.files["path"].str.extract(r"^[^/]*/([^/]+)/").unique().drop_nulls().sort()
                raise NothingMatchedError(
                    f"{self.root.uri} has no derivatives of {name!r}. {suggestion(name, names.to_list())}"
                )

    def _rules(self, path: str, text: str | None, error: str | None) -> IgnoreRules:
        """What an ignore file says."""
        if text is None and self.validate:
            raise FormatError(
                f"{self.root.uri}/{path}: {error} Mend it, or read the folder with validate=False."
            )
        return IgnoreRules(text or "")

    def _described(self, path: str, text: str | None, error: str | None) -> dict[str, Any]:
        """What a dataset's description says of it."""
        try:
            value = json.loads(text or "")
        except (ValueError, RecursionError) as wrong:
            value, error = None, error or f"{wrong}."
        if isinstance(value, dict):
            return {key: value[key] for key in DESCRIBED if key in value}
        if self.validate and path == DESCRIPTION:
            reason = error or f"it holds a {type(value).__name__}."
            raise FormatError(
                f"{self.root.uri}/{path} is no JSON object: {reason} Mend it, or read the folder with validate=False."
            )
        return {}


@dataclass(frozen=True)
class Looked:
    """What was found in a dataset.

    Attributes
    ----------
    dataset : Dataset
    root : str
        Name under which the project knows the folder.
    tree : Tree
    belonging : DataFrame
        As of `Listing.belonging`.
    described : dict of str to dict
        What the description of each dataset says, by its folder.
    documents : Documents
        What was read besides headers.
    """

    dataset: Dataset
    root: str
    tree: Tree
    belonging: pl.DataFrame
    described: dict[str, dict[str, Any]]
    documents: Documents

    @cached_property
    def file_columns(self) -> list[pl.Expr]:
        """Columns of the data files' Files, of `Tree.data`, without the companions."""
        return [
            *(pl.col(name).alias(f"file.{name}") for name in ("uri", "size", "etag", "mtime")),
            pl.lit(self.root, dtype=pl.String).alias("file.root"),
            pl.col("path").alias("file.path"),
        ]

    def documents_manifest(self) -> pl.DataFrame:
        """What was read besides headers, as lineage lists files."""
        used = self.documents.used()
        if not used.height:
            return used
        files = used.drop(READS).with_columns(
            pl.lit(self.root, dtype=pl.String).alias("root"),
            pl.lit(None, dtype=pl.String).alias("companions"),
        )
        return files_manifest(files, used.select(READS))


def escaped(name: str) -> str:
    """Name as a glob that means it alone."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _check(root: Root) -> None:
    """Raise unless there is a description."""
    try:
        File.at(f"{root.uri.rstrip('/')}/{DESCRIPTION}")
    except StorageError as error:
        raise FormatError(
            f"{root.uri} is no BIDS dataset: it has no {DESCRIPTION}. Give the folder that has one, or "
            "read_bids(…, validate=False)."
        ) from error


def _named(listing: Listing, name: str, documents: Documents) -> list[tuple[str, str | None, str | None]]:
    """Path, text and what is wrong with it, of a file that each dataset may have at its root."""
    at = listing.files.filter(
        pl.col("path").str.contains(rf"^({PIPELINES}/[^/]+/)?{name.replace('.', '[.]')}$")
    )
    texts = documents.texts(at)
    return list(zip(at["path"].to_list(), texts["text"].to_list(), texts["error"].to_list(), strict=True))
