import resource

from hisbundle.handles import WANTED, raise_handle_limit


def test_the_soft_limit_rises_to_what_is_granted_and_never_falls() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
        granted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
        assert raise_handle_limit() == granted
        assert raise_handle_limit() == granted
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
