"""A minor's pregnancy is theirs: who acts for them from 15 on is shown it only if they open it.

What is delicate in a minor's records is hidden from the parent between the two ages; below the
first the parent acts and is shown everything.
"""

from api.consent.facts import NORMAL, RESTRICTED
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction
from api.core.errors import NotFound
from api.phr.child import service as people
from api.proxies import rules, steps


async def least_in(tx: Transaction, actor: Actor) -> int:
    """How delicate a pregnancy that begins now is at least. A parent who is shown nothing delicate
    would lose sight of what they write."""
    person = await people.person_in(tx)
    if person is None:
        raise NotFound
    is_minor = clock.today_in_japan() <= rules.last_day_as_minor(person.birth_on)
    return RESTRICTED if is_minor and actor.is_shown_restricted else NORMAL


async def has_own_say_in(tx: Transaction, actor: Actor) -> bool:
    """Whether the actor is a minor at the age at which they decide who is shown it."""
    person = await people.person_in(tx)
    today = clock.today_in_japan()
    return (
        actor.is_shown_restricted
        and not actor.is_proxy
        and person is not None
        and rules.is_between(person.birth_on, today, steps.limits())
    )
