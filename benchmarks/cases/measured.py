"""What every case does: time one call, and print what came of it as one line of JSON.

The cases run in two environments, so this file uses the standard library alone.
"""

import gc
import json
import resource
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def measured(
    call: Callable[[], dict[str, object]], check: Callable[[], dict[str, object]] | None = None
) -> None:
    """Time a call, imports left out, and print seconds, CPU seconds (of all processes), peak memory, and its facts.

    `check` looks at what came of it when the clock has stopped; its facts are printed too.
    """
    gc.collect()  # what imports left behind is looked through before the clock starts, as imports are made before it
    _forget_peak()
    cpu = _cpu()
    start = time.perf_counter()
    facts = call()
    seconds = time.perf_counter() - start
    used, peak = _cpu() - cpu, _peak_mb()
    if check is not None:
        facts |= check()
    print(json.dumps({"seconds": seconds, "cpu": used, "peak_mb": peak, "facts": facts}))


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def _forget_peak() -> None:
    """What was made ready before does not count (where the system can be told so)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss begins at what the process had before it became this one
        lines = status.read_text("utf-8").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
