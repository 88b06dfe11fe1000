"""The courier of HL7 v2 messages, as the settings have it."""

import ssl

from core.errors import Incorrect
from fhir.publishing.courier import Courier, Receiver
from hisbundle.parts import Parts


def courier(parts: Parts) -> Courier | None:
    """Who brings messages to the hospital; None where nobody takes them. Raises Incorrect."""
    settings = parts.settings
    if settings.hl7v2_host is None:
        return None
    tls = None
    if settings.hl7v2_tls:
        try:
            tls = ssl.create_default_context(cafile=settings.hl7v2_ca_file)
        except OSError as error:
            raise Incorrect(f"HISBUNDLE_HL7V2_CA_FILE: {error}") from error
    return Courier(parts.database, Receiver(settings.hl7v2_host, settings.hl7v2_port, tls))
