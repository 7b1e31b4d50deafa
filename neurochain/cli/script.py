"""Script: run a user's script as Python would, with errors that speak of the script alone."""

import os
import runpy
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import neurochain as nc
from neurochain.cli import printing
from neurochain.errors import NeurochainError, UDFError

OURS = str(Path(nc.__file__).parent)


def run(path: str, arguments: Sequence[str], workers: int | None, reuse: bool) -> int:
    """Run a script as ``__main__``; its exit status.

    Parameters
    ----------
    path : str
        Of the script.
    arguments : sequence of str
        What it finds in ``sys.argv``.
    workers : int or None
        Processes that call functions, as in `Settings`.
    reuse : bool
        Take results from the ledger.
    """
    script = Path(path)
    if not script.is_file():
        printing.error(f"There is no script {path}. Existing here: {_scripts()}.")
        return 2
    if workers is not None:
        os.environ["NEUROCHAIN_WORKERS"] = str(workers)
    if not reuse:
        os.environ["NEUROCHAIN_REUSE"] = "0"
    sys.argv = [path, *arguments]
    sys.path[0] = str(script.resolve().parent)
    try:
        runpy.run_path(path, run_name="__main__")
    except SystemExit as leaving:
        if isinstance(leaving.code, str):
            printing.error(leaving.code)
            return 1
        return leaving.code or 0
    except KeyboardInterrupt:
        printing.error("Interrupted. Run it again: what was computed is remembered.")
        return 130
    except Exception as error:
        _explain(error)
        return 1
    return 0


def _scripts() -> str:
    return ", ".join(sorted(p.name for p in Path().glob("*.py"))[:12]) or "none"


def _explain(error: Exception) -> None:
    """An error of ours in one message, behind the user's own where that was the cause."""
    cause = error.__cause__ if isinstance(error, UDFError) else error
    if isinstance(cause, Exception) and not isinstance(cause, NeurochainError):
        frames = [
            frame
            for frame in traceback.extract_tb(cause.__traceback__)
            if not frame.filename.startswith((OURS, "<frozen runpy"))
        ]
        lines = ["Traceback (most recent call last):\n", *traceback.format_list(frames)]
        sys.stderr.write("".join([*lines, *traceback.format_exception_only(cause)]))
    if isinstance(error, NeurochainError):
        printing.error("\n".join([str(error), *getattr(error, "__notes__", ())]))
