"""Timeline: several recordings on one clock.

Called as a function, ``neurochain.timeline(ephys=…, video=…)`` puts streams on one clock: see `making.timeline`.
"""

import sys
from types import ModuleType
from typing import Any


class _Package(ModuleType):
    """Package that can be called: its name and that of the public function are one attribute of `neurochain`."""

    def __call__(self, *streams: Any, **named: Any) -> Any:
        """Streams of several devices on one clock; as `neurochain.timeline.making.timeline`."""
        from neurochain.timeline.making import timeline  # formats and chain come with the first timeline

        return timeline(*streams, **named)


sys.modules[__name__].__class__ = _Package
