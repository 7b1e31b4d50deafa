"""Consent: recorded code runs only when somebody who has seen it agrees."""

import sys
from collections.abc import Callable, Sequence

from neurochain.chain.replay.functions import sources_of
from neurochain.datasets.lineage import Lineage
from neurochain.errors import ReplayError

Ask = Callable[[Sequence[str]], bool]


def consent(lineages: Sequence[Lineage], yes: bool, ask: Ask | None) -> None:
    """Ask whether the code of some versions may run.

    Parameters
    ----------
    lineages : sequence of Lineage
        Of the versions.
    yes : bool
        It may.
    ask : callable, optional
        Shows texts, and says whether they may run; by default on the terminal.

    Raises
    ------
    ReplayError
        It may not, or nobody can be asked.
    """
    texts = list(dict.fromkeys(text for lineage in lineages for text in sources_of(lineage)))
    if not texts or yes or (ask or _ask)(texts):
        return
    names = ", ".join(f"{lineage.name}@{lineage.version}" for lineage in lineages)
    raise ReplayError(
        f"Nothing was run. {names}: made by the code above; if you trust it, say so: --yes, or yes=True."
    )


def _ask(texts: Sequence[str]) -> bool:
    sys.stdout.write("\n\n".join(texts) + "\n")
    if not sys.stdin.isatty():
        return False
    return input("\nThis code was recorded with the version. Run it? [y/N] ").strip().lower() in ("y", "yes")
