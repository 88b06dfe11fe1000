"""How long work is told to whoever watches it."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Is told what is worked on, how much of it is ready, and of how much."""


def untold(_what: str, _done: int, _total: int) -> None:
    """For work that nobody watches."""
