"""Channels by name: from labels and indices to the channels that are meant."""

from collections.abc import Iterable, Sequence
from operator import index as as_int

from neurochain.errors import ColumnExistsError, ColumnNotFoundError, ShapeError, suggestion

__all__ = ["channel_index", "channel_indices"]


def channel_index(wanted: str | int, labels: Sequence[str], name: str) -> int:
    """Index of the channel that a label or an index means.

    Parameters
    ----------
    wanted : str or int
        Label, or index; negative ones count from the end.
    labels : sequence of str
        Of all channels.
    name : str
        Of the recording, for messages.

    Raises
    ------
    ColumnNotFoundError
        No channel, or more than one, has this label.
    IndexError
        There are not so many channels.
    TypeError
        It is neither a label nor an index.

    Examples
    --------
    >>> channel_index("Cz", ["Fz", "Cz"], "the recording")
    1
    """
    if not isinstance(wanted, str):
        if isinstance(wanted, bool):
            raise TypeError(f"{wanted!r} is no channel of {name}: name it by its label or its index.")
        at = as_int(wanted)
        if not -len(labels) <= at < len(labels):
            raise IndexError(f"{name} has {len(labels)} channels: there is no index {at}.")
        return at % len(labels)
    if labels.count(wanted) == 1:
        return labels.index(wanted)
    if wanted in labels:
        at_each = [i for i, label in enumerate(labels) if label == wanted]
        raise ColumnNotFoundError(
            f"{name} has several channels {wanted!r}: use one of the indices {at_each}."
        )
    raise ColumnNotFoundError(f"{name} has no channel {wanted!r}. {suggestion(wanted, labels)}")


def channel_indices(wanted: Iterable[str | int], labels: Sequence[str], name: str) -> tuple[int, ...]:
    """Indices of several channels, in the order in which they are named.

    Raises
    ------
    ColumnNotFoundError, IndexError, TypeError
        As `channel_index`.
    ColumnExistsError
        A channel is named twice.
    ShapeError
        None is named.

    Examples
    --------
    >>> channel_indices(["O2", 0], ["Fp1", "O1", "O2"], "the recording")
    (2, 0)
    """
    if isinstance(wanted, str):
        raise TypeError(f"Channels are named in a list: [{wanted!r}].")
    found: dict[int, str | int] = {}
    for one in wanted:
        index = channel_index(one, labels, name)
        if index in found:
            both = f"{found[index]!r} and {one!r}" if found[index] != one else f"{one!r}, twice"
            raise ColumnExistsError(
                f"Channel {index} ({labels[index]!r}) of {name} is named by {both}. Name each channel once."
            )
        found[index] = one
    if not found:
        raise ShapeError(f"No channel of {name} is named. Name one at least.")
    return tuple(found)
