"""Lookup: where in a ledger's parts the results of some arguments stand.

Held in memory are 16 bytes per result, whatever the results are; they themselves are read from the parts for the
arguments that are asked for. A result is taken only where all 16 bytes of the hash of its arguments agree.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from neurochain.datasets.conversion import convert
from neurochain.datasets.hidden import ARG, ORDINAL
from neurochain.datasets.parts import part_path, scan_parts
from neurochain.datasets.project import Project
from neurochain.datasets.schema import Schema

IN_MEMORY = 64_000_000  # bytes of parts that are read once instead of once per question
GAP = 65_536  # rows that are read in vain rather than begin anew
SPAN = 1_000_000  # rows that are read at once
_ODD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
Numbers = np.ndarray[Any, Any]


class Lookup:
    """Results by the hash of their arguments.

    Parameters
    ----------
    project : Project
    parts : sequence of (str, Schema)
        Parts of the ledger, older ones first, with their schemas.
    schema : Schema
        That of the results that are given back; it holds all others.
    hidden : mapping
        Hidden columns of the parts, with their dtypes.
    """

    def __init__(
        self, project: Project, parts: Sequence[tuple[str, Schema]], schema: Schema, hidden: Mapping[str, Any]
    ) -> None:
        self.schema = schema
        self._project, self._parts, self._hidden = project, parts, hidden
        self._many = ORDINAL in hidden
        size = sum(part_path(project, part).stat().st_size for part, _ in parts)
        self._kept: dict[int, pl.DataFrame] | None = {} if size < IN_MEMORY else None
        self._build()

    def _build(self) -> None:
        """Sort the hashes of all results; of those that were computed twice, the last counts."""
        hashes: list[Numbers] = []
        firsts: list[Numbers] = []
        offsets = [0]
        for part, _ in self._parts:
            names = [ARG, ORDINAL] if self._many else [ARG]
            column = pl.read_parquet(part_path(self._project, part), columns=names)
            at = np.arange(column.height)
            if self._many:
                at = np.flatnonzero((column[ORDINAL].fill_null(0) == 0).to_numpy())
            hashes.append(_mixed(column[ARG].gather(at) if self._many else column[ARG]))
            firsts.append(at + offsets[-1])
            offsets.append(offsets[-1] + column.height)
        self._offsets = np.array(offsets)
        first = np.concatenate(firsts) if firsts else np.empty(0, np.int64)
        hashed = np.concatenate(hashes) if hashes else np.empty(0, np.uint64)
        order = np.argsort(hashed, kind="stable")
        hashed = hashed[order]
        last = np.ones(len(hashed), bool)
        last[:-1] = hashed[1:] != hashed[:-1]
        self._hashes = hashed[last]
        if self._many:
            counts = np.diff(np.append(first, offsets[-1]))
            self._counts = counts[order][last]
        self._first = first[order][last]

    def __len__(self) -> int:
        return len(self._hashes)

    def find(self, digests: pl.Series) -> tuple[Numbers, pl.DataFrame]:
        """Results of some arguments.

        Parameters
        ----------
        digests : Series of Binary
            Hashes of arguments.

        Returns
        -------
        which : ndarray, int64
            Number of the digest that each result belongs to, rising.
        frame : DataFrame
            The results: hidden and flat columns.
        """
        asked = _mixed(digests)
        at = np.searchsorted(self._hashes, asked)
        at[at == len(self._hashes)] = 0
        hit = np.flatnonzero(self._hashes[at] == asked) if len(self._hashes) else np.empty(0, np.int64)
        which, rows = hit, self._first[at[hit]]
        if self._many and len(hit):
            counts = self._counts[at[hit]]
            which = np.repeat(hit, counts)
            rows = np.repeat(rows - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
        if not len(rows):
            return which, pl.DataFrame(schema={**self._hidden, **self.schema.leaves()})
        frame = self._rows(rows)
        same = frame[ARG] == digests.gather(which)
        return (which, frame) if same.all() else (which[same.to_numpy()], frame.filter(same))

    def _rows(self, rows: Numbers) -> pl.DataFrame:
        """Rows of the parts by their numbers, in the order of the numbers given."""
        order = np.argsort(rows, kind="stable")
        ordered = rows[order]
        frames = [self._slice(span) for span in self._spans(ordered)]
        frame = pl.concat(frames)
        if (order[1:] > order[:-1]).all():
            return frame
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        return frame[back]

    def _spans(self, ordered: Numbers) -> Iterator[Numbers]:
        """Rows that are read together: of one part, and near each other."""
        part = np.searchsorted(self._offsets, ordered, side="right")
        breaks = np.flatnonzero((np.diff(part) != 0) | (np.diff(ordered) > GAP)) + 1
        for piece in np.split(ordered, breaks):
            spans = (piece - piece[0]) // SPAN
            yield from np.split(piece, np.flatnonzero(np.diff(spans)) + 1)

    def _slice(self, rows: Numbers) -> pl.DataFrame:
        number = int(np.searchsorted(self._offsets, rows[0], side="right")) - 1
        local = rows - self._offsets[number]
        part, schema = self._parts[number]
        if self._kept is not None:
            if number not in self._kept:
                whole = scan_parts(self._project, [part], schema, hidden=self._hidden).collect()
                self._kept[number] = convert(whole, schema, self.schema)
            frame, first = self._kept[number], 0
        else:
            first = int(local[0])
            lazy = scan_parts(self._project, [part], schema, hidden=self._hidden)
            frame = convert(lazy.slice(first, int(local[-1]) - first + 1).collect(), schema, self.schema)
        picked = local - first
        dense = len(picked) == frame.height and first == int(local[0])
        out = frame if dense else frame[picked]
        return out.select([*self._hidden, *self.schema.leaves()])


def _mixed(digests: pl.Series) -> Numbers:
    """One number for each hash."""
    halves = digests.bin.reinterpret(dtype=pl.Array(pl.UInt64, 2), endianness="little").to_numpy()
    mixed = halves[:, 0] * _ODD[0] ^ (halves[:, 1] * _ODD[1])
    out: Numbers = mixed ^ (mixed >> np.uint64(29))
    return out
