import pytest

from core.errors import Incorrect
from fhir.bulk.parameters import Wanted, parse

BASE = "https://ecg.test/fhir"


@pytest.mark.parametrize("name", ["application/fhir+ndjson", "application/ndjson", "ndjson"])
def test_three_names_of_one_format(name: str) -> None:
    assert parse([("_outputFormat", name)], BASE) == Wanted()


def test_another_format_is_refused() -> None:
    with pytest.raises(Incorrect, match="_outputFormat"):
        parse([("_outputFormat", "application/fhir+parquet")], BASE)
