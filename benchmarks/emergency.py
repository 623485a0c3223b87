"""How long an emergency doctor waits, alone and while five times too many others are served.

Run as `make bench NAME=emergency`. One worker. A walk is a token for the hospital's system
(`POST /oauth/token`), a session (`POST /emergency/sessions`) and the summary
(`GET /emergency/sessions/<id>/records`): decided, told, logged and committed, in wall time. Then
the same walks, and reads in running sessions, while `wrk` searches with five times as many
connections as the server lets in.
"""

import asyncio
import json
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import count
from uuid import UUID, uuid4

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from api.admission import MOST_OTHERS
from api.core import clock, database, runtime
from api.core.actor import OPERATOR
from api.directory import registry
from api.directory import service as directory
from api.identity.card import issue
from api.identity.enrolling import intake
from api.identity.tokens import systems
from benchmarks.load import Load, drive
from benchmarks.network import Network, fill
from benchmarks.server import Place, place, serving
from benchmarks.tokens import reading_token

PARTICIPANTS = 1_000
WALKS = 60
TIMES_TOO_MANY = 5
OVERLOAD_SECONDS = 20
DOCTORS = 4  # reading at the same time while the others press
CLIENT, KEY_ID = "emr-emergency", "emr-emergency-1"
ASKED = {"sign_in_to_summary_ms_p50": "≤ 150", "overload_emergency_ms_p99": "≤ 1,000"}


class Hospital:
    """The designated hospital's system, its doctor, and the cards of those brought in."""

    def __init__(self, where: Place) -> None:
        self.where = where
        self.key = generate_private_key(SECP256R1())
        self.person_id: UUID | None = None
        self.cards: Iterator[str] = iter(())

    async def open(self) -> Network:
        runtime.start(self.where.settings, self.where.keys)
        await database.open_database(self.where.app_dsn, self.where.keys)
        try:
            await directory.adopt_profile(self.where.settings.profile)
            network = await fill(self.where.admin_dsn, participants=PARTICIPANTS)
            facility = await registry.add_facility(
                OPERATOR,
                registry.NewFacility(
                    "4313456786", "救命病院", "キュウメイ", "Emergency", "hospital", "aso"
                ),
            )
            self.person_id = await registry.add_professional(
                OPERATOR,
                facility,
                name="森 直子",
                name_kana="モリ ナオコ",
                profession="physician",
                trained_on=date(2026, 4, 1),
            )
            public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key()))
            keys = {"keys": [{**public, "kid": KEY_ID, "alg": "ES256", "use": "sig"}]}
            await intake.add_system(
                OPERATOR, facility, client_id=CLIENT, name="電子カルテ", jwks=json.dumps(keys)
            )
            scheme = directory.profile().card_scheme
            self.cards = (issue(f"{20_000_000_000_000 + n}", scheme).digits for n in count())
            return network
        finally:
            await database.close_database()

    def token(self, http: httpx.Client) -> str:
        endpoint = f"{self.where.settings.public_url}/oauth/token"
        now = int(clock.now().timestamp())
        claims = {
            "iss": CLIENT,
            "sub": CLIENT,
            "aud": endpoint,
            "iat": now,
            "exp": now + 240,
            "jti": str(uuid4()),
            "extensions": {"ihe_iua": {"person_id": str(self.person_id), "purpose_of_use": "BTG"}},
        }
        answer = http.post(
            "/oauth/token",
            data={
                "grant_type": "client_credentials",
                "client_assertion_type": systems.ASSERTION_TYPE,
                "client_assertion": jwt.encode(
                    claims, self.key, algorithm="ES256", headers={"kid": KEY_ID}
                ),
                "scope": "system/*.read",
            },
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def walk(self, http: httpx.Client) -> tuple[float, str, str]:
        """Milliseconds from asking for a token to the summary; the token and the session."""
        card = next(self.cards)
        begun = time.perf_counter()
        token = self.token(http)
        headers = {"authorization": f"Bearer {token}"}
        why = {"reason": "unconscious", "words": "路上で倒れていた", "card": card}
        opened = http.post("/emergency/sessions", json=why, headers=headers)
        opened.raise_for_status()
        session = str(opened.json()["session_id"])
        read(http, token, session)
        return (time.perf_counter() - begun) * 1e3, token, session


def read(http: httpx.Client, token: str, session: str) -> float:
    begun = time.perf_counter()
    answer = http.get(
        f"/emergency/sessions/{session}/records", headers={"authorization": f"Bearer {token}"}
    )
    answer.raise_for_status()
    if not answer.json()["entry"]:
        raise RuntimeError("the summary is empty")
    return (time.perf_counter() - begun) * 1e3


def main() -> None:
    with place() as where:
        hospital = Hospital(where)
        network = asyncio.run(hospital.open())
        with serving(where), httpx.Client(base_url=where.settings.public_url, timeout=30) as http:
            alone = [hospital.walk(http) for _ in range(WALKS)]
            _, token, session = alone[-1]
            quiet_reads = [read(http, token, session) for _ in range(WALKS)]
            width = TIMES_TOO_MANY * MOST_OTHERS
            pressed, walks, load = _pressed(where, network, hospital, width)
    walked = [each for each, _, _ in alone[5:]]
    figures = {
        "sign_in_to_summary_ms_p50": _at(walked, 0.5),
        "sign_in_to_summary_ms_p99": _at(walked, 0.99),
        "read_ms_p50": _at(quiet_reads, 0.5),
        "overload_connections": width,
        "overload_emergency_ms_p50": _at(pressed, 0.5),
        "overload_emergency_ms_p99": _at(pressed, 0.99),
        "overload_sign_in_to_summary_ms_p50": _at(walks, 0.5),
        "overload_emergency_reads": len(pressed),
        "overload_others_served_per_s": round((load.requests - load.bad) / load.seconds),
        "overload_others_told_to_wait_per_s": round(load.bad / load.seconds),
    }
    print(f"{'figure':<38}{'asked':>10}{'reached':>14}")
    for name, value in figures.items():
        print(f"{name:<38}{ASKED.get(name, ''):>10}{value:>14,}")
    print(json.dumps({"figures": figures}))


def _pressed(
    where: Place, network: Network, hospital: Hospital, width: int
) -> tuple[list[float], list[float], Load]:
    """Emergency reads and whole walks while the others press."""
    base = where.settings.public_url
    paths = [f"/fhir/R4/MedicationRequest?patient={each}" for each in network.participants]
    headers = {"authorization": f"Bearer {reading_token(where, network)}"}
    loads: list[Load] = []

    def press() -> None:
        loads.append(
            drive(base, paths, connections=width, seconds=OVERLOAD_SECONDS, headers=headers)
        )

    pressing = threading.Thread(target=press)
    pressing.start()
    time.sleep(2)
    until = time.monotonic() + OVERLOAD_SECONDS - 5

    def doctor(_: int) -> tuple[list[float], list[float]]:
        with httpx.Client(base_url=base, timeout=30) as http:
            walk, token, session = hospital.walk(http)
            walks, reads = [walk], []
            while time.monotonic() < until or not reads:
                reads.append(read(http, token, session))
                if len(reads) % 20 == 0:
                    walk, token, session = hospital.walk(http)
                    walks.append(walk)
            return walks, reads

    with ThreadPoolExecutor(DOCTORS) as doctors:
        seen = list(doctors.map(doctor, range(DOCTORS)))
    pressing.join()
    return [r for _, rs in seen for r in rs], [w for ws, _ in seen for w in ws], loads[0]


def _at(values: list[float], share: float) -> float:
    ordered = sorted(values)
    if share == 0.5:
        return round(statistics.median(ordered), 1)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1)


if __name__ == "__main__":
    main()
