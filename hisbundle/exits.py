"""Exit codes of the ``hisbundle`` command.

0 done, or stopped as asked; 1 a fault of ours; 2 a wrong option or setting, or a file or
folder that cannot be used;
3 a port is taken; 4 the data folder is in use by another service;
5 something that the service depends on is away (Postgres, a key vault, a broker).
"""

import errno

from core.errors import Conflict, HisbundleError, Incorrect, NotFound, Unavailable

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FAULT, USAGE, PORT_TAKEN, IN_USE, AWAY = 1, 2, 3, 4, 5


class PortTaken(Conflict):
    """Another process listens on the address that we were told to listen on."""


_CODES: tuple[tuple[type[HisbundleError], int], ...] = (
    (PortTaken, PORT_TAKEN),
    (Conflict, IN_USE),
    (Unavailable, AWAY),
    (Incorrect, USAGE),
    (NotFound, USAGE),
)


def exit_code(error: BaseException) -> int:
    """The exit code for an error, or for the first of a group that has one of its own."""
    if isinstance(error, BaseExceptionGroup):
        codes = [exit_code(inner) for inner in error.exceptions]
        return next((code for code in codes if code != FAULT), FAULT)
    if _is_of_a_file(error):
        return USAGE
    return next((code for kind, code in _CODES if isinstance(error, kind)), FAULT)


def is_expected(error: BaseException) -> bool:
    """Whether a message says it all, or a traceback is wanted."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_expected(inner) for inner in error.exceptions)
    return exit_code(error) != FAULT


def message(error: BaseException) -> str:
    """What to tell the user, one line per error."""
    if isinstance(error, BaseExceptionGroup):
        return "\n".join(message(inner) for inner in error.exceptions)
    if isinstance(error, OSError) and _is_of_a_file(error):
        named = (error.filename, error.strerror)
        return ": ".join(str(each) for each in named if each is not None)
    return str(error)


def _is_of_a_file(error: BaseException) -> bool:
    """Whether the operating system refused a path, as for a data folder that is read-only.

    A disk that is full refuses without a name.
    """
    return isinstance(error, OSError) and (error.filename is not None or error.errno in _FULL)
