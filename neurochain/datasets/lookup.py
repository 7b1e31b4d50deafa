"""Lookup: where in a ledger's parts the results of some arguments stand.

Held in memory are 12 bytes per result, whatever the results are; they themselves are read from the parts for the
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
ROWS_IN_MEMORY = 500_000  # and their rows, which may be compressed a hundredfold
GAP = 65_536  # rows that are read in vain rather than begin anew
SPAN = 1_000_000  # rows that are read at once
_ODD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
Numbers = np.ndarray[Any, Any]


class Lookup:
    """Results by the hash of their arguments.

    Parameters
    ----------
    project : Project
    parts : sequence of (str, Schema, int)
        Parts of the ledger, older ones first, with their schemas and rows.
    schema : Schema
        That of the results that are given back; it holds all others.
    hidden : mapping
        Hidden columns of the parts, with their dtypes.
    """

    def __init__(
        self,
        project: Project,
        parts: Sequence[tuple[str, Schema, int]],
        schema: Schema,
        hidden: Mapping[str, Any],
    ) -> None:
        self.schema = schema
        self._project, self._parts, self._hidden = project, parts, hidden
        self._many = ORDINAL in hidden
        size = sum(part_path(project, part).stat().st_size for part, _, _ in parts)
        few = size < IN_MEMORY and sum(rows for _, _, rows in parts) < ROWS_IN_MEMORY
        self._kept: dict[int, pl.DataFrame] | None = {} if few else None
        self._build()

    def _build(self) -> None:
        """Sort the hashes of all results; of those that were computed twice, the last counts."""
        total = sum(rows for _, _, rows in self._parts)
        kind = np.uint32 if total < 2**32 else np.uint64
        hashes, first = np.empty(total, np.uint64), np.empty(total, kind)
        offsets, count = [0], 0
        for part, _, _ in self._parts:
            names = [ARG, ORDINAL] if self._many else [ARG]
            column = pl.read_parquet(part_path(self._project, part), columns=names)
            args = column[ARG]
            at = np.arange(column.height)
            if self._many:  # the results of a call stand together, the one without a number or with 0 first
                at = np.flatnonzero((column[ORDINAL].fill_null(0) == 0).to_numpy())
                args = args.gather(at)
            hashes[count : count + len(at)] = _mixed(args)
            first[count : count + len(at)] = at + offsets[-1]
            count += len(at)
            offsets.append(offsets[-1] + column.height)
        self._offsets = np.array(offsets)
        order = np.argsort(hashes[:count], kind="stable")
        sizes = np.diff(np.append(first[:count], kind(total)))[order] if self._many else None
        hashes, first = hashes[:count][order], first[:count][order]
        last = np.ones(count, bool)
        last[:-1] = hashes[1:] != hashes[:-1]
        if not last.all():
            hashes, first = hashes[last], first[last]
            sizes = sizes[last] if sizes is not None else None
        self._hashes, self._first, self._sizes = hashes, first, sizes

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
        which, rows = hit, self._first[at[hit]].astype(np.int64)
        if self._sizes is not None and len(hit):
            counts = self._sizes[at[hit]].astype(np.int64)
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
        part, schema, _ = self._parts[number]
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
        dense = len(picked) == frame.height and picked[0] == 0 and bool((np.diff(picked) == 1).all())
        out = frame if dense else frame[picked]
        return out.select([*self._hidden, *self.schema.leaves()])


def _mixed(digests: pl.Series) -> Numbers:
    """One number for each hash."""
    halves = digests.bin.reinterpret(dtype=pl.Array(pl.UInt64, 2), endianness="little").to_numpy()
    mixed = halves[:, 0] * _ODD[0] ^ (halves[:, 1] * _ODD[1])
    out: Numbers = mixed ^ (mixed >> np.uint64(29))
    return out
