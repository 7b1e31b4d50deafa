"""LocalExecutor: on this machine; in this process while work is small, in worker processes when it is not."""

from neurochain.chain.executors import Executor
from neurochain.chain.executors.inline import InlineExecutor
from neurochain.chain.run import Run


def executor_for(run: Run) -> Executor:
    """Executor that the run's settings ask for."""
    return InlineExecutor()
