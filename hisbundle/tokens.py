"""Development tokens, signed with the key of the data folder."""

from collections.abc import Sequence

from api.tokens import KEY_FILE, issue, load_or_create_key
from core.settings import Settings

DEFAULT_SCOPES = ("system/*.rs", "system/Device.c")
"""Read everything, enrol devices."""


def development_token(
    settings: Settings, scopes: Sequence[str] | None = None, life_s: int | None = None
) -> str:
    """A bearer token for the service on ``settings.data_dir``; its life is a setting too."""
    key = load_or_create_key(settings.data_dir / KEY_FILE)
    return issue(key, scopes or DEFAULT_SCOPES, life_s or settings.token_life_s)
