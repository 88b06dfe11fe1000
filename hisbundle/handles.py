"""File handles: as many as the system grants, for every connection takes one."""

import contextlib
import resource

WANTED = 65_536


def raise_handle_limit() -> int:
    """Raise the soft limit of open files towards the hard one (setrlimit(2)); the new limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # some systems grant less than they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
