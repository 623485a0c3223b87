"""Whether a facility or a professional would be let in now, and by which row of the settings."""

from datetime import datetime
from typing import Literal, NamedTuple

from api.consent.decide import Policy
from api.consent.facts import TREATMENT, Provision, Request, Requester


class Entry(NamedTuple):
    """`rule` is the row that decided; None for the network's default or for want of any.

    `waits`: too new for the row, or the default, that would let it in; until its notice is over,
    or until the participant was asked.
    """

    is_open: bool
    is_excluded: bool
    rule: Provision | None
    waits: Literal["awaits_notice", "asks_first"] | None


def entry(policy: Policy, who: Requester, now: datetime) -> Entry:
    """For treatment; what they would then see is for the records to say."""
    basis = policy.scope(Request(who, TREATMENT, now)).basis
    by = basis.recipient.by if basis.recipient else "nothing_matches"
    return Entry(
        is_open=basis.step == "granted",
        is_excluded=basis.step == "excluded",
        rule=basis.recipient.provision if basis.recipient else None,
        waits=by if by == "awaits_notice" or by == "asks_first" else None,
    )
