"""Bars: a histogram, as small as a word."""

from collections.abc import Sequence

from neurochain.pictures.words import escaped

__all__ = ["bars_svg"]


def bars_svg(counts: Sequence[int], said: str, width: int = 150, height: int = 30) -> str:
    """Bars of counts; a bar of few is still seen.

    Parameters
    ----------
    counts : sequence of int
        Of each bin.
    said : str
        The same in words, for those who do not see it.
    width, height : int
        Pixels.

    Examples
    --------
    >>> bars_svg([1, 4], "from 0 to 1", 20, 10).count("<path")
    1
    """
    most = max(counts, default=0)
    if not most:
        return ""
    step = 1000 / len(counts)
    path = []
    for i, count in enumerate(counts):
        if count:
            tall = max(round(100 * count / most), 4)
            path.append(f"M{round(i * step)} 100v-{tall}h{max(round(step * 0.86), 1)}v{tall}z")
    return (
        f'<svg role="img" aria-label="{escaped(said)}" width="{width}" height="{height}" viewBox="0 0 1000 100" '
        f'preserveAspectRatio="none" class="bars"><path d="{"".join(path)}" fill="currentColor"/></svg>'
    )
