"""Uses: what stands above the datasets and is reached from a version by name, as an entry point is."""

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

USES = {
    "column_lineage": "neurochain.chain.columns:column_lineage",
    "export": "neurochain.export.bundle.writing:write_bundle",
    "export_lineage": "neurochain.export.lineage:export_lineage",
    "lineage_html": "neurochain.datasets.versionpage:lineage_html",
    "refresh": "neurochain.chain.replay.refreshing:refresh",
    "report": "neurochain.report.writing:write_report",
    "reproduce": "neurochain.chain.replay.reproduction:reproduce",
    "verify": "neurochain.chain.replay.verification:verify",
}


def reach(place: str) -> Callable[..., Any]:
    """Function at ``module:name``."""
    module, _, name = place.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


class Uses:
    """What can be done with a version that the datasets themselves know nothing of."""

    def column_lineage(self, column: str) -> Any:
        """What a column was computed from: its function, the columns that this got, and theirs, down to files.

        Parameters
        ----------
        column : str
            One of `schema`; of a record a field too: ``"header.shape"``.

        Returns
        -------
        ColumnLineage
            A tree to print; ``reads()`` gives the byte ranges of the files that it came from.

        Raises
        ------
        ColumnNotFoundError
            It has no such column.

        Examples
        --------
        >>> print(nc.dataset("features").column_lineage("snr"))              # doctest: +SKIP
        snr: map(snr()) [0a1b2c3d4e5f]; 3,276,800 bytes of 12 files
        └─ file: storage data/**/*.nii
        """
        return reach(USES["column_lineage"])(self, column)

    def export(self, folder: str | os.PathLike[str], *, who: bool = False) -> Path:
        """Write it, with the versions it was made of and how, into a folder that travels; its path.

        Parameters
        ----------
        folder : str or path
            A new one.
        who : bool
            Also say on which machine and by whom it was made.

        Notes
        -----
        Files of the source data are not in it. ``nc.import_versions(folder)`` takes it over elsewhere, and `reproduce`
        makes it again there.

        Raises
        ------
        StorageError
            The folder is there and not empty, or cannot be written.
        """
        written: Path = reach(USES["export"])(self, folder, who=who)
        return written

    def refresh(self, *, yes: bool = False, any_environment: bool = False) -> list[Any]:
        """Compute the dataset again, and those that it is made of, as far as their inputs are not what they were.

        Parameters
        ----------
        yes, any_environment
            As in `reproduce`: it is the recorded code that runs.

        Returns
        -------
        list of Refreshed
            What was computed, in order: ``before``, ``after``, ``reasons``. Empty where nothing was stale.

        Notes
        -----
        Results that are known are reused: rows are computed for new and changed inputs alone.

        Raises
        ------
        ReplayError
            Nobody allowed the code to run, or it cannot be made again.
        """
        done: list[Any] = reach(USES["refresh"])(self, yes=yes, any_environment=any_environment)
        return done

    def report(
        self,
        path: str | os.PathLike[str],
        *,
        force: bool = False,
        rows: int = 8,
        figures: int = 4,
        who: bool = False,
    ) -> Path:
        """Write one page about it that stands for itself; its path.

        Parameters
        ----------
        path : str or path
            A local file: ``"report.html"``.
        force : bool
            Replace a file that is there.
        rows : int
            First rows that are shown; 0 for none, where nobody else may see them.
        figures : int
            Files that are drawn of each column of them, and arrays of each column of such; 0 for none.
        who : bool
            Also say on which machine and by whom it was made, and where.

        Notes
        -----
        The page needs neither a network nor a script, has 3 MB at most, and is the same to the byte each time, as long as the
        files that it draws are there.

        Raises
        ------
        StorageError
            The file is there, or cannot be written.

        Examples
        --------
        >>> nc.dataset("features").report("features.html")                   # doctest: +SKIP
        """
        options = {"force": force, "rows": rows, "figures": figures, "who": who}
        written: Path = reach(USES["report"])(self, path, **options)
        return written

    def reproduce(
        self,
        *,
        yes: bool = False,
        roots: Mapping[str, str] | None = None,
        any_environment: bool = False,
    ) -> Any:
        """Make it again from what was recorded, without reuse, and hold every row against what was saved.

        Parameters
        ----------
        yes : bool
            Run the recorded code without asking. By default it is shown, and asked for.
        roots : mapping of str to str, optional
            Where data lie now: ``{"data": "/elsewhere"}``. Names are those of the folders that were read.
        any_environment : bool
            Take other versions of Python and of packages than those that made it.

        Returns
        -------
        Reproduction
            True where it is the same; ``outcome``, ``reasons``, ``examples`` say more. Nothing is saved.

        Raises
        ------
        ReplayError
            Nobody allowed the code to run.

        Examples
        --------
        >>> nc.dataset("features@1.0.0").reproduce(yes=True)                 # doctest: +SKIP
        """
        return reach(USES["reproduce"])(self, yes=yes, roots=roots, any_environment=any_environment)

    def verify(
        self,
        rows: int = 100,
        *,
        seed: int = 0,
        yes: bool = False,
        roots: Mapping[str, str] | None = None,
        any_environment: bool = False,
    ) -> Any:
        """Check that its parts are what was written, and make some of its rows again.

        Parameters
        ----------
        rows : int
            That are made again, by chance; 0 for none.
        seed : int
            Another seed, other rows.
        yes, roots, any_environment
            As in `reproduce`.

        Returns
        -------
        Reproduction
            True where all of it is as it was.

        Notes
        -----
        Where a step needs all rows before it (a merge, a window), all of those are made again; that is said.

        Raises
        ------
        ReplayError
            Nobody allowed the code to run.
        """
        verifying = reach(USES["verify"])
        return verifying(self, rows=rows, seed=seed, yes=yes, roots=roots, any_environment=any_environment)


class LineageUses:
    """What can be done with a lineage that the datasets themselves know nothing of."""

    def _repr_html_(self) -> str:
        return str(reach(USES["lineage_html"])(self))

    def export(
        self,
        format: str,
        path: str | os.PathLike[str] | None = None,
        *,
        who: bool = False,
        files: bool = True,
        license: str | None = None,
    ) -> str | Path:
        """Write it for other tools: the text, or where it was written.

        Parameters
        ----------
        format : str
            ``"prov"``, ``"rocrate"``, ``"openlineage"``, or another that ``neurochain export lineage --help`` names.
        path : str or path, optional
            A local file; of a crate, its folder.
        who : bool
            Write users, hosts, command lines and places on local disks; else people are numbered, the rest is left out.
        files : bool
            Name each file, or count them.
        license : str, optional
            Of the version: a URL, or a name.

        Raises
        ------
        ExportError
            There is no such format, or it needs a path.

        Examples
        --------
        >>> nc.dataset("features").lineage().export("rocrate", "crate")          # doctest: +SKIP
        """
        written: str | Path = reach(USES["export_lineage"])(
            self, format, path, who=who, files=files, license=license
        )
        return written
