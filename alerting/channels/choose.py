"""The ways to care teams that the settings open."""

from collections.abc import Mapping
from functools import partial

from alerting.channels.channel import Channel
from alerting.channels.email import Email, Server
from alerting.channels.sns import Sns, sns_client
from alerting.channels.webhook import Webhook
from core.messages import ChannelKind
from core.outbound import Outbound
from core.settings import Settings


def channels(settings: Settings, outbound: Outbound) -> Mapping[ChannelKind, Channel]:
    """SNS always, for a topic says for itself where it is; the others where they are set."""
    found: dict[ChannelKind, Channel] = {
        ChannelKind.SNS: Sns(partial(sns_client, settings.aws_region, settings.aws_endpoint_url))
    }
    if settings.smtp_host is not None and settings.smtp_from is not None:
        found[ChannelKind.EMAIL] = Email(_server(settings, settings.smtp_host, settings.smtp_from))
    if settings.webhook_routing_key is not None:
        key = settings.webhook_routing_key.get_secret_value()
        found[ChannelKind.WEBHOOK] = Webhook(outbound, key, settings.webhook_origins)
    return found


def _server(settings: Settings, host: str, sender: str) -> Server:
    secret = settings.smtp_password
    password = None if secret is None else secret.get_secret_value()
    tls, port = settings.smtp_tls, settings.smtp_port
    return Server(host, port, tls, sender, settings.smtp_user, password)
