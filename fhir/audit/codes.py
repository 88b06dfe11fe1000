"""Codes of AuditEvents (https://hl7.org/fhir/R4/auditevent.html; IHE BALP 1.1.4)."""

from fhir.codes import BASE, Code

_HL7 = "http://terminology.hl7.org/CodeSystem"
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_IHE = "https://profiles.ihe.net/ITI/BALP"
_BALP = "IHE BALP 1.1.4"

PROFILE = f"{_IHE}/StructureDefinition/IHE.BasicAudit."
CLIENT_SID = f"{BASE}/sid/client"
"""Identifier system of registered clients."""
SERVER_SID = f"{BASE}/sid/server"
"""Identifier system of servers: their base URL."""
JTI = "urn:ietf:params:oauth:jti:"
"""RFC 9068's name for a token's id, as BALP's policy of the user agent."""
INTERACTIONS = "http://hl7.org/fhir/restful-interaction"
LOCAL = f"{BASE}/CodeSystem/audit"
"""Interactions that FHIR has no code for."""

REST = Code(f"{_HL7}/audit-event-type", "rest", "Restful Operation", _BALP)
AUTHENTICATION = Code(_DCM, "110114", "User Authentication", "IHE IUA ITI-71")
GET_TOKEN = Code("urn:ihe:event-type-code", "ITI-71", "Get Access Token", "IHE IUA")
SOURCE = Code(_DCM, "110153", "Source Role ID", _BALP)
DESTINATION = Code(_DCM, "110152", "Destination Role ID", _BALP)
APPLICATION = Code(_DCM, "110150", "Application", f"{_BALP}, Delete")
CUSTODIAN = Code(
    f"{_HL7}/provenance-participant-type", "custodian", "Custodian", f"{_BALP}, Delete"
)
OAUTH_AGENT = Code(
    f"{_IHE}/CodeSystem/UserAgentTypes", "UserOauthAgent", "User OAuth Agent participant", _BALP
)
OAUTH_SERVER = Code(
    f"{_IHE}/CodeSystem/UserAgentTypes", "AuthzOauthService", "OAuth authorization server", _BALP
)
PERSON = Code(f"{_HL7}/audit-entity-type", "1", "Person", _BALP)
OBJECT = Code(f"{_HL7}/audit-entity-type", "2", "System Object", _BALP)
PATIENT = Code(f"{_HL7}/object-role", "1", "Patient", _BALP)
DOMAIN_RESOURCE = Code(f"{_HL7}/object-role", "4", "Domain Resource", _BALP)
QUERY = Code(f"{_HL7}/object-role", "24", "Query", _BALP)
REQUEST_ID = Code(
    f"{_IHE}/CodeSystem/BasicAuditEntityType", "XrequestId",
    "transport specific unique identifier where http X-Request-Id is used", _BALP,
)  # fmt: skip
APPLICATION_SERVER = Code(f"{_HL7}/security-source-type", "4", "Application Server", _BALP)
BREAK_THE_GLASS = Code(f"{_HL7}/v3-ActReason", "BTG", "break the glass", "HL7 v3 ActReason")
