"""Executor: where and in which order calls are made. A new one is one file here."""

from collections.abc import Generator, Iterator
from typing import Protocol

from neurochain.chain.functions.call import Call
from neurochain.chain.functions.calling import Manner
from neurochain.chain.functions.chunk import Chunk, Outcome
from neurochain.chain.functions.output import Output


class Executor(Protocol):
    """Makes calls."""

    def calls_per_chunk(self, left: int) -> int:
        """Calls that should go together, of so many that are left."""
        ...

    def run(
        self, call: Call, output: Output, manner: Manner, chunks: Iterator[Chunk]
    ) -> Generator[tuple[Chunk, Outcome]]:
        """Make the calls of all chunks.

        Parameters
        ----------
        call : Call
            What is called.
        output : Output
            Columns of the results; it has learned from all outcomes that were given.
        manner : Manner
            How.
        chunks : iterator of Chunk
            Taken as they are needed; one without calls is given back at once, with an empty outcome.

        Yields
        ------
        tuple of Chunk and Outcome
            In the order of the chunks. A chunk may come in several pieces, each with what it gave.
        """
        ...
