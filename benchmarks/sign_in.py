"""What signing in costs: by passkey, by password and number, and what others notice of it.

Run as `make bench NAME=sign_in`. One process, no HTTP: the services that both doors call, on a
fresh PostgreSQL. Every sign-in is whole: tries counted, key or password and number checked, session
opened, its event in the log, all durable. Beside them, in the same run, what each is made of: the
signature alone, the hash alone.
"""

import asyncio
import contextlib
import json
import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Any, NamedTuple

import asyncpg
import pyotp

from api.access_log import service as access_log
from api.consent import service as consent
from api.consent.lifecycle import joining
from api.core import database, runtime
from api.core.actor import OPERATOR, Actor
from api.directory import service as directory
from api.identity import service as identity
from api.identity.card import CardNumber, issue
from api.identity.enrolling import enrolment, intake
from api.identity.enrolling.enrolment import Birth
from api.identity.keys import passkeys, password_hashing, passwords
from benchmarks.server import Place, place
from tests.identity.authenticator import Authenticator

PEOPLE = 64
ROUNDS = 3
AT_ONCE = 8
CHECKED_AT_ONCE = 50
PASSWORD = "梅干しと麦茶と縁側の午後三時"
BORN = date(1940, 4, 9)
TICK_SECONDS = 0.001

ASKED = {
    "password_per_s": ("≥", 40),
    "loop_lag_ms_p99": ("≤", 20),
}


class Person(NamedTuple):
    card: CardNumber
    device: Authenticator
    secret: str


def main() -> None:
    with place() as where:
        figures = asyncio.run(_measure(where))
    print(f"{'figure':<28}{'asked':>10}{'reached':>14}")
    for name, value in figures.items():
        asked = " ".join(map(str, ASKED.get(name, ())))
        print(f"{name:<28}{asked:>10}{value:>14,.2f}")
    print(json.dumps({"figures": {name: round(value, 3) for name, value in figures.items()}}))


async def _measure(where: Place) -> dict[str, float]:
    async with _open(where), _admin(where) as admin:
        people = [await _registered(where, number) for number in range(PEOPLE)]
        by_passkey, by_password, lags, quiet = [], [], [], []
        for number in range(ROUNDS + 1):
            rates = (
                await _rate(people, _with_passkey),
                await _rate(people, _with_password, before=lambda: _numbers_anew(admin)),
            )
            await _numbers_anew(admin)
            idle = await _lag_while(asyncio.sleep(0.3))
            lag = await _lag_while(asyncio.gather(*map(_with_password, people[:CHECKED_AT_ONCE])))
            if number:  # the first round warms up
                by_passkey.append(rates[0])
                by_password.append(rates[1])
                quiet.append(idle)
                lags.append(lag)
        return {
            "passkey_per_s": statistics.median(by_passkey),
            "password_per_s": statistics.median(by_password),
            "loop_lag_ms_p99": statistics.median(lags),
            "loop_lag_ms_p99_idle": statistics.median(quiet),
            "signature_alone_per_s": _signatures(people[0]),
            "hash_alone_per_s": await _hashes(),
        }


@contextlib.asynccontextmanager
async def _open(where: Place) -> AsyncIterator[None]:
    runtime.start(where.settings, where.keys)
    await database.open_database(where.app_dsn, where.keys)
    try:
        await directory.adopt_profile(where.settings.profile)
        await access_log.prepare()
        yield
    finally:
        await database.close_database()


@contextlib.asynccontextmanager
async def _admin(where: Place) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(where.admin_dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def _registered(where: Place, number: int) -> Person:
    """By card, birth date and code from a paper; with a passkey, and a password beside it."""
    scheme = directory.profile().card_scheme
    card = issue(f"2{number:012}".ljust(16 - scheme.check_length, "0"), scheme)
    paper = intake.Paper("山本 花子", "ヤマモト ハナコ", "female", BORN)
    participant_id = await intake.admit(OPERATOR, paper, card)
    code = await intake.issue_code(OPERATOR, participant_id)
    begun = await enrolment.begin(
        card.grouped, Birth("15", "4", "9", "showa"), code.printed, _address(), scheme=scheme
    )
    await joining.accept(begun.token, consent.terms_in_force())
    device = Authenticator(where.settings.public_url, where.settings.rp_id)
    made = device.create(await enrolment.passkey_options(begun.token))
    actor = await identity.actor_of((await joining.finish(begun.token, made)).token)
    return Person(card, device, await _password_for(actor))


async def _password_for(actor: Actor) -> str:
    setup = await passwords.begin(actor)
    number = pyotp.TOTP(setup.secret).now()
    await passwords.set_password(actor, PASSWORD, setup.sealed, number)
    return setup.secret


async def _with_passkey(person: Person) -> None:
    options = await identity.sign_in_options()
    await identity.sign_in(person.device.get(options))


async def _with_password(person: Person) -> None:
    number = pyotp.TOTP(person.secret).now()
    scheme = directory.profile().card_scheme
    await passwords.sign_in(person.card.grouped, PASSWORD, number, _address(), scheme=scheme)


async def _numbers_anew(admin: asyncpg.Connection) -> None:
    """Each number serves once, and a run is shorter than a number lasts."""
    await admin.execute("UPDATE password SET totp_step = 0")


async def _nothing() -> None:
    return None


async def _rate(
    people: list[Person],
    sign_in: Callable[[Person], Awaitable[None]],
    before: Callable[[], Awaitable[None]] = _nothing,
) -> float:
    """Sign-ins per second, as many at once as there are clients, each person once."""
    await before()
    waiting = iter(people)

    async def client() -> None:
        for person in waiting:
            await sign_in(person)

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(AT_ONCE)))
    return len(people) / (time.perf_counter() - began)


async def _lag_while(work: Awaitable[Any]) -> float:
    """By how many ms the loop comes late to what it should do now; the 99th of a hundred."""
    lags: list[float] = []

    async def watch() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(TICK_SECONDS)
            lags.append((time.perf_counter() - began - TICK_SECONDS) * 1e3)

    watching = asyncio.create_task(watch())
    await work
    watching.cancel()
    return statistics.quantiles(lags, n=100)[98]


def _signatures(person: Person) -> float:
    challenge = passkeys.new_challenge()
    assertion = person.device.get(passkeys.request_options(challenge))
    public = person.device.cose()
    began = time.perf_counter()
    for _ in range(200):
        passkeys.asserted(assertion, challenge, public, 0)
    return 200 / (time.perf_counter() - began)


async def _hashes() -> float:
    stored = await password_hashing.hashed(PASSWORD)
    began = time.perf_counter()
    for _ in range(5):
        await asyncio.gather(*(password_hashing.is_right(stored, PASSWORD) for _ in range(AT_ONCE)))
    return 5 * AT_ONCE / (time.perf_counter() - began)


def _address() -> str:
    chance = random.getrandbits(32)
    return f"2001:db8:{chance >> 16:x}:{chance & 0xFFFF:x}::1"


if __name__ == "__main__":
    main()
