"""Names that AWS takes, whatever the weights are called."""

import re

from hypothesis import given
from hypothesis import strategies as st

from analysis.remote.names import variant_name

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
_VALID = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")


@given(st.from_regex(r"[a-z][a-z0-9._-]{0,80}", fullmatch=True))
def test_a_variant_has_a_valid_name(model_id: str) -> None:
    name = variant_name(model_id)
    assert _VALID.fullmatch(name)
    assert len(name) <= 63
    assert variant_name(f"{'a' * 62}.{model_id}") == "a" * 62
