"""`python -m caffe_runner`."""

import signal
import sys


def _start() -> int:
    # Until the command line takes over, while modules are still being read, a Ctrl-C ends the process without a word.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from caffe_runner.cli import main

    return main()


sys.exit(_start())
