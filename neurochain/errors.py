"""Every error that neurochain raises, one root, each also the fitting builtin.

::

    NeurochainError
    ├── PatternError (ValueError)             a glob, a brace or a URI that cannot be read
    ├── NothingMatchedError (FileNotFoundError)
    ├── StorageError (OSError)                bytes that could not be had
    │   └── FileChangedError                  the file is no longer the one that was listed
    ├── FormatError (ValueError)              a file that lies about itself
    ├── ColumnError (LookupError)
    │   ├── ColumnNotFoundError
    │   ├── AmbiguousColumnError
    │   └── ColumnExistsError                 two columns would have one name
    ├── ExpressionError (ValueError)          a column expression that cannot be used
    ├── SchemaError (TypeError)               a value that does not fit its column
    ├── ShapeError (ValueError)               arrays of different shapes where one is needed
    ├── UDFError (RuntimeError)               the user's function failed, or cannot be called
    │   └── WorkerLostError                   the process that called it died
    ├── ParameterError (ValueError)           a parameter of a script that is missing, or of another type
    ├── ProjectError (OSError)                the .neurochain folder cannot be used
    ├── DatasetNotFoundError (LookupError)
    ├── VersionError (ValueError)             a version that cannot be read, or exists already
    ├── ReplayError (RuntimeError)            a version that cannot be made again from what was recorded
    ├── ExportError (ValueError)              a format or a place that nothing can be exported to
    ├── TableError (ValueError)               a declaration of a table or a catalog that cannot be
    ├── TableNotFoundError (LookupError)      no table, or no database, of this name
    ├── LoaderError (ValueError)              a training loop that cannot be fed as it asks
    └── MissingExtraError (ImportError)       an optional package, with the line that installs it

Beside the tree: NotReproducibleWarning (UserWarning), for functions that cannot be fingerprinted,
ManyMatchesWarning (UserWarning), for a merge that multiplies rows, DeprecatedTableWarning (UserWarning), for a
table whose declaration says what to use instead, LostOrderWarning (UserWarning), for a table of which it is not known
which rows are the latest, and BrokenFormatWarning (UserWarning), for a format of another package that cannot be used.

A message says what was wrong, what there is, and what to do.
"""

import difflib
import importlib
from collections.abc import Iterable
from types import ModuleType

__all__ = [
    "AmbiguousColumnError",
    "BrokenFormatWarning",
    "ColumnError",
    "ColumnExistsError",
    "ColumnNotFoundError",
    "DatasetNotFoundError",
    "DeprecatedTableWarning",
    "ExportError",
    "ExpressionError",
    "FileChangedError",
    "FormatError",
    "LoaderError",
    "LostOrderWarning",
    "ManyMatchesWarning",
    "MissingExtraError",
    "NeurochainError",
    "NotReproducibleWarning",
    "NothingMatchedError",
    "ParameterError",
    "PatternError",
    "ProjectError",
    "ReplayError",
    "SchemaError",
    "ShapeError",
    "StorageError",
    "TableError",
    "TableNotFoundError",
    "UDFError",
    "VersionError",
    "WorkerLostError",
]


class NeurochainError(Exception):
    """Root of all errors of this package."""

    def __str__(self) -> str:
        # OSError and LookupError subclasses would print a tuple or a quoted key.
        return str(self.args[0]) if self.args else ""


class PatternError(NeurochainError, ValueError):
    """A glob, a brace expression or a URI that cannot be read."""


class NothingMatchedError(NeurochainError, FileNotFoundError):
    """No file matched a pattern."""


class StorageError(NeurochainError, OSError):
    """Bytes that could not be had."""


class FileChangedError(StorageError):
    """The file is no longer the one that was listed."""


class FormatError(NeurochainError, ValueError):
    """A file that does not hold what it says it holds."""


class ColumnError(NeurochainError, LookupError):
    """A column name that cannot be used."""


class ColumnNotFoundError(ColumnError):
    """No column has this name."""


class AmbiguousColumnError(ColumnError):
    """Several columns have this name."""


class ColumnExistsError(ColumnError):
    """Two columns would have the same name."""


class ExpressionError(NeurochainError, ValueError):
    """A column expression that cannot be used."""


class SchemaError(NeurochainError, TypeError):
    """A value that does not fit its column."""


class ShapeError(NeurochainError, ValueError):
    """Arrays of different shapes where one shape is needed."""


class UDFError(NeurochainError, RuntimeError):
    """The user's function failed, or cannot be called."""


class WorkerLostError(UDFError):
    """The process that called the user's function died, twice."""


class ParameterError(NeurochainError, ValueError):
    """A parameter of a script that is not given, or is not what it should be."""


class ProjectError(NeurochainError, OSError):
    """The project's ``.neurochain`` folder cannot be used."""


class DatasetNotFoundError(NeurochainError, LookupError):
    """No dataset, or no version of it, has this name."""


class VersionError(NeurochainError, ValueError):
    """A version that cannot be read, or that exists already."""


class ReplayError(NeurochainError, RuntimeError):
    """A version that cannot be made again from what was recorded of it."""


class ExportError(NeurochainError, ValueError):
    """A format, or a place, that something cannot be exported to."""


class LoaderError(NeurochainError, ValueError):
    """A training loop that cannot be fed as it asks: a state of other rows, a batch of no rows, splits that leak."""


class TableError(NeurochainError, ValueError):
    """A declaration of a table, or of a catalog, that cannot be."""


class TableNotFoundError(NeurochainError, LookupError):
    """No table, or no database, has this name."""


class MissingExtraError(NeurochainError, ImportError):
    """An optional package is not installed."""


class BrokenFormatWarning(UserWarning):
    """A format that an installed package brings cannot be used."""


class DeprecatedTableWarning(UserWarning):
    """A table is read whose declaration says what to use instead."""


class LostOrderWarning(UserWarning):
    """Rows of a table were written anew, so that which of those with one key is the latest is not known."""


class ManyMatchesWarning(UserWarning):
    """A row has several partners in a merge, so it comes several times."""


class NotReproducibleWarning(UserWarning):
    """A function cannot be fingerprinted, so its results are never reused."""


def require(module: str, extra: str, purpose: str) -> ModuleType:
    """Import an optional package, or say how to install it.

    Parameters
    ----------
    module : str
        What to import.
    extra : str
        The extra of neurochain that brings it.
    purpose : str
        What needs it, for the message: ``"to_pytorch()"``.

    Raises
    ------
    MissingExtraError
        The package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or module.split(".")[0] != error.name.split(".")[0]:
            raise
        raise MissingExtraError(
            f"{purpose} needs the package {error.name!r}, which is not installed. "
            f"Install it with: pip install 'neurochain[{extra}]'"
        ) from None


def suggestion(name: str, existing: Iterable[str], limit: int = 12) -> str:
    """Say what exists, the nearest names first: the second half of an error message."""
    names = list(dict.fromkeys(existing))
    if not names:
        return "There are none."
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    hint = f"Did you mean {' or '.join(repr(n) for n in close)}? " if close else ""
    shown = ", ".join(repr(n) for n in names[:limit])
    rest = f" and {len(names) - limit} more" if len(names) > limit else ""
    return f"{hint}Existing: {shown}{rest}."
