"""Whether a card is anybody's cannot be told from how long the refusal takes.

Two thousand refusals at each door, in random order, half of them for cards that are somebody's.
The area under the curve is the chance that a refusal for a present card took longer than one for an
absent card; 0.5 tells nothing. For the measurement alone every wait is switched off, the hash of a
password is a light one, and its refusals leave at full tenths of a second: that one hash is made
either way is held in tests/identity.
"""

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import date

import pyotp
import pytest
import pytest_asyncio
from argon2 import PasswordHasher

from api.core.actor import OPERATOR
from api.directory import service as directory
from api.identity import attempts
from api.identity import service as identity
from api.identity.card import CardNumber
from api.identity.enrolling import enrolment, intake
from api.identity.enrolling.activation_code import CODE_RANDOM_BYTES, new_activation_code
from api.identity.enrolling.enrolment import Birth
from api.identity.errors import NoMatch, RecoveryRefused, SignInRefused
from api.identity.keys import password_hashing, passwords, recovery
from api.identity.keys.recovery_code import CODE_RANDOM_BYTES as RECOVERY_BYTES
from api.identity.keys.recovery_code import new_recovery_code
from api.identity.throttle import Allowed
from tests.conftest import Deployment
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import Paper, some_address, some_card

TRIES = 2_000
PEOPLE = 40
MOST = 0.05
TURNS = 3
BORN = Birth("15", "4", "9", "showa")
PASSWORD = "梅干しと麦茶と縁側の午後三時"

REFUSALS = (NoMatch, RecoveryRefused, SignInRefused)

Door = Callable[[CardNumber], Awaitable[object]]


async def by_paper(card: CardNumber) -> object:
    scheme, code = (
        directory.profile().card_scheme,
        new_activation_code(os.urandom(CODE_RANDOM_BYTES)),
    )
    return await enrolment.begin(card.grouped, BORN, code.printed, some_address(), scheme=scheme)


async def by_recovery_code(card: CardNumber) -> object:
    scheme, code = directory.profile().card_scheme, new_recovery_code(os.urandom(RECOVERY_BYTES))
    return await recovery.begin(card.grouped, code.printed, some_address(), scheme=scheme)


async def by_password(card: CardNumber) -> object:
    return await passwords.sign_in(
        card.grouped,
        "x" * 20,
        "123456",
        some_address(),
        scheme=directory.profile().card_scheme,
    )


@pytest.fixture(scope="module")
def light_hashes() -> Iterator[None]:
    light = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(password_hashing, "_hasher", light)
        changed.setattr(passwords, "REFUSED_AT", 0.1)
        password_hashing._nobodys.cache_clear()
        yield
    password_hashing._nobodys.cache_clear()


@pytest_asyncio.fixture(scope="module")
async def present(light_hashes: None, database: Deployment) -> list[CardNumber]:
    """Cards of people who have registered and set a password and a recovery code."""
    cards = []
    for _ in range(PEOPLE):
        card = some_card(directory.profile().card_scheme)
        person = intake.Paper("山本 花子", "ヤマモト ハナコ", "female", date(1940, 4, 9))
        participant_id = await intake.admit(OPERATOR, person, card)
        paper = Paper(participant_id, card, await intake.issue_code(OPERATOR, participant_id))
        actor = await identity.actor_of((await paper.register(Authenticator())).token)
        setup = await passwords.begin(actor)
        number = pyotp.TOTP(setup.secret).now()
        await passwords.set_password(actor, PASSWORD, setup.sealed, number)
        await recovery.make_code(actor)
        cards.append(card)
    return cards


@pytest.mark.parametrize(
    ("door", "together"), [(by_paper, 1), (by_recovery_code, 1), (by_password, 10)]
)
async def test_a_refusal_takes_as_long_for_a_card_of_nobody(
    present: list[CardNumber],
    monkeypatch: pytest.MonkeyPatch,
    door: Door,
    together: int,
) -> None:
    counted = attempts.attempt
    monkeypatch.setattr(attempts, "attempt", lambda *given: (counted(*given)[0], Allowed()))
    scheme = directory.profile().card_scheme
    absent = [some_card(scheme) for _ in range(PEOPLE)]
    for turn in range(TURNS):  # what tells them apart does so every time
        order = random.Random(turn + 1)
        tries = [
            (here, order.choice(cards))
            for here, cards in ((True, present), (False, absent))
            for _ in range(TRIES // 2)
        ]
        order.shuffle(tries)
        chance = await told_apart(door, tries, together)
        if abs(chance - 0.5) <= MOST:
            break
    assert abs(chance - 0.5) <= MOST, chance


async def told_apart(door: Door, tries: list[tuple[bool, CardNumber]], together: int) -> float:
    times: dict[bool, list[float]] = {True: [], False: []}

    async def refused(here: bool, card: CardNumber) -> None:
        began = time.perf_counter()
        with pytest.raises(REFUSALS):
            await door(card)
        times[here].append(time.perf_counter() - began)

    for at in range(0, TRIES, together):
        await asyncio.gather(*(refused(*each) for each in tries[at : at + together]))
    return auc(times[True], times[False])


def test_the_measure_sees_a_difference_of_a_tenth() -> None:
    chance = random.Random(2)
    some = [chance.gauss(1.0, 0.1) for _ in range(1_000)]
    others = [chance.gauss(1.0, 0.1) for _ in range(1_000)]
    assert abs(auc(some, others) - 0.5) <= MOST
    assert auc([each * 1.1 for each in some], others) > 0.5 + 2 * MOST


def auc(positives: list[float], negatives: list[float]) -> float:
    """The chance that one of the first is larger than one of the second; a tie is half a chance."""
    values = sorted(positives + negatives)
    ranks: dict[float, float] = {}
    for at, value in enumerate(values):
        ranks.setdefault(value, at + 1)
    total = sum(ranks[each] for each in positives)
    count = len(positives)
    return (total - count * (count + 1) / 2) / (count * len(negatives))
