import pytest
from pydantic import ValidationError

from core.settings import Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ingest_linger_ms", "inf"),
        ("ingest_linger_ms", "1e9"),
        ("key_cache_ttl_s", "inf"),
        ("gap_wait_s", "nan"),
        ("mqtt_session_expiry_s", str(2**32)),
        ("mqtt_client_id", ""),
    ],
)
def test_nonsense_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValidationError, match=name):
        Settings(**{name: value})  # type: ignore[arg-type]
