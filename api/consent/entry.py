"""Whether a facility or a professional would be let in now, and by which row of the settings."""

from datetime import datetime
from typing import NamedTuple

from api.consent.decide import Policy
from api.consent.facts import TREATMENT, Provision, Request, Requester


class Entry(NamedTuple):
    """`rule` is the row that decided; None for the network's default or for want of any.

    `is_waiting`: something wider will let it in after its notice, or once the participant is asked.
    """

    is_open: bool
    is_excluded: bool
    rule: Provision | None
    is_waiting: bool


def entry(policy: Policy, who: Requester, now: datetime) -> Entry:
    """For treatment; what they would then see is for the records to say."""
    scope = policy.scope(Request(who, TREATMENT, now))
    recipient = scope.basis.recipient
    return Entry(
        is_open=scope.basis.step == "granted",
        is_excluded=scope.basis.step == "excluded",
        rule=recipient.provision if recipient else None,
        is_waiting=recipient is not None and recipient.by in ("awaits_notice", "asks_first"),
    )
