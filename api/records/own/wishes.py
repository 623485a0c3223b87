"""Who may read one's wishes as things stand: in an emergency by that choice, else by settings."""

from typing import Literal

from api.consent import service as consent
from api.consent.facts import NORMAL, SECRET
from api.consent.stored import Settings
from api.core import clock
from api.core.actor import Actor
from api.emergency import choices
from api.phr.directives.kinds import CATEGORY
from api.phr.directives.service import Wishes
from api.phr.entries.service import Entry
from api.records.own.choices import Choices, Which, choices_of
from api.records.provenance import OWN_SOURCE

Reach = Literal["nobody", "secret", "both", "emergency", "everyday", "closed"]


async def reach_of(actor: Actor, found: Wishes) -> Reach:
    """`nobody`: not taking part. `secret`: all of it is. `closed`: neither in an emergency nor
    on other days."""
    state = await consent.settings(actor)
    if consent.state_now(state.participation) != "participating":
        return "nobody"
    own = [_chosen(state, each) for each in found.entries]
    if own and all(each.level == SECRET for each in own):
        return "secret"
    is_hidden = bool(own) and all(each.is_kept_back for each in own)
    _, choice = await choices.chosen(actor)
    by_ceiling = choice.kind == "ceiling" and CATEGORY in choice.categories
    in_emergency = choice.kind == "allow" or (by_ceiling and (choice.shows_hidden or not is_hidden))
    switches = {each.code: each.is_on for each in consent.summary_of(state).categories}
    if switches.get(CATEGORY, False) and not is_hidden:
        return "both" if in_emergency else "everyday"
    return "emergency" if in_emergency else "closed"


def _chosen(state: Settings, entry: Entry) -> Choices:
    level = SECRET if entry.is_restricted else NORMAL
    which = Which(entry.entry_id, CATEGORY, OWN_SOURCE, entry.on, level)
    return choices_of(state.directive, which, clock.now())
