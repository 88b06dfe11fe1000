"""Subscription: how it is found (https://hl7.org/fhir/R4/subscription.html#search)."""

from fhir.search import params
from fhir.search import values as extract
from fhir.search.types import common

SUBSCRIPTION = common.writable(
    params.resource_type(
        "Subscription",
        "Who is to be told of which changes, and how.",
        None,
        "_id",
        common.status("Subscription", "subscription-status", "requested, active, error or off."),
        params.coded(
            "type",
            "channel.type",
            "http://hl7.org/fhir/subscription-channel-type",
            "rest-hook and others.",
            "Subscription-type",
        ),
        params.coded(
            "payload",
            "channel.payload",
            "urn:ietf:bcp:13",
            "Media type of what is sent.",
            "Subscription-payload",
        ),
        params.uri("url", "Where it is sent to.", "Subscription-url", "channel.endpoint"),
        params.string(
            "criteria",
            "Beginning of the rule that selects what is sent.",
            "Subscription-criteria",
            "criteria",
        ),
        params.token(
            "contact",
            extract.contacts("contact"),
            "Value of a contact to be told of trouble.",
            "Subscription-contact",
        ),
    )
)
