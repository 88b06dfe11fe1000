from fhir.bulk.attachments import absolute

BASE = "https://ecg.test/fhir"


def test_only_addresses_of_files_change_and_digits_stay() -> None:
    body = b'{"content":[{"attachment":{"url":"Binary/a-pdf","size":1.50}}],"about":"Binary/a"}'
    made = absolute(body, BASE)
    assert made == body.replace(b'"url":"Binary', b'"url":"https://ecg.test/fhir/Binary')


def test_what_is_absolute_or_names_no_file_stays() -> None:
    for body in (b'{"url":"https://a.test/Binary/x"}', b'{"url":"urn:x"}', b'{"valueDecimal":1.0}'):
        assert absolute(body, BASE) == body
