"""Record: what is written down of a function that runs, without the secrets that its source may hold."""

from typing import Any

from neurochain.chain.fingerprint import Fingerprint
from neurochain.chain.functions.udf import UDF
from neurochain.chain.recipes.building import recipe_of
from neurochain.datasets.activity import UsedFunction
from neurochain.datasets.secrets import screened, secrets_in


def record_of(udf: UDF, identity: Fingerprint, dry: bool) -> UsedFunction:
    """What is recorded of a function.

    Parameters
    ----------
    udf : UDF
        The function.
    identity : Fingerprint
        Its fingerprint.
    dry : bool
        Nothing is kept, so what it takes to make it again is left out.
    """
    detail = identity.to_json()
    if not dry:
        detail["recipe"] = recipe_of(udf.function)
    source, problems = identity.source, tuple(identity.problems)
    known: set[str] = set()
    found: dict[str, None] = {}
    for text, name in _sources(identity, detail).items():
        for secret in secrets_in(text):
            known.update(v for v in secret.values if v)
            found[
                f"the source of {name}() holds what looks like a secret (line {secret.line}); read it from the "
                "environment instead"
            ] = None
    shown = screened({"source": source, "detail": detail}, known)
    if found:
        shown["detail"]["secrets"] = list(found)
    return UsedFunction(identity.digest, udf.name, shown["source"], shown["detail"], (*problems, *found))


def _sources(identity: Fingerprint, detail: dict[str, Any]) -> dict[str, str]:
    """Texts of all code that is recorded, with the names of what they define."""
    texts: dict[str, str] = {}
    if identity.source:
        texts[identity.source] = identity.name
    for item in detail.get("recipe", {}).get("items", ()):
        if item.get("source"):
            texts.setdefault(item["source"], item["name"])
    for part in identity.parts:
        if part.source:
            texts.setdefault(part.source, part.path.rpartition(".")[2])
    return texts
