"""InlineExecutor: in this process. For small work, and for debugging."""

from collections.abc import Callable, Generator, Iterator

from neurochain.chain.functions.call import Call
from neurochain.chain.functions.calling import Caller, Manner
from neurochain.chain.functions.chunk import Chunk, Outcome
from neurochain.chain.functions.output import Output

REMEMBER_SECONDS = 3.0  # of work that a kill may lose


class InlineExecutor:
    """Calls the function here and now."""

    def calls_per_chunk(self, left: int) -> int:
        return left

    def run(
        self, call: Call, output: Output, manner: Manner, chunks: Iterator[Chunk]
    ) -> Generator[tuple[Chunk, Outcome]]:
        caller = InlineCaller(call, output, manner)
        for chunk in chunks:
            yield from caller.run(chunk, lambda: REMEMBER_SECONDS)


class InlineCaller:
    """Calls in this process, for the executors that make some of them here."""

    def __init__(self, call: Call, output: Output, manner: Manner) -> None:
        self._given = call, output, manner
        self._caller: Caller | None = None

    def run(self, chunk: Chunk, seconds: Callable[[], float]) -> Iterator[tuple[Chunk, Outcome]]:
        """All calls of a chunk, in pieces of about some seconds."""
        if not chunk.calls:
            yield chunk, Outcome()
        while chunk.calls:
            outcome = self.caller.run(chunk, seconds())
            piece, chunk = chunk.slice(0, outcome.done), chunk.slice(outcome.done)
            yield piece, outcome

    @property
    def caller(self) -> Caller:
        """Made at the first call: a setup() may take long, and there may be no calls."""
        if self._caller is None:
            call, output, manner = self._given
            self._caller = Caller(call, call.udf.prepared(), output, manner)
        return self._caller
