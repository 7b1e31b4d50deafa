"""Package: datachain itself, where it is installed."""

import os
from typing import Any

from neurochain.errors import require

EXTRA = "datachain"


def package(purpose: str, module: str = "datachain") -> Any:
    """The package, or a module of it, imported without its telemetry: nothing leaves the machine.

    Parameters
    ----------
    purpose : str
        What needs it, for the message.
    module : str
        ``"datachain.lib.file"``.

    Raises
    ------
    MissingExtraError
        It is not installed.
    """
    os.environ.setdefault("DATACHAIN_NO_ANALYTICS", "1")
    require("datachain", EXTRA, purpose)
    return require(module, EXTRA, purpose)
