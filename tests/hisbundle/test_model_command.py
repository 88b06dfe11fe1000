"""``hisbundle model``, without AWS: what it asks for first."""

import pytest

from core.errors import Incorrect
from core.settings import Settings
from hisbundle.sagemaker import capacity_of, endpoint_of, place_of

COMPLETE = {
    "sagemaker_endpoint": "beats",
    "sagemaker_bucket": "models",
    "sagemaker_role_arn": "arn:aws:iam::123456789012:role/x",
    "sagemaker_image": "image:1",
}


@pytest.mark.parametrize("name", COMPLETE)
def test_each_setting_that_lacks_is_told_by_name(name: str) -> None:
    settings = Settings.model_validate(COMPLETE | {name: None})
    with pytest.raises(Incorrect, match=f"HISBUNDLE_{name.upper()} is not set"):
        place_of(settings)


def test_what_is_set_is_used() -> None:
    settings = Settings.model_validate(COMPLETE | {"sagemaker_tags": {"b": "2", "a": "1"}})
    assert place_of(settings).tags == (("a", "1"), ("b", "2"))
    assert endpoint_of(settings) == "beats"
    assert capacity_of(settings).capture_percent == 0


def test_bounds_that_contradict_each_other() -> None:
    settings = Settings.model_validate({"sagemaker_instances_min": 3, "sagemaker_instances_max": 2})
    with pytest.raises(Incorrect, match="HISBUNDLE_SAGEMAKER_INSTANCES_MIN"):
        capacity_of(settings)
