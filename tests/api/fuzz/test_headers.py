"""Headers, ids and addresses of random bytes."""

from urllib.parse import quote_from_bytes

from hypothesis import given
from hypothesis import strategies as st

from tests.api.fuzz.support import Wire, beside, bounded, words

EXAMPLES = 150
HEADERS = words(
    "accept accept-charset accept-encoding accept-language content-type content-encoding host"
    " if-match if-none-match if-modified-since if-unmodified-since if-none-exist prefer range"
    " x-request-id x-break-glass x-forwarded-for x-forwarded-host expect transfer-encoding cookie"
    " content-length origin authorization"
)
VALUES = [
    "*", "*/*;q=0", "application/fhir+json;q=2", "application/fhir+xml", "text/html,*/*",
    "application/fhir+json; charset=\"", "application/json;fhirVersion=5.0", 'W/"1"', '"', "W/",
    'W/"99999999999999999999"', "*,*", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
    "Sun, 06 Nov 1994 08:49:37 -9999", "identifier=urn:mrn|M0", "Patient?identifier=M0", "?",
    "return=minimal", "return=OperationOutcome", "respond-async", "handling=lenient;return=minimal",
    "bytes=0-", "bytes=5-1,-", "-1", "NaN", "chunked", "gzip", "[", "ecg.test:99999", "a@b:c/d",
    "A reason that is long enough", "Bearer", "Bearer x.y.z", "\r\nX-Injected: 1",
]  # fmt: skip
header = st.tuples(
    st.sampled_from(HEADERS),
    (st.sampled_from(VALUES) | st.text(max_size=20)).map(lambda t: t.encode("utf-8", "replace"))
    | st.binary(max_size=30),
)
METHODS = ["GET"] * 6 + ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "x\x00"]
SEGMENTS = words(
    "fhir Patient Observation Binary Group AuditEvent DiagnosticReport Unicorn p0 o00 r0 s0-pdf"
    " r0-svg r0-hl7 s0-wfdb _history 1 0 -1 99999999999999999999 _search _jobs x.ndjson 1.ndjson"
    " $everything $export $lastn $spectrum $document $validate metadata metrics health auth token"
    " enrolment key docs openapi.json .well-known smart-configuration .. . %2e%2e %2f %00 %ff %25"
    " ; ? # é"
)
segment = st.sampled_from(SEGMENTS) | st.binary(max_size=6).map(quote_from_bytes)
USUAL = ("/fhir/Patient/p0", "/fhir/Patient", "/fhir/Observation/s0", "/fhir/Binary/r0-svg",
         "/fhir", "/fhir/Patient/p0/$everything", "/fhir/metadata", "/metrics")  # fmt: skip
address = st.sampled_from(USUAL) | st.lists(segment, max_size=6).map(
    lambda parts: "/fhir/" + "/".join(parts)
)


async def test_random_headers_and_addresses(wire: Wire) -> None:
    send = wire.through()

    @bounded(EXAMPLES)
    @given(st.sampled_from(METHODS), address, st.lists(header, max_size=4), st.binary(max_size=9))
    def search(method: str, path: str, headers: list[tuple[str, bytes]], body: bytes) -> None:
        answer = send(method, path, headers, body)
        assert "x-injected" not in answer.headers
        assert all("\r" not in value and "\n" not in value for value in answer.headers.values())

    await beside(search)
