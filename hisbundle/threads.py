"""How the threads of the service share the interpreter."""

import sys

SWITCH_S = 0.001
"""For so long a thread that computes keeps the others waiting; Python's own is 5 ms."""


def share_fairly() -> None:
    """Let what answers the network take its turn soon, while analysis computes.

    Every step between an alert and who is told of it waits for this
    (https://docs.python.org/3/library/sys.html#sys.setswitchinterval).
    """
    sys.setswitchinterval(SWITCH_S)
