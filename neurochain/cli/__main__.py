"""``python -m neurochain.cli``."""

from neurochain.cli import main

main()
