"""Sentences several pages say of the person's own settings."""

from collections.abc import Sequence

from api.consent import service as consent
from api.consent.settings.changes import Made
from api.consent.settings.names import names_in_commands, names_in_summary
from api.consent.settings.switches import Command
from api.consent.settings.telling import change_said, who_sees_now, wish_said
from api.consent.stored import Settings
from api.core.actor import Actor
from api.directory import service as directory
from web_portal.page import PortalRequest, preferences, say


async def now_sentence(request: PortalRequest, actor: Actor, state: Settings) -> str:
    """Who can see what now."""
    locale, summary = preferences(request).locale, consent.summary_of(state)
    names = await names_in_summary(actor, locale, summary)
    standing = consent.state_now(state.participation)
    return who_sees_now(standing, summary, locale, directory.profile(), names)


async def changes_said(request: PortalRequest, actor: Actor, commands: Sequence[Command]) -> str:
    locale, profile = preferences(request).locale, directory.profile()
    names = await names_in_commands(actor, locale, commands)
    return " ".join(change_said(each, locale, profile, names) for each in commands)


async def made_said(request: PortalRequest, actor: Actor, made: Made) -> str:
    """What made a version of the settings."""
    if isinstance(made, str):
        return say(request, f"change.made.{made}")
    return await changes_said(request, actor, made)


async def wishes_said(request: PortalRequest, actor: Actor, commands: Sequence[Command]) -> str:
    """What would change: nothing has been saved yet."""
    locale, profile = preferences(request).locale, directory.profile()
    names = await names_in_commands(actor, locale, commands)
    return " ".join(wish_said(each, locale, profile, names) for each in commands)
