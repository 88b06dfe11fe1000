"""Who HL7 v2 messages are from and for, by the settings."""

from api.site import FHIR_PATH
from core.settings import Settings
from fhir.hl7v2.message import Letterhead


def letterhead(settings: Settings) -> Letterhead:
    """The letterhead; messages link to a report's PDF only where our public URL is known."""
    return Letterhead(
        application=settings.hl7v2_application,
        facility=settings.hl7v2_facility,
        to_application=settings.hl7v2_to_application,
        to_facility=settings.hl7v2_to_facility,
        base=settings.public_url.rstrip("/") + FHIR_PATH if settings.public_url else None,
    )
