"""Walks every state that one opening's review, and the holding of its notice, can reach.

A unit of time is a day. Whoever could try anything tries everything at every state, and what the
rules allow is compared with what they ought to, worked out from the deeds alone (`Truth`).
"""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from api.emergency import reviewing
from api.emergency.reviewing import Hold, Review, State, Step
from tests.emergency.walk import Broken

DAY = timedelta(days=1)
OPENED = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
LAST_DAY: Final = 9
MORI, UEDA, KATO, SASAKI = (UUID(int=each) for each in (1, 2, 3, 4))
# Dr Mori opened it, with officer Ueda as the second where it took one.
OFFICERS = (UEDA, KATO, SASAKI)
PEOPLE = (*OFFICERS, MORI, None)
STATES: Final[tuple[State, ...]] = (
    *("pending", "queried", "answered", "justified", "doubted", "not_justified", "told"),
)  # fmt: skip


class Truth(NamedTuple):
    """What was done: `doubted_by` and `found_by` are the officers who found something, in order."""

    is_asked: bool = False
    doubted_by: UUID | None = None
    found: str = ""
    found_by: UUID | None = None
    is_told: bool = False


class Held(NamedTuple):
    asked_by: UUID
    asked_on: int
    days: int
    confirmed_by: UUID | None = None


class World(NamedTuple):
    day: int
    with_ueda: bool
    review: Review
    truth: Truth
    hold: Held | None = None


def walk() -> int:
    """How many states there are. Raises `Broken` at the first that ought not to be."""
    seen = {_begun(with_ueda) for with_ueda in (True, False)}
    waiting = deque(seen)
    while waiting:
        world = waiting.popleft()
        _check(world)
        for following in _following(world):
            if following not in seen:
                seen.add(following)
                waiting.append(following)
    return len(seen)


def _begun(with_ueda: bool) -> World:
    review = Review(MORI, (Step("pending", OPENED),), UEDA if with_ueda else None)
    return World(0, with_ueda, review, Truth())


def _check(world: World) -> None:
    review, truth, now = world.review, world.truth, OPENED + world.day * DAY
    _hold(reviewing.is_open(review) is not truth.is_told, "open until it was told")
    overdue = not truth.is_told and world.day >= 7
    _hold(reviewing.is_overdue(review, now) is overdue, "due in seven days")
    _hold((reviewing.outcome(review.steps) or "") == truth.found, "the finding is the last one")
    if truth.found == "not_justified":
        two = {truth.doubted_by, truth.found_by}
        _hold(len(two) == 2 and None not in two, "not justified is what two officers find")
    for by in (truth.doubted_by, truth.found_by):
        _hold(by != MORI, "who opened does not review")
        _hold(not (world.with_ueda and by == UEDA), "who opened it with the opener does not review")
    if world.hold is not None:
        held = world.hold
        until = held.asked_on + held.days
        is_held = (
            held.confirmed_by is not None
            and held.confirmed_by != held.asked_by
            and 0 < held.days <= 3
            and world.day < until
        )
        _hold(reviewing.is_held(_written(held), now) is is_held, "held by two, for three days")


def _following(world: World) -> Iterator[World]:
    if world.day < LAST_DAY:
        yield world._replace(day=world.day + 1)
    for state in STATES:
        for by in PEOPLE:
            if reviewing.may_take(world.review, state, by):
                _hold(_ought(world, state, by), f"{state} is not theirs to say, or not now")
                yield _said(world, state, by)
            else:
                _hold(not _ought(world, state, by), f"{state} is theirs to say")
    if world.hold is None and world.day < 3:
        for by in OFFICERS[:2]:
            for days in range(5):
                asked = Held(by, world.day, days)
                may = reviewing.may_hold(_written(asked))
                _hold(may is (0 < days <= 3), "a hold ends by itself within three days")
                if may:
                    yield world._replace(hold=asked)
    elif world.hold is not None and world.hold.confirmed_by is None:
        for by in OFFICERS[:2]:
            yield world._replace(hold=world.hold._replace(confirmed_by=by))


def _ought(world: World, state: State, by: UUID | None) -> bool:
    truth, last = world.truth, reviewing.state_of(world.review)
    is_reviewer = by in OFFICERS and not (world.with_ueda and by == UEDA)
    match state:
        case "answered":
            return by == MORI and last == "queried"
        case "queried":
            return is_reviewer and last in ("pending", "answered")
        case "doubted":
            return is_reviewer and last in ("pending", "queried", "answered")
        case "justified":
            return (
                is_reviewer
                and last in ("pending", "queried", "answered", "doubted")
                and (last != "doubted" or by != truth.doubted_by)
            )
        case "not_justified":
            return is_reviewer and last == "doubted" and by != truth.doubted_by
        case "told":
            return is_reviewer and last in ("justified", "not_justified")
        case _:
            return False


def _said(world: World, state: State, by: UUID | None) -> World:
    truth = world.truth
    if state == "doubted":
        truth = truth._replace(doubted_by=by)
    if state in ("justified", "not_justified"):
        truth = truth._replace(found=state, found_by=by)
    if state == "told":
        truth = truth._replace(is_told=True)
    step = Step(state, OPENED, by)
    # Questions and answers may go on for ever: of what was said only what counts is kept.
    kept = [each for each in world.review.steps if each.state not in ("queried", "answered")]
    if state == "answered":
        kept = [each for each in world.review.steps if each.state != "answered"]
    steps = (*kept, step)
    review = Review(world.review.opener, steps, world.review.opened_with)
    return world._replace(review=review, truth=truth)


def _written(held: Held) -> Hold:
    asked_at = OPENED + held.asked_on * DAY
    return Hold(held.asked_by, asked_at, asked_at + held.days * DAY, held.confirmed_by)


def _hold(holds: bool, what: str) -> None:
    if not holds:
        raise Broken(what)
