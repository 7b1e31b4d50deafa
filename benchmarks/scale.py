"""Scale: how much the selective comparisons do, all of it or a share to try them."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Scale:
    """Share of the full amounts.

    Attributes
    ----------
    share : float
        1 for the published figures.
    """

    share: float = 1.0

    def of(self, full: int, least: int = 2) -> int:
        """As many as that, or the share of it.

        Examples
        --------
        >>> Scale(0.01).of(10_000)
        100
        """
        return max(min(least, full), round(full * self.share))


def linked(folder: Path, target: Path, count: int) -> Path:
    """Folder with hard links to the first files of another, for those who would need hours for all of them.

    Parameters
    ----------
    folder : Path
        Of folders of files.
    target : Path
        Made here.
    count : int
        How many files.
    """
    for path in sorted(p for p in folder.rglob("*") if p.is_file())[:count]:
        link = target / path.relative_to(folder)
        link.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, link)
    return target
