"""Explanation: how many results were reused and computed at each step, and why."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from neurochain.datasets.codechanges import code_changes
from neurochain.datasets.lineage import FunctionUse, Lineage, Source, step_text

if TYPE_CHECKING:
    from neurochain.datasets.versions import DatasetVersion

SHOWN = 12  # reasons of one step
SAME_CODE = "the code is the same; its rows are new or have changed"


@dataclass(frozen=True)
class StepExplanation:
    """One step of a chain.

    Attributes
    ----------
    text : str
        The step.
    reused, computed, failed : int or None
        Calls of its function; None where it calls none, or nobody counted.
    why : tuple of str
        What is not as it was.
    """

    text: str
    reused: int | None = None
    computed: int | None = None
    failed: int | None = None
    why: tuple[str, ...] = ()

    def lines(self, future: bool) -> list[str]:
        """The step and its reasons."""
        counts = [
            f"{count:,} {word}"
            for count, word in (
                (self.reused, "reused"),
                (self.computed, "to compute" if future else "computed"),
                (self.failed, "failed"),
            )
            if count is not None and (count or word != "failed")
        ]
        head = f"{self.text}: {', '.join(counts)}" if counts else self.text
        more = [f"… and {len(self.why) - SHOWN} more"] if len(self.why) > SHOWN else []
        return [head, *(f"  {reason}" for reason in (*self.why[:SHOWN], *more))]


@dataclass(frozen=True)
class Explanation:
    """What was computed, or would be, and why.

    Attributes
    ----------
    what : str
        A version (``name@1.1.0``), or a chain.
    before : str or None
        The version that it is compared with.
    inputs : tuple of str
        What of its inputs is not as it was.
    steps : tuple of StepExplanation
    future : bool
        Whether it has not run yet.
    """

    what: str
    before: str | None
    inputs: tuple[str, ...]
    steps: tuple[StepExplanation, ...]
    future: bool = False

    def lines(self) -> list[str]:
        """For people."""
        against = f", compared with {self.before}" if self.before else ""
        out = [f"{self.what}{against}"]
        out += [f"  input: {text}" for text in self.inputs]
        return out + [f"  {line}" for step in self.steps for line in step.lines(self.future)]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return str(self)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


def explain_version(version: "DatasetVersion", before: "DatasetVersion | None") -> Explanation:
    """Why results of a version were computed.

    Parameters
    ----------
    version : DatasetVersion
        To explain.
    before : DatasetVersion or None
        The one that it is compared with; None of a first version.
    """
    lineage = version.lineage()
    old = before.lineage() if before is not None else None
    earlier = _Functions(old) if old is not None else None
    steps = []
    for step, used in _paired(lineage):
        text = step_text(step)
        if used is None:
            new = old is not None and text not in map(step_text, old.plan.get("steps", ()))
            steps.append(StepExplanation(text, why=("this step is new",) if new else ()))
            continue
        why: Iterable[str] = ()
        if earlier is not None and used.computed != 0:
            why = _reasons(earlier.take(used.name, step.get("column")), used)
        steps.append(StepExplanation(text, used.reused, used.computed, used.failed, tuple(why)))
    inputs = [*_python(old, lineage), *input_changes(old, lineage)] if old is not None else []
    return Explanation(
        version.reference, before.reference if before is not None else None, tuple(inputs), tuple(steps)
    )


def _paired(lineage: Lineage) -> list[tuple[dict[str, Any], FunctionUse | None]]:
    """Steps with the functions that ran for them: the last of the functions are those of the plan's own steps."""
    steps = list(lineage.plan.get("steps", ()))
    functions = list(lineage.functions)
    paired: list[tuple[dict[str, Any], FunctionUse | None]] = []
    for step in reversed(steps):
        calls = "fingerprint" in step and functions and functions[-1].name == step.get("function")
        paired.append((step, functions.pop() if calls else None))
    return paired[::-1]


class _Functions:
    """Functions of an earlier version, each to be found once."""

    def __init__(self, lineage: Lineage) -> None:
        self._left = [(step, used) for step, used in _paired(lineage) if used is not None]

    def take(self, name: str, column: str | None) -> FunctionUse | None:
        """The one that made a column, else the one of a name."""
        fits: tuple[Callable[[Any, FunctionUse], bool], ...] = (
            lambda step, used: used.name == name and step.get("column") == column,
            lambda step, used: column is not None and step.get("column") == column,
            lambda step, used: used.name == name,
        )
        for fit in fits:
            for i, (step, used) in enumerate(self._left):
                if fit(step, used):
                    return self._left.pop(i)[1]
        return None


def _reasons(before: FunctionUse | None, now: FunctionUse) -> list[str]:
    if before is None:
        return ["this function is new"]
    if before.fingerprint == now.fingerprint:
        return [SAME_CODE]
    return code_changes(before.detail, now.detail)


def _python(before: Lineage, now: Lineage) -> list[str]:
    one, other = (str(lineage.activity["python"]) for lineage in (before, now))
    return [f"Python {one} became {other}"] if one != other else []


def input_changes(before: Lineage, now: Lineage) -> list[str]:
    """What of the inputs of two versions is not the same."""
    out: list[str] = []
    earlier = list(before.sources)
    for source in now.sources:
        was = next((s for s in earlier if _alike(s, source)), None)
        if was is None:
            out.append(f"{_named(source)} is new")
            continue
        earlier.remove(was)
        out += _changes(was, source, before, now)
    return out + [f"{_named(source)} is no input any more" for source in earlier]


def _alike(one: Source, other: Source) -> bool:
    """Whether two inputs are the same thing at different times."""
    if one.kind != other.kind:
        return False
    keys = {"storage": "patterns", "version": "name", "table": "uri", "scan": "table", "datachain": "name"}
    key = keys.get(one.kind)
    return key is None or one.reference.get(key) == other.reference.get(key)


def _named(source: Source) -> str:
    r = source.reference
    match source.kind:
        case "storage":
            return ", ".join(r["patterns"])
        case "version":
            return f"{r['name']}@{r['version']}"
        case "table":
            return str(r["uri"])
        case "scan":
            return f"table {r['table']}"
        case "datachain":
            return f"DataChain {r['name'] or 'chain'}"
    return "values"


def _changes(was: Source, now: Source, before: Lineage, after: Lineage) -> list[str]:
    if now.kind == "version":
        one, other = was.reference["version"], now.reference["version"]
        return [f"{now.reference['name']}@{one} became {other}"] if one != other else []
    if now.kind == "storage" and was.manifest is not None and now.manifest is not None:
        text = file_counts(before.files_of(was), after.files_of(now))
        return [f"{_named(now)}: {text}"] if text else []
    if now.kind == "scan":
        one, other = was.reference["content"], now.reference["content"]
        return [f"{_named(now)} has changed"] if one != other else []
    both = was.reference.keys() & now.reference.keys()
    same = all(was.reference[key] == now.reference[key] for key in both)
    return [] if same else [f"{_named(now)} has changed"]


def _files(text: str) -> str:
    first, _, rest = text.partition(" ")
    return f"{first} {'file' if first == '1' else 'files'} {rest}"


def file_counts(before: pl.DataFrame, now: pl.DataFrame) -> str:
    """What is not the same in two lists of files, in words; empty where nothing is."""
    counts = file_changes(before, now)
    text = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
    return _files(text) if text else ""


def file_changes(before: pl.DataFrame, now: pl.DataFrame) -> dict[str, int]:
    """Files that are ``new``, ``changed`` and ``gone``, of two lists with ``root, path, etag, companions``."""
    place, identity = ["root", "path"], ["root", "path", "etag", "companions"]
    fresh = now.join(before, on=identity, how="anti", nulls_equal=True)
    changed = fresh.join(before, on=place, how="semi", nulls_equal=True).height
    gone = before.join(now, on=place, how="anti", nulls_equal=True).height
    return {"new": fresh.height - changed, "changed": changed, "gone": gone}


def reasons_for(detail: dict[str, Any], known: Sequence[dict[str, Any]]) -> list[str]:
    """Why no result of a function is known: what was not so in the earlier function that is most like it.

    Parameters
    ----------
    detail : dict
        Of the function.
    known : sequence of dict
        Of functions of that name that ran before, newest first.
    """
    if not known:
        return ["this function has never run"]
    if any(one["digest"] == detail["digest"] for one in known):
        return [SAME_CODE]
    return code_changes(known[0], detail)
