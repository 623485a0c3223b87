"""The whole space of states is walked, and every bug planted in the rules is found on the way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from api.emergency import gates, reach, rules
from api.emergency.rules import Session, Standing, Step
from tests.emergency.walk import Broken, walk

fold, span, gate, used, reached = rules.fold, rules.span, gates.gate, rules.used, reach.reach


def test_every_state_that_can_be_reached_is_as_it_must_be():
    assert walk() == 8287


def _never_ends(steps: Any, now: Any) -> Standing:
    """An end is scheduled and nobody looks whether it has come."""
    standing = fold(steps, steps[-1].at - timedelta(days=1))
    return standing


def _ends_a_moment_late(steps: Any, now: Any) -> Standing:
    return fold(steps, now - timedelta(microseconds=1))


def _end_by_step_alone(steps: Any, now: Any) -> Standing:
    """What is asked first ends it, but only if a step says so."""
    kinds = [each.kind for each in steps]
    if kinds[-1] in rules.ENDINGS:
        return fold(steps, now)
    state = "t2" if "widened" in kinds else "t1" if "activated" in kinds else "requested"
    return Standing(state, steps[-1].expires_at, kinds.count("renewed"))


def _reads_until_its_end(of: int) -> Callable[..., bool]:
    """One of the person, the facility and the participant is not compared."""

    def may_read(session: Session, reader: Any, tier: Any, now: Any) -> bool:
        known = list(session.opener)
        known[of] = reader[of]
        state = fold(session.steps, now).state
        return tuple(known) == tuple(reader) and (
            tier == "t1" if state == "t1" else state == "t2" and tier in ("t1", "t2")
        )

    return may_read


def _reads_without_asking_the_state(session: Session, reader: Any, tier: Any, now: Any) -> bool:
    standing = fold(session.steps, session.steps[-1].at)
    return session.opener == reader and standing.state in ("t1", tier) and tier != "ended"


def _reads_all_at_once(session: Session, reader: Any, tier: Any, now: Any) -> bool:
    is_active = fold(session.steps, now).state in rules.ACTIVE
    return session.opener == reader and is_active and tier in rules.ACTIVE


def _closes_for_nobody(session: Session, reader: Any, tier: Any, now: Any) -> bool:
    return False


def _renews_always(session: Session, kind: Any, now: Any, limits: Any = rules.LIMITS) -> bool:
    return (fold(session.steps, now).state, kind) in rules._FOLLOWS


def _renews_beyond_the_budget(session: Session, earlier: Any, now: Any, limits: Any) -> bool:
    return span(session) is not None and rules.may_follow(session, "renewed", now, limits)


def _renewal_counts_its_own_part_alone(
    session: Session, earlier: Any, now: Any, limits: Any
) -> bool:
    may = rules.may_follow(session, "renewed", now, limits)
    return may and rules.is_within_budget(earlier, now, now + limits.length, limits)


def _renewal_is_added_at_the_end(now: Any, limits: Any = rules.LIMITS) -> Step:
    return Step("renewed", now, now + limits.length * 2)


def _widening_is_a_renewal(session: Session, now: Any) -> Step:
    end = fold(session.steps, now).expires_at
    return Step("widened", now, end and end + timedelta(minutes=1))


def _no_officer(earlier: Any, now: Any, limits: Any = rules.LIMITS) -> bool:
    return False


def _forgets_what_was_closed(sessions: Any, since: Any, until: Any) -> timedelta:
    open_ones = [each for each in sessions if each.steps[-1].kind not in rules.ENDINGS]
    return used(open_ones, since, until)


def _forgets_what_officers_opened(sessions: Any, since: Any, until: Any) -> timedelta:
    return used([each for each in sessions if not each.by_officer], since, until)


def _window_from_its_beginning(
    earlier: Any, begins: Any, ends: Any, limits: Any = rules.LIMITS
) -> bool:
    """Counts back from the end by too little: what lies just within the window is left out."""
    before = used(earlier, begins - (limits.window - limits.length) / 2, begins)
    return before + (ends - begins) <= limits.budget


def _budget_before_alone(earlier: Any, begins: Any, ends: Any, limits: Any = rules.LIMITS) -> bool:
    """Asks whether the budget is used up, not whether this session would use it up."""
    return used(earlier, ends - limits.window, begins) < limits.budget


def _switching_off_waits(is_on: bool, is_excluded: bool, may_practise: bool) -> Any:
    return "excluded" if is_excluded else None


def _shutting_out_waits(is_on: bool, is_excluded: bool, may_practise: bool) -> Any:
    return None if is_on else "switched_off"


def _gate_forgets(**what: Any) -> Callable[..., gates.Gate]:
    def bent(asked: gates.Opening, now: Any, limits: Any = rules.LIMITS) -> gates.Gate:
        from msgspec import structs

        return gate(structs.replace(asked, **what), now, limits)

    return bent


def _reaches_everything(tier: Any, choice: Any, known: Any, today: Any) -> reach.Reach:
    return reached("t2", choice, known, today)


def _forgets_the_ceiling(tier: Any, choice: Any, known: Any, today: Any) -> reach.Reach:
    is_ceiling = choice.kind == "ceiling"
    return reached(tier, reach.Choice() if is_ceiling else choice, known, today)


_REVIVED = rules._FOLLOWS | {("ended", "renewed"): "t1", ("ended", "widened"): "t2"}

BUGS: dict[str, tuple[Any, str, Any]] = {
    "the scheduled end is never looked at": (rules, "fold", _never_ends),
    "the end is inclusive": (rules, "fold", _ends_a_moment_late),
    "only a written end is an end": (rules, "fold", _end_by_step_alone),
    "anybody of the hospital reads": (rules, "may_read", _reads_until_its_end(0)),
    "any facility reads": (rules, "may_read", _reads_until_its_end(1)),
    "any participant is read": (rules, "may_read", _reads_until_its_end(2)),
    "an end scheduled, and no look at it when reading": (
        rules,
        "may_read",
        _reads_without_asking_the_state,
    ),
    "everything is read without a second confirmation": (rules, "may_read", _reads_all_at_once),
    "nobody ever reads": (rules, "may_read", _closes_for_nobody),
    "renewed twice": (rules, "may_follow", _renews_always),
    "renewed beyond the budget": (rules, "may_renew", _renews_beyond_the_budget),
    "a renewal forgets what it renews": (rules, "may_renew", _renewal_counts_its_own_part_alone),
    "a renewal is longer than its length": (rules, "renewed", _renewal_is_added_at_the_end),
    "widening makes it longer": (rules, "widened", _widening_is_a_renewal),
    "no second officer is ever needed": (gates, "needs_officer", _no_officer),
    "a closed session was no session": (rules, "used", _forgets_what_was_closed),
    "what an officer opened does not count": (rules, "used", _forgets_what_officers_opened),
    "the window is too short": (rules, "is_within_budget", _window_from_its_beginning),
    "the last session does not count": (rules, "is_within_budget", _budget_before_alone),
    "switching off waits for the end": (rules, "ends_by", _switching_off_waits),
    "shutting out waits for the end": (rules, "ends_by", _shutting_out_waits),
    "an ended session comes back": (rules, "_FOLLOWS", _REVIVED),
    "opened against the participant's choice": (
        gates,
        "gate",
        _gate_forgets(choice=reach.Choice()),
    ),
    "opened by one who is shut out": (gates, "gate", _gate_forgets(is_excluded=False)),
    "two sessions at once": (gates, "has_running", lambda sessions, now: False),
    "the ceiling is forgotten": (reach, "reach", _forgets_the_ceiling),
    "the first tier reaches everything": (reach, "reach", _reaches_everything),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug: str, monkeypatch: pytest.MonkeyPatch):
    module, name, bent = BUGS[bug]
    monkeypatch.setattr(module, name, bent)
    with pytest.raises((Broken, rules.ImpossibleStep)):
        walk()
