"""Walks every state that one professional's sessions with one participant can reach, scaled down.

A unit of time is a minute; the limits keep their proportions roughly and their order exactly. What
the rules ought to say is kept beside them (`Truth`), worked out from the deeds alone, and compared
at every state. Times are counted from now, so that the space is finite and is walked to its end.
"""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from api.emergency import gates, reach, rules
from api.emergency.gates import Opening
from api.emergency.reach import Choice
from api.emergency.rules import Limits, Opener, Session, Step

MINUTE = timedelta(minutes=1)
NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
LIMITS = Limits(
    length=2 * MINUTE,
    renewals=1,
    budget=4 * MINUTE,
    window=6 * MINUTE,
    waiting=MINUTE,
    fresh=MINUTE,
)
MORI, OTHER = UUID(int=1), UUID(int=2)
HOSPITAL, CLINIC = UUID(int=11), UUID(int=12)
HANAKO, TARO = UUID(int=21), UUID(int=22)
OPENER = Opener(MORI, HOSPITAL, HANAKO)
STRANGERS = (
    Opener(OTHER, HOSPITAL, HANAKO),
    Opener(MORI, CLINIC, HANAKO),
    Opener(MORI, HOSPITAL, TARO),
)


# Whether the participant allows it, and whether the opener is shut out.
STATES_OF_WILL = ((True, False), (False, False), (True, True), (False, True))


class Broken(AssertionError):
    """An invariant does not hold; the text names it."""


class Truth(NamedTuple):
    """One session as it was in fact: active in `[begins, ends)`, in minutes from now."""

    begins: int | None
    ends: int
    is_wide: bool
    renewals: int
    is_over: bool


class World(NamedTuple):
    sessions: tuple[Session, ...] = ()
    truths: tuple[Truth, ...] = ()


def walk() -> int:
    """How many states there are. Raises `Broken` at the first that ought not to be."""
    seen = {World()}
    waiting = deque(seen)
    while waiting:
        world = waiting.popleft()
        check(world, is_running=True)
        for following in _following(world):
            if following not in seen:
                seen.add(following)
                waiting.append(following)
    return len(seen)


def check(world: World, *, is_running: bool = False) -> None:
    """`is_running`: those that are over were looked at when they came to be."""
    for session, truth in zip(world.sessions, world.truths, strict=True):
        if is_running and (truth.is_over or truth.ends <= 0):
            continue
        is_active = truth.begins is not None and not truth.is_over and truth.ends > 0
        standing = rules.fold(session.steps, NOW)
        _hold(standing.renewals == truth.renewals <= 1, "at most one renewal")
        _hold((standing.state in ("t1", "t2")) == is_active, "active until its end, and no longer")
        _hold(standing.state != "t2" or truth.is_wide, "wide after a second confirmation alone")
        for tier in ("t1", "t2"):
            may = is_active and (tier == "t1" or truth.is_wide)
            _hold(
                rules.may_read(session, OPENER, tier, NOW) == may,
                "reads are of an active session, before its end, within its tier",
            )
            _hold(not rules.may_read(session, OPENER, "ended", NOW), "no other tier reads")
            for stranger in STRANGERS:
                _hold(
                    not rules.may_read(session, stranger, tier, NOW),
                    "the same person, facility and participant read",
                )
        is_done = truth.is_over or truth.ends <= 0
        _hold(not is_done or standing.state == "ended", "what is over stays over")
    running = [each for each in world.truths if not each.is_over and each.ends > 0]
    _hold(len(running) <= 1, "one session at a time")


def _following(world: World) -> Iterator[World]:
    yield _later(world)
    for is_on, is_excluded in STATES_OF_WILL:
        yield from _opened(world, is_on, is_excluded)
    for at, session in enumerate(world.sessions):
        truth = world.truths[at]
        others = world.sessions[:at] + world.sessions[at + 1 :]
        if rules.may_follow(session, "activated", NOW):
            # The second officer opens it.
            step = rules.activated(NOW, LIMITS)
            _hold(step.expires_at == NOW + LIMITS.length, "a session has its length")
            yield _with(world, at, session, step, truth._replace(begins=0, ends=2), by_officer=True)
        if rules.may_follow(session, "widened", NOW):
            step = rules.widened(session, NOW)
            _hold(_minutes(step.expires_at) == truth.ends, "widening makes nothing longer")
            yield _with(world, at, session, step, truth._replace(is_wide=True))
        if rules.may_renew(session, others, NOW, LIMITS):
            step = rules.renewed(NOW, LIMITS)
            _hold(_minutes(step.expires_at) == 2, "a renewal is its length from now")
            renewed = truth._replace(ends=2, renewals=truth.renewals + 1)
            following = _with(world, at, session, step, renewed)
            _within_budget(following)
            yield following
        if rules.may_follow(session, "closed", NOW):
            closed = truth._replace(ends=min(truth.ends, 0), is_over=True)
            yield _with(world, at, session, Step("closed", NOW), closed)
        for is_on, is_excluded in STATES_OF_WILL:
            yield from _asked(world, at, is_on, is_excluded)


def _opened(world: World, is_on: bool, is_excluded: bool) -> Iterator[World]:
    asked = Opening(
        is_designated=True,
        has_right=True,
        authenticated_at=NOW,
        reason="unconscious",
        words="found in the street",
        identification="card",
        identified_at=NOW,
        is_excluded=is_excluded,
        choice=Choice() if is_on else Choice("refuse"),
        earlier=world.sessions,
    )
    gate = gates.gate(asked, NOW, LIMITS)
    if gate.refusal is not None:
        return
    _hold(is_on and not is_excluded, "nothing is opened against the participant")
    request = rules.requested(NOW, LIMITS)
    if gate.needs_officer:
        session = Session(OPENER, (request,))
        yield _and(world, session, Truth(None, 1, False, 0, False))
        return
    session = Session(OPENER, (request, rules.activated(NOW, LIMITS)))
    following = _and(world, session, Truth(0, 2, False, 0, False))
    _within_budget(following)
    yield following


def _asked(world: World, at: int, is_on: bool, is_excluded: bool) -> Iterator[World]:
    """A request to read: what the rules find to be over ends here, else something is read."""
    session, truth = world.sessions[at], world.truths[at]
    if not rules.may_read(session, OPENER, "t1", NOW):
        return
    ending = rules.ends_by(is_on, is_excluded, True)
    if ending is None:
        _hold(is_on and not is_excluded, "switching off or shutting out ends it")
        chosen = Choice() if is_on else Choice("refuse")
        reached = reach.reach("t1", chosen, ("allergy", "lab"), NOW.date())
        _hold(reached.open.categories == ("allergy",), "the first tier reaches the summary alone")
        for categories in ((), ("lab",), ("allergy", "lab")):
            within = Choice("ceiling", categories, shows_hidden=False)
            for tier in ("t1", "t2"):
                seen = reach.reach(tier, within, ("allergy", "lab", "care"), NOW.date()).open
                _hold(set(seen.categories) <= set(categories), "never beyond the ceiling")
                _hold(not seen.shows_hidden, "what is hidden stays so, where that was chosen")
        return
    _hold(not is_on or is_excluded, "it ends for a reason")
    yield _with(world, at, session, Step(ending, NOW), truth._replace(ends=0, is_over=True))


def _within_budget(world: World) -> None:
    """Without a second officer no window holds more than the budget."""
    minutes = {
        minute
        for truth in world.truths
        if truth.begins is not None
        for minute in range(truth.begins, truth.ends)
    }
    last = max(minutes)
    for begins in range(last - 5, last + 1):
        taken = sum(begins <= minute < begins + 6 for minute in minutes)
        _hold(taken <= 4, "the budget of a window without a second officer")


def _and(world: World, session: Session, truth: Truth) -> World:
    return _plain([*zip(world.sessions, world.truths, strict=True), (session, truth)])


def _with(
    world: World, at: int, session: Session, step: Step, truth: Truth, *, by_officer: bool = False
) -> World:
    changed = Session(session.opener, (*session.steps, step), session.by_officer or by_officer)
    pairs = [*zip(world.sessions, world.truths, strict=True)]
    pairs[at] = (changed, truth)
    if truth.is_over:
        # Looked at once as it was written, before it is written shorter.
        check(World((changed,), (truth,)))
    return _plain(pairs)


def _later(world: World) -> World:
    """A minute passes."""
    pairs = [
        (_moved(session), _earlier(truth))
        for session, truth in zip(world.sessions, world.truths, strict=True)
    ]
    for session, truth in pairs:
        if truth.ends in (0, -1):
            check(World((session,), (truth,)))
    return _plain(pairs)


def _plain(pairs: list[tuple[Session, Truth]]) -> World:
    """Of what is over only its time matters still: one form for all that took the same, and none
    for what took none or what no window reaches any more."""
    kept = []
    for session, truth in pairs:
        if not truth.is_over and truth.ends > 0:
            kept.append((session, truth))
        elif truth.begins is not None and truth.begins < truth.ends and truth.ends > -6:
            begins, ends = NOW + truth.begins * MINUTE, NOW + truth.ends * MINUTE
            late = MINUTE if truth.is_over else timedelta()
            steps = [Step("requested", begins, begins), Step("activated", begins, ends + late)]
            if truth.is_over:
                steps.append(Step("closed", ends))
            kept.append(
                (
                    Session(session.opener, tuple(steps), session.by_officer),
                    truth._replace(is_wide=False, renewals=0),
                )
            )
    kept.sort(key=lambda pair: pair[1].ends)
    return World(tuple(each for each, _ in kept), tuple(each for _, each in kept))


def _moved(session: Session) -> Session:
    steps = tuple(
        Step(each.kind, each.at - MINUTE, each.expires_at and each.expires_at - MINUTE)
        for each in session.steps
    )
    return Session(session.opener, steps, session.by_officer)


def _earlier(truth: Truth) -> Truth:
    begins = None if truth.begins is None else truth.begins - 1
    return truth._replace(begins=begins, ends=truth.ends - 1)


def _minutes(at: datetime | None) -> int | None:
    return None if at is None else round((at - NOW) / MINUTE)


def _hold(holds: bool, what: str) -> None:
    if not holds:
        raise Broken(what)
