"""Both versions of settings that crossed, as apps are told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.consent import service
from api.consent.errors import SettingsChangedMeanwhile
from api.consent.settings.names import names_in_commands
from api.consent.settings.telling import change_said, wish_said
from api.consent.settings.view import view
from api.core import i18n
from api.core.actor import Actor
from api.directory import service as directory


@asynccontextmanager
async def both_shown(actor: Actor, locale: str) -> AsyncIterator[None]:
    """Of a change that came too late: the settings as they are, how they came to be, what it
    wanted."""
    try:
        yield
    except SettingsChangedMeanwhile as conflict:
        await _show(actor, locale, conflict)
        raise


async def _show(actor: Actor, locale: str, conflict: SettingsChangedMeanwhile) -> None:
    profile = directory.profile()
    commands = [each for made in conflict.meanwhile if not isinstance(made, str) for each in made]
    names = await names_in_commands(actor, locale, (*commands, *conflict.wanted))
    conflict.members = {
        "current": await view(actor, locale, await service.settings(actor)),
        "meanwhile": [
            [i18n.text(locale, f"change.made.{made}")]
            if isinstance(made, str)
            else [change_said(each, locale, profile, names) for each in made]
            for made in conflict.meanwhile
        ],
        "wanted": [wish_said(each, locale, profile, names) for each in conflict.wanted],
    }
