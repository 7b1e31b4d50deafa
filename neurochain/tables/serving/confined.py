"""Confined: begin a program that ends when its parent does, and can write no file. Run as a script: PARENT PROGRAM ARGUMENTS….

It stands by itself, since it runs before the program in a bare interpreter.
"""

import os
import sys


def main() -> None:
    """Confine this process, and become the program."""
    parent, program = int(sys.argv[1]), sys.argv[2]
    if sys.platform == "linux":
        import ctypes  # only where the call below is
        import resource  # not on Windows
        import signal  # for the signals' numbers alone

        set_death_signal = 1  # PR_SET_PDEATHSIG, prctl(2)
        ctypes.CDLL(None, use_errno=True).prctl(set_death_signal, signal.SIGKILL, 0, 0, 0)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write fails instead of killing
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if os.getppid() == parent:
        os.execv(program, sys.argv[2:])


if __name__ == "__main__":
    main()
