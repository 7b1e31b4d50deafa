"""Withdrawing: a subject's rows, or those where a column has a value, leave a project."""

from typing import Any

from neurochain.chain.expressions.expression import is_elementwise
from neurochain.chain.expressions.recorded import expression_of
from neurochain.chain.identities import SUBJECT
from neurochain.chain.keys import text_keys
from neurochain.datasets.project import find_project
from neurochain.datasets.target import Target
from neurochain.datasets.traces import Reach, Ways
from neurochain.datasets.withdrawal import STEP, Withdrawal, withdraw_rows
from neurochain.errors import ExpressionError, NeurochainError, ProjectError

_SAME = frozenset(
    {"filter", "select", "drop", "order_by", "limit", "sample", "split", "distinct", "map", STEP}
)
_OWN = frozenset({"gen", "union"})


def withdraw(
    *,
    subject: str | None = None,
    where: tuple[str, str] | None = None,
    reason: str | None = None,
    dry_run: bool = False,
) -> Withdrawal:
    """Take a subject's rows out of the project: of all versions, of what is remembered, and of the database's file.

    Every version that holds some gets a successor without them, and its own rows are deleted: it stays listed, with date,
    reason and count. Versions with rows that are made of several others (means over subjects) are deleted whole, and must
    be computed again.

    Parameters
    ----------
    subject : str
        As in BIDS: ``"07"`` for ``sub-07``. Its rows are those where ``bids.subject``, ``subject``, ``subject_id``,
        ``participant`` or ``participant_id`` says so, those of files whose path names ``sub-07``, and all that are made of
        them.
    where : (str, str)
        Column and value, instead.
    reason : str, optional
        Kept with the events and versions. What names the subject is masked in it.
    dry_run : bool
        Only say what would be done.

    Returns
    -------
    Withdrawal
        All that was touched.

    Raises
    ------
    ProjectError
        There is no project here, or another process uses it.

    Examples
    --------
    >>> nc.withdraw(subject="07", reason="consent withdrawn", dry_run=True)     # doctest: +SKIP
    """
    project = find_project(create=False)
    if project is None:
        raise ProjectError(
            "There is no .neurochain folder here or above. Change to the project's folder, or set NEUROCHAIN_HOME."
        )
    return withdraw_rows(project, _target(subject, where), Ways(_reach, text_keys), reason, dry_run)


def _target(subject: str | None, where: tuple[str, str] | None) -> Target:
    if (subject is None) == (where is None):
        raise ExpressionError("withdraw() takes either subject= or where=(column, value).")
    if where is not None:
        column, value = where
        if not column or not value:
            raise ExpressionError(f"withdraw(where={where!r}): name a column and its value.")
        marks = (value,) if len(value) >= 4 and not value.isdigit() else ()
        return Target((column,), (value,), marks)
    label = str(subject).removeprefix("sub-")
    if not label.isalnum():
        raise ExpressionError(f"withdraw(subject={subject!r}): a subject's label has letters and digits.")
    return Target(SUBJECT, (label, f"sub-{label}"), (f"sub-{label}",), paths=True)


def _reach(plan: dict[str, Any], columns: tuple[str, ...]) -> Reach:
    """What a plan does: see `Reach`."""
    found: list[Reach] = []
    if plan["source"] == "chain":
        found.append(_reach(plan["plan"], columns))
    for step in plan["steps"]:
        found.append(_of_step(step, columns))
        found += [
            _reach(inner, columns)
            for inner in ([step["right"]] if "right" in step else step.get("others", ()))
        ]
    for reach in ("mixed", "own"):
        if reach in found:
            return reach
    return "same"


def _of_step(step: dict[str, Any], columns: tuple[str, ...]) -> Reach:
    match step["step"]:
        case name if name in _SAME:
            return "same"
        case name if name in _OWN:
            return "own"
        case "mutate":
            return "same" if all(map(_alone, step["columns"].values())) else "mixed"
        case "agg" | "group_by":
            return "own" if _telling(step["by"], columns) else "mixed"
        case "merge":
            return "own" if _telling([name for pair in step["on"] for name in pair], columns) else "mixed"
    return "mixed"


def _telling(names: list[str], columns: tuple[str, ...]) -> bool:
    """Whether some names are those of columns that say whose a row is."""
    return any(name == c or name.endswith(f".{c}") for name in names for c in columns)


def _alone(node: Any) -> bool:
    try:
        return is_elementwise(expression_of(node))
    except NeurochainError:
        return False
