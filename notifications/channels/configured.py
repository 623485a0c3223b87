"""The ways that this deployment has, as its settings say."""

from api.core.crypto import KeyRing
from api.core.settings import Settings
from notifications.channels import Channel, Limits


def names(settings: Settings) -> frozenset[str]:
    ways = {"fcm": settings.fcm, "web_push": settings.web_push, "mail": settings.smtp}
    return frozenset(name for name, setting in ways.items() if setting is not None)


def channels(settings: Settings, keys: KeyRing, limits: Limits) -> dict[str, Channel]:
    """For the worker alone: their libraries are large, and servers start without them."""
    from notifications.channels.fcm import Fcm
    from notifications.channels.mail import Mail
    from notifications.channels.web_push import WebPush

    made: dict[str, Channel] = {}
    if settings.fcm is not None:
        made["fcm"] = Fcm(settings.fcm, limits, settings.fcm_url)
    if settings.web_push is not None:
        made["web_push"] = WebPush(keys.web_push, settings.web_push, settings.push_services, limits)
    if settings.smtp is not None:
        made["mail"] = Mail(settings.smtp, limits)
    return made
