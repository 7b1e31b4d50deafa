"""The command ``run``: a user's script runs as Python would, with errors that speak of the script alone."""

import os
import sys
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Annotated

import typer

import neurochain as nc
from neurochain.chain.parameters import OPTION, unasked
from neurochain.cli import printing
from neurochain.cli.options import command_app
from neurochain.errors import NeurochainError, UDFError

OURS = str(Path(nc.__file__).parent) + os.sep
app = command_app()


@app.command(
    epilog="Example: neurochain run --workers 4 features.py --subject 01",
    context_settings={"allow_extra_args": True, "allow_interspersed_args": False},
)
def run(
    context: typer.Context,
    script: Annotated[str, typer.Argument(metavar="SCRIPT [ARGUMENTS]...", help="Python script.")],
    workers: Annotated[
        int | None, typer.Option(min=0, help="Processes that call functions; 0 for this one alone.")
    ] = None,
    no_reuse: Annotated[
        bool, typer.Option("--no-reuse", help="Compute every row anew, also what is known.")
    ] = False,
    param: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="What nc.param() gives; may be given several times."),
    ] = None,
) -> None:
    """Run a script as Python would; a failure shows the script's own lines, and what neurochain says of it.

    What stands behind the script is the script's; options of this command stand before it.
    """
    status = run_script(script, context.args, workers, not no_reuse, param or ())
    if status:
        raise typer.Exit(status)


def run_script(
    path: str, arguments: Sequence[str], workers: int | None, reuse: bool, parameters: Sequence[str] = ()
) -> int:
    """Run a script as ``__main__``; its exit status, unless it leaves by itself.

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
    parameters : sequence of str
        ``name=value``, for `param`.
    """
    script = Path(path)
    if not script.is_file():
        printing.error(f"There is no script {path}. Existing here: {_scripts()}.")
        return 2
    if workers is not None:
        os.environ["NEUROCHAIN_WORKERS"] = str(workers)
    if not reuse:
        os.environ["NEUROCHAIN_REUSE"] = "0"
    sys.argv = [path, *arguments, *(f"{OPTION}={text}" for text in parameters)]
    if not sys.flags.safe_path:
        sys.path[0] = str(script.resolve().parent)
    try:
        _execute(script.absolute())
    except KeyboardInterrupt:
        printing.error("Interrupted. Run it again: what was computed is remembered.")
        return 130
    except Exception as error:
        _explain(error)
        return 1
    for text in unasked():
        printing.error(text)
        return 2
    return 0


def _scripts() -> str:
    return ", ".join(sorted(p.name for p in Path().glob("*.py"))[:12]) or "none"


def _execute(script: Path) -> None:
    """Make the script the main module; it stays so, for what it leaves to do at exit."""
    name = str(script)
    main = ModuleType("__main__")
    vars(main).update(__file__=name, __cached__=None, __loader__=SourceFileLoader("__main__", name))
    code = compile(script.read_bytes(), name, "exec", dont_inherit=True)
    sys.modules["__main__"] = main
    exec(code, vars(main))


def _explain(error: Exception) -> None:
    """An error of ours in one message, behind the user's own where that was the cause."""
    cause = error.__cause__ if isinstance(error, UDFError) else error
    if isinstance(cause, Exception) and not isinstance(cause, NeurochainError):
        _leave_us_out(cause, set())
        sys.excepthook(type(cause), cause, cause.__traceback__)
    if isinstance(error, NeurochainError):
        printing.error("\n".join([str(error), *getattr(error, "__notes__", ())]))


def _leave_us_out(error: BaseException, seen: set[int]) -> None:
    """Cut our frames from the traceback of an error, and of those that led to it."""
    if id(error) in seen:
        return
    seen.add(id(error))
    kept: TracebackType | None = None
    for step in reversed(_steps(error.__traceback__)):
        if not step.tb_frame.f_code.co_filename.startswith(OURS):
            kept = TracebackType(kept, step.tb_frame, step.tb_lasti, step.tb_lineno)
    error.__traceback__ = kept
    inside = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for other in (error.__cause__, error.__context__, *inside):
        if other is not None:
            _leave_us_out(other, seen)


def _steps(traceback: TracebackType | None) -> list[TracebackType]:
    found = []
    while traceback is not None:
        found.append(traceback)
        traceback = traceback.tb_next
    return found
