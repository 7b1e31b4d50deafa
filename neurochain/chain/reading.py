"""Reading: the functions that begin a chain."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import polars as pl

from neurochain.chain.chain import Chain
from neurochain.chain.sources.bids.dataset import Dataset
from neurochain.chain.sources.bids.headless import column_names
from neurochain.chain.sources.bids.source import BidsSource
from neurochain.chain.sources.bids.table_source import BidsTableSource
from neurochain.chain.sources.given import ValuesSource
from neurochain.chain.sources.records import RecordsSource
from neurochain.chain.sources.storage import StorageSource
from neurochain.chain.sources.table import TableSource, read_frame
from neurochain.chain.sources.version import VersionSource
from neurochain.chain.uses import use
from neurochain.chain.values.row import presented
from neurochain.datasets.project import find_project, project
from neurochain.datasets.types import Ragged
from neurochain.datasets.versions import DatasetVersion, find_version
from neurochain.errors import ColumnNotFoundError, SchemaError, suggestion
from neurochain.formats.identifiers import Identifiers
from neurochain.storage import Access, File, address, any_match, find_roots, nothing_matched, remember


def read_storage(
    uris: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    headers: bool = True,
    phi: Literal["drop", "keep", "hash"] = "drop",
    anon: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> Chain:
    """Files of a folder, a glob or a list of URIs, one row each, with what their headers say.

    Parameters
    ----------
    uris : str, path, or iterable of them
        ``*``, ``?``, ``[...]`` within a name, ``**`` for zero or more folders, ``{a,b}``, ``{2020..2026}``,
        ``{01..12}``. A folder means all files below it. Names that begin with a dot are matched only by a
        pattern that does.
    headers : bool
        Read headers, BIDS entities and JSON sidecars. They are remembered: a second call reads only what is
        new or changed.
    phi : {"drop", "keep", "hash"}
        What becomes of names, numbers, birth dates and addresses of persons: nothing of them is taken over; or they
        stand in the column ``identifiers`` as they are; or as HMAC-SHA256 under the key in ``NEUROCHAIN_PHI_KEY``, so
        that equal ones stay equal.
    anon : bool
        Read public buckets without credentials.
    storage_options : mapping, optional
        How the store is reached: ``profile``, ``endpoint``, ``region``, ``requester_pays``, ``key``, ``secret``,
        ``token``; anything else goes to the driver. It holds for all that lies below, as long as the process lives.
        Everything but credentials is kept with the project, so that a saved version is read in the same way.

    Returns
    -------
    Chain
        Columns: ``file``; with headers also ``header`` (the same for every format), a record per format
        (null where it is another), ``bids`` (entities from the path) and ``sidecar`` (JSON).

    Raises
    ------
    NothingMatchedError
        No file is there; the message names the nearest folder that exists.
    PatternError
        The pattern cannot be read.

    Examples
    --------
    >>> read_storage("data/202{5..6}/**/*.{dcm, dicom,dic}")               # doctest: +SKIP
    """
    identifiers = Identifiers.of(phi)
    uris = uris if isinstance(uris, str | os.PathLike) else list(uris)
    _reach(uris, anon, storage_options)
    roots = find_roots(uris)
    # Of one file, its folder: others there may belong to it.
    _reach([root.uri for root in roots], anon, storage_options)
    if not any(any_match(root) for root in roots):
        raise nothing_matched(roots)
    return Chain.of(StorageSource(tuple(roots), headers, identifiers))


def read_bids(
    root: str | os.PathLike[str],
    *,
    table: str | None = None,
    derivatives: bool | str | Sequence[str] = False,
    headers: bool = True,
    validate: bool = True,
    phi: Literal["drop", "keep", "hash"] = "drop",
    anon: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> Chain:
    """Images and recordings of a BIDS dataset, one row each, with all that the tree says of them.

    Parameters
    ----------
    root : str or path
        Folder or URI that holds ``dataset_description.json``. Below it ``sub-*`` is looked at, but for what
        ``.bidsignore`` leaves out.
    table : {"participants", "sessions", "scans", "events", "channels", "electrodes", "optodes", "aslcontext"}, optional
        Give the rows of the tables of this kind instead. Those that speak of recordings (``"events"``) come with the
        recording's ``file`` and ``bids``, once for each recording that they apply to.
    derivatives : bool, str or list of str
        Also read ``derivatives/<pipeline>``: all of them, or those that are named.
    headers : bool
        Read the files' headers. Metadata (JSON, tables) are read in either case, and all is remembered: a second call
        reads only what is new or changed.
    validate : bool
        The folder must have a ``dataset_description.json``.
    phi, anon, storage_options
        As in `read_storage`.

    Returns
    -------
    Chain
        Columns: ``file``; with headers also ``header`` and a record per format; ``bids`` (entities from the path),
        ``pipeline`` (null for raw data), ``sidecar`` (JSON: the sidecars of all levels that apply, key by key the
        nearest wins), ``participants``, ``sessions``, ``scans`` (JSON: the row that these tables have for the file) and
        ``problem`` (what is wrong with its metadata; it stands in ``header.error`` too, unless the header has its own).
        The keys of JSON columns are found by their names. A recording that is a folder is one row: without a
        header (``.ds``, ``.mefd``), or with one (``.zarr``).

    Raises
    ------
    FormatError
        It is no BIDS dataset.
    NothingMatchedError
        There is no such folder.
    PatternError
        There is no such kind of table.

    Examples
    --------
    >>> scans = read_bids("ds000210")                                      # doctest: +SKIP
    >>> slow = scans.filter(Column("RepetitionTime") > 2, Column("age") < 40)     # doctest: +SKIP
    >>> events = read_bids("ds000210", table="events")                     # doctest: +SKIP
    >>> events.merge(scans.select("file.path", "age"), on={"file.path": "path"})  # doctest: +SKIP
    """
    _reach(root, anon, storage_options)
    found = Dataset.of(root, derivatives, validate, Identifiers.of(phi))
    return Chain.of(BidsSource(found, headers) if table is None else BidsTableSource.of(found, table))


def _reach(
    uris: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    anon: bool,
    storage_options: Mapping[str, Any] | None,
) -> None:
    """Keep in mind how the stores of some uris are reached."""
    if not (anon or storage_options):
        return
    access = Access.of({**({"anon": True} if anon else {}), **(storage_options or {})})
    for uri in [uris] if isinstance(uris, str | os.PathLike) else uris:
        if (place := address(os.fspath(uri))) is not None:
            remember(place, access)


def read_values(
    values: Mapping[str, Sequence[Any]] | Iterable[Mapping[str, Any]] | None = None,
    /,
    *,
    key: str | None = None,
    **columns: Sequence[Any],
) -> Chain:
    """Rows from Python values.

    Parameters
    ----------
    values : mapping of columns, or iterable of row mappings, optional
        ``{"x": [1, 2]}`` or ``[{"x": 1}, {"x": 2}]``.
    key : str, optional
        Column that identifies a row; its position by default.
    **columns : sequence
        The same by keyword: ``read_values(x=[1, 2])``.

    Examples
    --------
    >>> read_values(x=[1, 2, 3]).map(y=lambda x: x * 2)                    # doctest: +SKIP
    """
    given: dict[str, Sequence[Any]] = {}
    if isinstance(values, Mapping):
        given.update(values)
    elif values is not None:
        rows = list(values)
        names = list(dict.fromkeys(name for row in rows for name in row))
        given.update({name: [row.get(name) for row in rows] for name in names})
    given.update(columns)
    if not given:
        raise SchemaError("read_values() got no columns. Write read_values(x=[1, 2, 3]).")
    return Chain.of(
        ValuesSource.of({n: v if isinstance(v, list) else list(v) for n, v in given.items()}, key)
    )


def read_records(records: Iterable[Any], model: Any = None, *, key: str | None = None) -> Chain:
    """Rows from records: dicts, dataclasses, named tuples or pydantic models, given one after the other.

    Parameters
    ----------
    records : iterable
        A generator is read to its end; more than memory holds lies on disk.
    model : class, optional
        Says the columns and their types; by default the class of the records does, or the first 10,000 of them.
    key : str, optional
        Column that identifies a row; its position by default.

    Raises
    ------
    SchemaError
        A record does not fit; the message names it.

    Examples
    --------
    >>> read_records([{"subject": "01", "age": 31}])                       # doctest: +SKIP
    """
    return Chain.of(RecordsSource.of(project(), records, model, key))


def read_table(
    uri: str | os.PathLike[str],
    *,
    key: str | None = None,
    variable: str | Sequence[str] | None = None,
) -> Chain:
    """Rows of a CSV, TSV, Parquet, JSON, JSON-lines, NumPy or MATLAB file, or of a table in an HDF5 or NWB file.

    Parameters
    ----------
    uri : str or path
        Its ending says the format.
    key : str, optional
        Column that identifies a row; its position by default.
    variable : str or sequence of str, optional
        What of a ``.npz`` or ``.mat`` file is the table, where not all of it is: one array, a struct whose fields are
        the columns, or several arrays of one length; ``"trials.onset"`` is one field of a struct. Of an NWB file
        ``"units"``, ``"trials"``, ``"epochs"``, ``"electrodes"``, or the path of a table or a time series; of an HDF5 file
        the path of a dataset, or of a group of columns; of the ``params.py`` of phy or Kilosort ``"units"`` or ``"spikes"``.

    Raises
    ------
    FormatError
        The content is not what the ending says, or is no table; the message lists the variables there are.
    ColumnNotFoundError
        There is no such variable.
    MissingExtraError
        A ``.mat`` file of version 7.3, and HDF5, need h5py: ``pip install 'neurochain[hdf5]'``.

    Notes
    -----
    In text tables a column becomes a number only where every value is written as one; ids stay texts (``01``,
    and columns named ``id``, ``subject``, ``run`` …), and ``n/a`` is null. A BIDS recording without a header
    (``sub-01_task-rest_physio.tsv.gz``) gets the columns that its JSON sidecar names, in its folder or above.

    The first axis of an array is the rows, and what follows it is an array in each row. A ``.npy`` file has one column
    ``value``, or those of its structured dtype. Vectors of MATLAB are columns whichever way they lie; of a cell array
    each cell is a row, and an empty cell is null. Objects are never unpickled. Of HDF5 and NWB only what belongs to the
    table is read. A column of which each row has several values, as the spike times of units, is one of lists; times are
    in seconds. Columns that refer to other places in the file are left out.

    Examples
    --------
    >>> read_table("trials.mat", variable="trials")                        # doctest: +SKIP
    """
    return Chain.of(TableSource.of(File.at(uri), key, variable))


def open_table(
    source: str | os.PathLike[str] | File,
    *,
    variable: str | Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Table in a file as a DataFrame, for functions that get a File, and for a look at it: what `read_table` reads.

    Where a row has several values of a column, as the spike times of a unit, they are a list.

    Parameters
    ----------
    source : str, path or File
        Its ending says the format.
    variable : str or sequence of str, optional
        As of `read_table`.
    columns : sequence of str, optional
        Those that are wanted; of HDF5 and NWB only theirs are read.

    Raises
    ------
    FormatError, ColumnNotFoundError, MissingExtraError
        As `read_table`.

    Examples
    --------
    >>> units = open_table("session.nwb", variable="units", columns=["spike_times"])     # doctest: +SKIP
    """
    file = source if isinstance(source, File) else File.at(source)
    names = column_names(file) if file.suffix in (".tsv", ".tsv.gz") else None
    schema, flat, _ = read_frame(file, variable, names, columns)
    found = presented(flat, schema)
    lists = [f.name for f in schema.values() if isinstance(f.type, Ragged) and f.type.ndim == 1]
    found = found.with_columns(pl.col(name).struct.field("data").alias(name) for name in lists)
    for name in columns or ():
        if name not in found.columns:
            raise ColumnNotFoundError(f"{file.uri} has no column {name!r}. {suggestion(name, found.columns)}")
    return found if columns is None else found.select(columns)


def read_dataset(reference: str) -> Chain:
    """Rows of a saved version: ``"name"`` (the latest), ``"name@1.2.0"``, or the latest of a range: ``"name@^1.2"``.

    Raises
    ------
    DatasetNotFoundError
        There is none; the message lists what there is.
    """
    return Chain.of(VersionSource(dataset(reference), asked=reference))


def import_versions(
    folder: str | os.PathLike[str], *, into: str = "", roots: Mapping[str, str] | None = None
) -> list[DatasetVersion]:
    """Take over the versions of a bundle that ``version.export(folder)`` wrote; the one that was exported stands last.

    Parameters
    ----------
    folder : str or path
        Of the bundle.
    into : str
        Before the datasets' names: ``"lab2/"``.
    roots : mapping of str to str, optional
        Where the source files lie here, by the names of their folders.

    Raises
    ------
    VersionError
        It is no bundle, is damaged, or a version of that number is another one here. Nothing is taken over then.
    """
    found: list[DatasetVersion] = use("import")(project(), folder, into=into, roots=roots)
    return found


def dataset(reference: str) -> DatasetVersion:
    """A saved version with its schema, content hash, source and lineage.

    Raises
    ------
    DatasetNotFoundError
        There is none; the message lists what there is.
    """
    return find_version(find_project(create=False), reference)
