"""Listing: what lies under a root, as columns; never as one object per file, since there may be millions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from neurochain.datasets.filetable import FileChanges, known_files, merge_listing
from neurochain.datasets.project import Project
from neurochain.storage import Entry, list_root
from neurochain.storage.listing import Root
from neurochain.storage.pattern import Globs

ROWS = 50_000  # entries that become columns at once
MANY = 2_000  # entries, from which on it is known that there is much to do
COMPRESSED = ("gz", "bz2", "zst", "xz")
OME = ".ome.zarr"  # one ending of two parts
COLUMNS = {
    "path": pl.String(),
    "uri": pl.String(),
    "size": pl.Int64(),
    "etag": pl.String(),
    "mtime": pl.Datetime("us", "UTC"),
}


@dataclass(frozen=True)
class Listing:
    """What lies under one root.

    Attributes
    ----------
    root : Root
    files : DataFrame
        ``path`` (relative to the root), ``uri``, ``size``, ``etag``, ``mtime`` of the files that were meant, sorted by
        path.
    companions : DataFrame
        The same of the files with the companions' suffixes in the same folders.
    """

    root: Root
    files: pl.DataFrame
    companions: pl.DataFrame

    @classmethod
    def of(
        cls, root: Root, companions: tuple[str, ...] = (), many: Callable[[], None] | None = None
    ) -> "Listing":
        """List a root.

        Parameters
        ----------
        root : Root
            From `find_roots`.
        companions : tuple of str
            Suffixes of files that come along (``".json"``).
        many : callable, optional
            Called where there are thousands, before they are all listed.
        """
        found = _columns(root, list_root(root, companions), many).sort("path", ~pl.col("meant"))
        everything = found.unique("path", keep="first", maintain_order=True)
        files = everything.filter("meant").drop("meant")
        ends = pl.any_horizontal(pl.lit(False), *(pl.col("path").str.ends_with(c) for c in companions))
        return cls(root, files, everything.filter(ends).drop("meant"))

    def sidecars(self, suffix: str) -> pl.DataFrame:
        """Companion of each file, one row per file, nulls where there is none.

        That of ``scan.nii.gz`` is ``scan.json`` or, second, ``scan.nii.gz.json``.

        Parameters
        ----------
        suffix : str
            Of the companions.
        """
        name = pl.col("path").str.extract(r"([^/]*)$")
        inner = (
            pl.when(_ends(name, COMPRESSED) | name.str.to_lowercase().str.ends_with(OME))
            .then(_without_ending(_without_ending(name)))
            .otherwise(_without_ending(name))
        )
        folder = pl.col("path").str.extract(r"^(.*/)[^/]*$").fill_null("")
        wanted = self.files.select(
            "path",
            (folder + inner + suffix).alias("first"),
            (pl.col("path") + suffix).alias("second"),
        )
        beside = self.companions.select("path", "uri", "size", "etag")
        first = wanted.join(
            beside, left_on="first", right_on="path", how="left", maintain_order="left", coalesce=False
        )
        second = wanted.join(
            beside, left_on="second", right_on="path", how="left", maintain_order="left", coalesce=False
        )
        own = first["first"] == first["path"]  # a sidecar is not its own
        return pl.DataFrame(
            [
                first[c].zip_with(first["uri"].is_not_null() & ~own, second[c]).alias(c)
                for c in ("uri", "size", "etag")
            ]
        )

    def belonging(self, endings: Mapping[str, Sequence[str]]) -> pl.DataFrame:
        """Files that belong to others by their names: ``path`` of a file, ``name`` and ``etag`` of what belongs to it.

        Parameters
        ----------
        endings : mapping of str to sequence of str
            Suffix of a file, and of those that belong to it: they have its stem. Where none has, as after someone
            renamed a header, all in its folder that have one of the endings; unless some are whole names (``params.py``),
            which belong to all such files in their folder. What has a slash is looked for below the file's folder, and its
            ``name`` is the path from there.
        """
        path = pl.col("path")
        name = path.str.extract(r"([^/]*)$")
        folder = path.str.extract(r"^(.*/)[^/]*$").fill_null("").alias("folder")
        found = [pl.DataFrame(schema={"path": pl.String, "name": pl.String, "etag": pl.String})]
        for ending, patterns in endings.items():
            others = [pattern for pattern in patterns if "/" not in pattern]
            if len(others) < len(patterns):
                found.append(self._below(ending, [pattern for pattern in patterns if "/" in pattern]))
            if not others:
                continue
            stem = name.str.head(-len(ending)).alias("stem")
            files = self.files.filter(path.str.to_lowercase().str.ends_with(ending)).select(
                "path", folder, stem
            )
            kept = self.companions.select("etag", folder, name=name).filter(_any_ends("name", others))
            named = [other for other in others if not other.startswith(".")]
            stems = [
                kept.filter(_any_ends("name", [other])).with_columns(
                    stem=pl.col("name").str.head(-len(other))
                )
                for other in others
                if other.startswith(".")
            ]
            own = files.join(pl.concat(stems), on=["folder", "stem"])
            if named:
                rest = files.join(kept.filter(pl.col("name").is_in(named)), on="folder")
            else:
                rest = files.join(own, on="path", how="anti").join(kept, on="folder")
            found += [own.select("path", "name", "etag"), rest.select("path", "name", "etag")]
        return pl.concat(found)

    def _below(self, ending: str, patterns: Sequence[str]) -> pl.DataFrame:
        """Files below the folders of files that have an ending; as `belonging`."""
        rows: list[tuple[str, str, str]] = []
        meant = pl.col("path").str.to_lowercase().str.ends_with(ending)
        for path in self.files.filter(meant)["path"].to_list():
            place = "/".join(filter(None, (self.root.folder.rstrip("/"), path.rpartition("/")[0])))
            for entry, _ in self.root.store.list(place, Globs(list(patterns))):
                rows.append((path, entry.path.strip("/")[len(place.strip("/")) :].lstrip("/"), entry.etag))
        return pl.DataFrame(rows, {"path": pl.String, "name": pl.String, "etag": pl.String}, orient="row")

    def merge_into(self, project: Project, dry: bool = False) -> FileChanges:
        """Bring the project's table of files up to it; where it is `dry`, only say what would change."""
        prefix = self.root.uri.rstrip("/") + "/"
        known = known_files(project, prefix)
        here = self.files.select("uri", "etag", "size", (pl.col("mtime").dt.epoch("us") / 1e6).alias("mtime"))
        absent = known.join(here, on="uri", how="anti")
        globs = Globs(self.root.globs)
        meant = [globs.matches(uri[len(prefix) :]) for uri in absent["uri"].to_list()]
        gone = absent.filter(pl.Series(meant, dtype=pl.Boolean))
        scope = pl.concat([known.join(here, on="uri", how="semi"), gone])
        return merge_listing(project, here, scope, dry)


def _columns(
    root: Root, found: Iterable[tuple[Entry, bool]], many: Callable[[], None] | None
) -> pl.DataFrame:
    frames: list[pl.DataFrame] = []
    rows: list[tuple[object, ...]] = []
    schema = {**COLUMNS, "meant": pl.Boolean()}
    uri, relative = root.store.uri, root.relative

    def flush() -> None:
        frames.append(pl.DataFrame(rows, schema=schema, orient="row"))
        rows.clear()

    for number, (entry, meant) in enumerate(found):
        if number == MANY and many is not None:
            many()
        rows.append((relative(entry.path), uri(entry.path), entry.size, entry.etag, entry.mtime, meant))
        if len(rows) == ROWS:
            flush()
    flush()
    return pl.concat(frames)


def _without_ending(name: pl.Expr) -> pl.Expr:
    """Name before its last dot; the whole where there is none, or nothing before it."""
    stem = name.str.extract(r"^(.*)\.[^.]*$")
    return pl.when(stem.is_null()).then(name).otherwise(stem)


def _any_ends(column: str, endings: Sequence[str]) -> pl.Expr:
    return pl.any_horizontal(pl.col(column).str.ends_with(ending) for ending in endings)


def _ends(name: pl.Expr, endings: tuple[str, ...]) -> pl.Expr:
    return name.str.to_lowercase().str.extract(r"\.([^.]*)$").is_in(list(endings)).fill_null(False)
