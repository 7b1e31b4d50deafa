"""Arguments: which columns a function's parameters take, and the Python values they get.

A parameter's name is a column, by the one rule of `resolve`. ``file: File`` gives the opened file, ``volume``,
``recording`` and ``video`` the lazy array of the row's file, ``rng`` a random generator of the row's own; a pydantic model
or dataclass as annotation gives the record as that class. A function that takes several rows gets their values
as a list, or as what the annotation says.
"""

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from typing import Any, Literal

import numpy as np
import polars as pl

from neurochain.chain.expressions.resolve import Resolved, resolve
from neurochain.chain.functions.udf import UDF
from neurochain.chain.uses import adapter_of, use
from neurochain.chain.values.building import build, classes_of, is_built
from neurochain.chain.values.objects import EXCERPT, NAMES
from neurochain.chain.values.records import bare
from neurochain.chain.values.row import Logs, column_values
from neurochain.datasets.schema import KEY, Schema, is_number
from neurochain.datasets.types import Array, DataType, Field, Record, Scalar, type_to_json
from neurochain.errors import ColumnError, UDFError
from neurochain.storage import File

Takes = Literal["row", "rows", "batch"]
RNG = "rng"
ALL = "*"  # path of an argument that is a frame of all columns
IDENTITY = ("uri", "etag", "companions")  # fields of a File that its content depends on
# By name, since the readers take 0.1 s to import, and a worker process may not need them.
_OPENED = {
    "neurochain.formats.volumes.volume.Volume": "volume",
    "neurochain.formats.recordings.recording.Recording": "recording",
    "neurochain.formats.video.video.Video": "video",
}
_OPENERS = {"volume": "open_volume", "recording": "open_recording", "video": "open_video"}
_OWN = {"video": "VideoRecord"}  # records of formats that are called as what their files hold
# What openers need not look up in the file, where the row knows it.
_KNOWN = {
    "volume": {"format": "header.format"},
    "recording": {"format": "header.format", "header_bytes": "edf.header_bytes"},
    "video": {"format": "header.format"},
}
CONTAINERS = {
    "numpy": ("ndarray",),
    "polars": ("Series", "DataFrame"),
    "pyarrow": ("Array", "Table", "RecordBatch"),
}
FRAMES = ("DataFrame", "Table", "RecordBatch")
_KEYS = Resolved(KEY, Field(KEY, Scalar("bytes")), KEY)


@dataclass(frozen=True)
class Argument:
    """One parameter and where its value comes from.

    Attributes
    ----------
    param : str
    keyword : bool
        Keyword-only in the signature.
    column : Resolved
        The column; of a volume or recording, its file; of a random generator, the row's key.
    opener : str or None
        ``"volume"``, ``"recording"``, ``"video"`` or ``"rng"``.
    known : mapping of str to Resolved
        For an opener: columns that say what it need not look up in the file, by its parameter.
    annotation : object
        What the value is built as: a class for a record, an enum, or lists of them.
    adapter : type or None
        Class of a file as another library has it (DataChain's), which is made of ours.
    seed : int
        Of a random generator.
    container : str
        What the values of several rows come as: ``"list"``, ``"ndarray"``, ``"Series"``, ``"Array"`` (pyarrow).
    """

    param: str
    keyword: bool
    column: Resolved
    opener: str | None = None
    known: Mapping[str, Resolved] = field(default_factory=dict)
    annotation: Any = None
    adapter: type | None = None
    seed: int = 0
    container: str = "list"

    def expressions(self, prefix: str) -> list[pl.Expr]:
        """Flat columns that carry the value, named under a prefix."""
        if self.whole is not None:
            return [pl.col(leaf).alias(f"{prefix}.{leaf}") for leaf in self.whole.leaves()]
        columns = [expr.alias(name) for name, expr in self.column.leaves(prefix)]
        return columns + [c.expression().alias(f"{prefix}.{name}") for name, c in self.known.items()]

    def identity(self, prefix: str) -> list[str]:
        """Those of the columns on which a result may depend; of a File, its uri and etags."""
        return _identity(prefix, self.column.field.type)

    def describe(self) -> Any:
        """Type of the value, as plain JSON; a part of the reuse key."""
        if self.opener == RNG:
            return [self.param, RNG, self.seed]
        kind = type_to_json(self.column.field.type) if self.opener is None else self.opener
        return [self.param, self.column.path, kind]

    def values(self, frame: pl.DataFrame, prefix: str, log: Logs) -> list[Any]:
        """Python values, one per row; `finish` makes each what the function gets."""
        kind = self.column.field.type
        if self._opens and isinstance(kind, Record):
            columns = [column_values(frame, f"{prefix}.{f.name}", f.type, log) for f in kind.fields]
            names = [f.name for f in kind.fields]
            return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        values = column_values(frame, prefix, kind, log)
        if self.opener in (None, RNG):
            return values
        columns = [frame[f"{prefix}.{name}"].to_list() for name in self.known]
        return list(zip(values, *columns, strict=True))

    @property
    def finish(self) -> Callable[[Any], Any] | None:
        """What is left to do for a row: open the file, build the record; it may fail, as the row's own failure."""
        if self.opener == RNG:
            seed = self.seed
            return lambda key: generator(seed, key)
        if self.opener is not None:
            opener = getattr(import_module("neurochain.formats"), _OPENERS[self.opener])
            names = tuple(self.known)
            return lambda row: (
                None if row[0] is None else opener(row[0], **dict(zip(names, row[1:], strict=True)))
            )
        if self.adapter is not None and (adapt := adapter_of(self.adapter)) is not None:
            theirs = self.adapter
            return lambda file: None if file is None else adapt(file, theirs)
        if self._opens:
            return use("excerpt")
        if is_built(self.annotation, self.column.field.type):
            return partial(build, self.annotation)
        return None

    @property
    def _opens(self) -> bool:
        """Whether to make the value opens a file: as the row's own read, which may wait or fail."""
        kind = self.column.field.type
        is_excerpt = isinstance(kind, Record) and kind.name == EXCERPT
        return is_excerpt and self.opener is None and self.container == "list"

    @property
    def classes(self) -> tuple[type, ...]:
        """Classes of the user's that values are built as; a result depends on them."""
        return classes_of(self.annotation, self.column.field.type)

    @property
    def whole(self) -> Schema | None:
        """All columns, where the value is a frame of them."""
        kind = self.column.field.type
        return Schema(kind.fields) if self.column.path == ALL and isinstance(kind, Record) else None

    @property
    def columns(self) -> list[str]:
        """Dotted names of the columns that the value comes from."""
        if self.opener == RNG:
            return []
        return list(self.whole) if self.whole is not None else [self.column.path]

    def uri(self, prefix: str) -> str | None:
        """Flat column of the uri of the file that the value can read; None where it reads none."""
        kind = self.column.field.type
        if self.opener == RNG or not isinstance(kind, Record) or kind.name not in ("File", EXCERPT):
            return None
        return f"{prefix}.uri" if kind.name == "File" else f"{prefix}.file.uri"


def generator(seed: int, key: bytes) -> np.random.Generator:
    """Random numbers of one row: the same wherever and whenever it is computed.

    Parameters
    ----------
    seed : int
        Of the chain.
    key : bytes
        Of the row.
    """
    return np.random.default_rng([seed, *np.frombuffer(key, np.uint32).tolist()])


def _identity(path: str, kind: DataType) -> list[str]:
    if isinstance(kind, Record):
        members = [f for f in kind.fields if kind.name != "File" or f.name in IDENTITY]
        return [leaf for f in members for leaf in _identity(f"{path}.{f.name}", f.type)]
    from_type = {"Ragged": [f"{path}.data", f"{path}.shape"]}
    return from_type.get(type(kind).__name__, [path])


def bind_arguments(udf: UDF, schema: Schema, takes: Takes = "row", seed: int = 0) -> list[Argument] | None:
    """Column of each parameter; None where only the files can tell.

    Parameters
    ----------
    udf : UDF
        The function.
    schema : Schema
        Of the rows.
    takes : {"row", "rows", "batch"}
        Whether a call gets one row's values, lists of them, or arrays of them.
    seed : int
        For random generators.

    Raises
    ------
    UDFError
        A parameter has no column; the message lists what there is.
    """
    hints, bound = udf.hints(), udf.bound()
    arguments: list[Argument] = []
    for p in udf.signature().parameters.values():
        if p.name in bound:
            continue
        name = udf.params.get(p.name, p.name)
        container, hint = _container(bare(hints.get(p.name))[0], takes)
        keyword = p.kind is p.KEYWORD_ONLY
        if container in FRAMES:
            everything = Resolved(ALL, Field(ALL, Record(ALL, tuple(schema.values()))), ALL)
            arguments.append(Argument(p.name, keyword, everything, container=container))
            continue
        if hint is np.random.Generator or (name == RNG and RNG not in schema):
            if takes == "batch":
                raise UDFError(
                    f"{udf.name}() takes a random generator, which belongs to a row, and map_batches() gives many rows. "
                    "Use map(), or seed a generator of your own from a column."
                )
            arguments.append(Argument(p.name, keyword, _KEYS, RNG, seed=seed))
            continue
        has_default = p.default is not inspect.Parameter.empty
        if has_default and p.name not in udf.params and name not in schema:
            continue
        argument = _bind(udf, p, name, hint, schema)
        if argument is None:
            return None
        if container is None:
            plain = takes == "batch" and argument.opener is None and _has_array(argument.column.field.type)
            container = "ndarray" if plain else "list"
        arguments.append(replace(argument, container=container))
    return arguments


def _container(hint: Any, takes: Takes) -> tuple[str | None, Any]:
    """What a parameter for several rows wants them in, and the annotation of one value."""
    if takes == "row":
        return None, hint
    origin = typing.get_origin(hint)
    if hint is list or origin is list:
        inner = typing.get_args(hint)
        return "list", bare(inner[0])[0] if inner else None
    for cls in (hint, origin):
        module = getattr(cls, "__module__", "").partition(".")[0]
        name = getattr(cls, "__name__", "")
        if name in CONTAINERS.get(module, ()):
            return name, None
    return None, hint


def _has_array(kind: DataType) -> bool:
    """Whether values of the type are one numpy array."""
    if isinstance(kind, Scalar):
        return kind.name == "bool" or is_number(kind.name)
    return isinstance(kind, Array)


def _bind(udf: UDF, p: inspect.Parameter, name: str, hint: Any, schema: Schema) -> Argument | None:
    keyword = p.kind is p.KEYWORD_ONLY
    opener = _OPENED.get(f"{getattr(hint, '__module__', '')}.{getattr(hint, '__qualname__', '')}")
    is_free = name not in schema or _is_own(name, schema[name].type)
    if opener is None and name in _OPENERS and is_free and (name not in schema or hint in (None, Any)):
        opener = name
    if opener is not None and name in schema and _is_object(schema[name].type):
        return Argument(p.name, keyword, Resolved(name, schema[name], name))  # what an earlier step gave
    if opener is not None:
        file = _file_column(udf, p.name, schema) if is_free else resolve(name, schema)
        return Argument(p.name, keyword, file, opener, _known(opener, schema)) if file is not None else None
    adapter = hint if adapter_of(hint) is not None else None
    if (hint is File or adapter is not None) and name not in schema:
        file = _file_column(udf, p.name, schema)
        return Argument(p.name, keyword, file, adapter=adapter) if file is not None else None
    try:
        column = resolve(name, schema)
    except ColumnError as error:
        raise UDFError(
            f"{udf.name}() takes {p.name!r}, and parameters are columns. {error} "
            f"To use another column: nc.udf({udf.name}, params={{{p.name!r}: 'column'}}); to fix a value: "
            f"functools.partial({udf.name}, {p.name}=…)."
        ) from error
    if column is None:
        return None
    return Argument(p.name, keyword, column, annotation=hint, adapter=adapter)


def _known(opener: str, schema: Schema) -> dict[str, Resolved]:
    """Columns that the rows have of those that an opener can use."""
    found = {}
    for name, path in _KNOWN[opener].items():
        record, _, leaf = path.partition(".")
        kind = schema[record].type if record in schema else None
        if isinstance(kind, Record) and any(f.name == leaf for f in kind.fields):
            found[name] = resolve(path, schema)
    return {name: column for name, column in found.items() if column is not None}


def _is_object(kind: DataType) -> bool:
    return isinstance(kind, Record) and kind.name in NAMES


def _is_own(name: str, kind: DataType) -> bool:
    """Whether a column is the record of the format that is called so, and not one that a function gave."""
    return isinstance(kind, Record) and kind.name == _OWN.get(name)


def _file_column(udf: UDF, param: str, schema: Schema) -> Resolved | None:
    files = [f.name for f in schema.values() if isinstance(f.type, Record) and f.type.name == "File"]
    if "file" in files or len(files) == 1:
        return resolve("file" if "file" in files else files[0], schema)
    if not files and schema.partial:
        return None
    listed = ", ".join(repr(f) for f in files)
    raise UDFError(
        f"{udf.name}() takes {param!r}, the content of a file, and there "
        + (
            f"are several: {listed}. Choose one: nc.udf({udf.name}, params={{{param!r}: {files[0]!r}}})."
            if files
            else "is no column of files. Begin with read_storage(), or keep 'file' in select()."
        )
    )
