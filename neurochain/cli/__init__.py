"""The command line: ``neurochain …``."""

import sys


def main() -> None:
    """Run the command line; errors of ours are one message, without a traceback."""
    from neurochain.cli.app import main as run  # typer and rich cost 0.2 s, and only a shell wants them

    run()


def neuro_align() -> None:
    """Run ``neurochain align``, which is called ``neuro-align`` too."""
    sys.argv[1:1] = ["align"]
    main()
