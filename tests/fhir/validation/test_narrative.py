"""What a narrative may hold: nothing that acts, nothing that is fetched."""

import pytest

from fhir.validation.narrative import MAX_DIV, problem

XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'
GOOD = (
    "text",
    "<p>a <b>b</b> &amp; &#169;</p>",
    '<table class="x"><tr><td colspan="2">a</td></tr></table>',
    '<a href="https://example.org/x">a</a> <a href="#b">b</a> <a name="c">c</a>',
    '<a href="Organization/a-1">a</a> <a href="Patient/a/_history/2">b</a>',
    '<a href="HTTPS://example.org/x">a</a>',
    '<p style="color: #a00; font-weight: bold; width: 50%" xml:lang="de">a</p>',
    'a <img src="data:image/png;base64,AAAA" alt="b"/>',
)
BAD = (
    "", " ", "<p/>", '<img src="data:image/png;base64,AAAA"/>',
    "<script>alert(1)</script>a", "<SCRIPT>a</SCRIPT>", "<style>a</style>", "<form>a</form>",
    "<iframe>a</iframe>", "<object>a</object>", "<svg>a</svg>", "<body>a</body>", "<input/>a",
    '<x xmlns="urn:x">a</x>', '<script xmlns="">a</script>',
    '<b onclick="x">a</b>', '<b OnClick="x">a</b>', '<b xmlns:x="urn:x" x:href="y">a</b>',
    '<a href="javascript:alert(1)">a</a>', '<a href=" JaVaScript:alert(1)">a</a>',
    '<a href="java&#10;script:alert(1)">a</a>', '<a href="data:text/html,a">a</a>',
    '<a href="//example.org">a</a>', '<a href="vbscript:a">a</a>',
    '<img src="https://example.org/pixel.png"/>a', '<img src="data:image/svg+xml;base64,AA"/>a',
    '<p style="background: url(x)">a</p>', '<p style="width: expression(1)">a</p>',
    '<p style="position: fixed">a</p>', '<p style="b\\65 havior: a">a</p>',
    "&nbsp;", "<!-- a -->b", "<![CDATA[a]]>", "<?xml-stylesheet href='a'?>b", "<p>a", "a & b",
)  # fmt: skip


@pytest.mark.parametrize("inner", GOOD)
def test_text_and_its_form_are_accepted(inner: str) -> None:
    assert problem(f"<div {XHTML}>{inner}</div>") is None


@pytest.mark.parametrize("inner", BAD)
def test_anything_else_is_refused(inner: str) -> None:
    assert problem(f"<div {XHTML}>{inner}</div>")


@pytest.mark.parametrize(
    "div",
    [
        "<div>a</div>",
        f"<p {XHTML}>a</p>",
        f"<!DOCTYPE div [<!ENTITY a 'b'>]><div {XHTML}>&a;</div>",
        f"<div {XHTML}>{'a' * MAX_DIV}</div>",
        f"<div {XHTML} onload='x'>a</div>",
        f"<div {XHTML}>" + "<b>" * 300 + "a" + "</b>" * 300 + "</div>",
        "a",
    ],
)
def test_so_is_what_is_no_div(div: str) -> None:
    assert problem(div)
