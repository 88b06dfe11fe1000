"""Names that the Subscriptions R5 Backport and US Core give.

Source: https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/artifacts.html and
https://hl7.org/fhir/us/core/patient-data-feed.html
"""

_GUIDE = "http://hl7.org/fhir/uv/subscriptions-backport"
_DEFINITION = f"{_GUIDE}/StructureDefinition"

SERVER = f"{_GUIDE}/CapabilityStatement/backport-subscription-server-r4"
SUBSCRIPTION_PROFILE = f"{_DEFINITION}/backport-subscription"
STATUS_PROFILE = f"{_DEFINITION}/backport-subscription-status-r4"

FILTER = f"{_DEFINITION}/backport-filter-criteria"
CONTENT = f"{_DEFINITION}/backport-payload-content"
HEARTBEAT = f"{_DEFINITION}/backport-heartbeat-period"
TIMEOUT = f"{_DEFINITION}/backport-timeout"
MAX_COUNT = f"{_DEFINITION}/backport-max-count"
CHANNEL_TYPE = f"{_DEFINITION}/backport-channel-type"
TOPIC_CANONICAL = f"{_DEFINITION}/capabilitystatement-subscriptiontopic-canonical"

FEED = "http://hl7.org/fhir/us/core/SubscriptionTopic/patient-data-feed"
FEED_EVENT = {"system": "http://hl7.org/fhir/us/core/CodeSystem/trigger", "code": "feed-event"}
