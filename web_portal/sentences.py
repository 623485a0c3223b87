"""Sentences several pages say of the person's own settings."""

from collections.abc import Sequence

from api.consent import service as consent
from api.consent.service import Settings
from api.consent.switches import Command, SetFacility
from api.consent.telling import change_said, who_sees_now
from api.core.actor import Actor
from api.directory import service as directory
from web_portal.page import PortalRequest, preferences


async def now_sentence(request: PortalRequest, actor: Actor, state: Settings) -> str:
    """Who can see what now."""
    locale, summary = preferences(request).locale, consent.summary_of(state)
    found = await directory.named(actor, summary.facility_ids)
    return who_sees_now(
        consent.state_now(state.participation),
        summary,
        consent.network_rules(),
        locale,
        directory.profile(),
        {each: found[each].label(locale) for each in found},
    )


async def changes_said(request: PortalRequest, actor: Actor, commands: Sequence[Command]) -> str:
    locale = preferences(request).locale
    ids = [each.facility_id for each in commands if isinstance(each, SetFacility)]
    found = await directory.named(actor, ids)
    names = {each: found[each].label(locale) for each in found}
    profile = directory.profile()
    return " ".join(change_said(each, locale, profile, names) for each in commands)
