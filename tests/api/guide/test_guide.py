from pathlib import Path

import pytest
from lxml import html

from api.guide.page import EXAMPLES, examples
from fhir.profiles.structures import PROFILES
from tests.api.support import BASE, Client

GOLDEN = Path(__file__).parents[2] / "fhir" / "golden"


async def test_the_guide_tells_all_that_is_declared(stranger: Client) -> None:
    answer = await stranger.http.get("/docs/fhir")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = html.fromstring(answer.content)
    text = page.text_content()
    statement = (await stranger.get("metadata")).json()
    for resource in statement["rest"][0]["resource"]:
        assert page.get_element_by_id(f"type-{resource['type']}") is not None
        for param in resource.get("searchParam", []):
            assert param["name"] in text
    for profile in PROFILES:
        assert page.get_element_by_id(f"profile-{profile.id}") is not None
    assert BASE in text
    anchors = {str(link.get("href")) for link in page.iter("a")}
    assert all(page.get_element_by_id(anchor[1:]) is not None for anchor in anchors)


@pytest.mark.parametrize("name", sorted(examples()))
def test_examples_are_what_the_tests_expect(name: str) -> None:
    shown, golden = (folder / f"{name}.json" for folder in (EXAMPLES, GOLDEN))
    assert shown.read_bytes() == golden.read_bytes(), f"copy {golden} to {shown}"


async def test_a_host_name_cannot_bring_markup_along(stranger: Client) -> None:
    answer = await stranger.http.get("/docs/fhir", headers={"Host": "a<script>alert(1)</script>"})
    assert b"<script" not in answer.content
