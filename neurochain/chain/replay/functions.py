"""Functions of a version, made again from what was recorded, and held against their fingerprints before they may run."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurochain.chain.fingerprint import Fingerprint
from neurochain.chain.functions.udf import UDF
from neurochain.chain.recipes.making import Made
from neurochain.datasets.codechanges import code_changes
from neurochain.datasets.lineage import FunctionUse, Lineage
from neurochain.errors import ReplayError

VERSION = ".<version>"
SEED = "<seed:"


@dataclass(frozen=True)
class Remade:
    """A function that was made again.

    Attributes
    ----------
    udf : UDF
    notes : tuple of str
        What its fingerprint does not see, and what is not as it was.
    """

    udf: UDF
    notes: tuple[str, ...] = ()


def function_steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Steps of a recorded plan that call functions, in the order in which they run."""
    if plan["source"] == "chain":
        yield from function_steps(plan["plan"])
    for step in plan["steps"]:
        if "fingerprint" in step:
            yield step
        for inner in [step["right"]] if "right" in step else step.get("others", ()):
            yield from function_steps(inner)


def sources_of(lineage: Lineage) -> list[str]:
    """Texts of all that would be run, as they were recorded; see `source_texts`."""
    return list(dict.fromkeys(text for used in lineage.functions for text in source_texts(used)))


def source_texts(used: FunctionUse) -> list[str]:
    """Texts of a function as they were recorded: helpers and classes, then the function itself.

    Plain values of the names that they use stand before them, as comments.
    """
    texts: dict[str, None] = {}
    items = used.detail.get("recipe", {}).get("items", [])
    for item in (*items[1:], *items[:1]):
        if item.get("source"):
            values = {**item.get("globals", {}), **item.get("cells", {})}
            bound = [f"# {n} = {v!r}\n" for n, v in values.items() if isinstance(v, bool | int | float | str)]
            texts["".join(bound) + item["source"].rstrip()] = None
    return list(texts)


def remade(step: dict[str, Any], used: FunctionUse, any_environment: bool) -> Remade:
    """A function of a version.

    Parameters
    ----------
    step : dict
        Of the plan.
    used : FunctionUse
        What was recorded of it.
    any_environment : bool
        Other versions of Python and of the packages that it uses are taken.

    Raises
    ------
    ReplayError
        It cannot be made, or what was made is not the same.
    """
    recipe = used.detail.get("recipe")
    if recipe is None:
        raise ReplayError(
            f"{used.name}() was recorded by an earlier neurochain, which kept its text alone. Save the dataset again."
        )
    version = next((p["value"] for p in used.detail["parts"] if p["path"].endswith(VERSION)), None)
    made = Made(recipe, used.name)
    problem: str
    try:
        udf = UDF(made.function(), version, step["params"])
        found = _fingerprint(udf)
        if found.digest == step["fingerprint"]:
            return Remade(udf, found.notes)
        problem = "; ".join(made.missing or _changes(used, found))
        if any_environment and not made.missing and _same_code(used, found):
            return Remade(udf, (*found.notes, problem))
    except ReplayError as error:
        problem = str(error)
    with suppress(ReplayError):
        udf = UDF(_imported(recipe), version, step["params"])
        found = _fingerprint(udf)
        if found.digest == step["fingerprint"]:
            return Remade(udf, found.notes)
    if secrets := used.detail.get("secrets"):
        problem = "; ".join(secrets)
    raise ReplayError(f"{used.name}() cannot be made as it was: {problem}.")


def _fingerprint(udf: UDF) -> Fingerprint:
    try:
        return udf.fingerprint()
    except Exception as error:
        raise ReplayError(f"what was made cannot be fingerprinted ({error})") from error


def _changes(used: FunctionUse, found: Fingerprint) -> list[str]:
    return code_changes(_without_seeds(used.detail), found.to_json())


def _without_seeds(detail: dict[str, Any]) -> dict[str, Any]:
    """Parts without the classes of arguments, which only a run knows."""
    return {**detail, "parts": [p for p in detail["parts"] if SEED not in p["path"]]}


def _same_code(used: FunctionUse, found: Fingerprint) -> bool:
    """Whether nothing but packages and Python are of another version."""
    mine = [(p["path"], p["kind"]) for p in _without_seeds(used.detail)["parts"]]
    theirs = [(p.path, p.kind) for p in found.parts]
    return [place for place, kind in mine if kind != "package"] == [
        p for p, kind in theirs if kind != "package"
    ]


def _imported(recipe: dict[str, Any]) -> Any:
    """The function as the code at hand has it. A script is not run for it."""
    items = recipe["items"]
    if recipe["root"] != {"item": 0} or not items or items[0]["module"] == "__main__":
        raise ReplayError("it stands in a script")
    with _code_here():
        try:
            value: Any = importlib.import_module(items[0]["module"])
            for part in items[0]["qualname"].split("."):
                value = getattr(value, part)
        except Exception as error:
            raise ReplayError(f"it cannot be imported ({error})") from error
    return value


@contextmanager
def _code_here() -> Iterator[None]:
    """Modules in the current folder can be imported."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        sys.path.remove(here)
