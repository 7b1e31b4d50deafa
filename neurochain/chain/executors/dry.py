"""DryExecutor: calls nothing. Each call counts as one that failed, so that its row goes no further."""

from collections.abc import Generator, Iterator

from neurochain.chain.functions.call import Call
from neurochain.chain.functions.calling import Manner
from neurochain.chain.functions.chunk import Chunk, Failure, Outcome
from neurochain.chain.functions.output import Output


class DryExecutor:
    """Counts the calls that would be made."""

    def calls_per_chunk(self, left: int) -> int:
        """As in `Executor`."""
        return left

    def run(
        self, call: Call, output: Output, manner: Manner, chunks: Iterator[Chunk]
    ) -> Generator[tuple[Chunk, Outcome]]:
        """As in `Executor`."""
        for chunk in chunks:
            numbers = chunk.numbers.tolist()
            failures = [Failure(i, number, (), "", "", "") for i, number in enumerate(numbers)]
            yield chunk, Outcome(done=chunk.calls, failures=failures)
