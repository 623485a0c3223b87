"""What Hanako was not told reaches her doctor, marked, and her side nowhere: every page, every
answer, every file is walked, and neither its words nor its id nor its number is in any of them."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from html import unescape
from typing import NamedTuple
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from litestar import Litestar
from litestar.routes import HTTPRoute

from api.consent.lifecycle import dwelling
from api.core import clock
from api.core.crypto import new_token, sha256
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.records import service as records
from api.records.mapping import CATEGORIES_OF_TYPE
from tests.access_log.sealed import seal
from tests.attacks.conftest import connect_app
from tests.conftest import Deployment
from tests.portal import scene
from tests.portal.scene import Place, Visitor
from tests.portal.test_clinic import allow, find

CANARY = "カナリア病"
LATIN = "Canarydisease"
HIDDEN = 137
TOLD = 3
# No count of hidden records, nor of all; ids, hashes, times and texts hold such digits by chance.
COUNTED = re.compile(
    rf"(?<![0-9A-Za-z_./:+=-])(?:{HIDDEN}|{HIDDEN + TOLD}|{HIDDEN + 1})(?![0-9A-Za-z_./:+=-])"
)
SKIPPED = frozenset(
    {
        "/static/{file_path}",
        "/schema",
        "/schema/{path}",
        "/schema/openapi.json",
        "/sign-out",
    }
)
MOST_ANSWERS_OF_A_ROUTE = 40
# How many pairs of everybody there are is none of her counts, and may be any number.
PAIRS_IN_ALL = re.compile(r'<p class="strong">[^<]*</p>')


class Scene(NamedTuple):
    hanako: Visitor
    sato: Visitor
    clinic: Place
    hospital: Place
    told: list[UUID]
    hidden: list[UUID]


@pytest_asyncio.fixture
async def untold(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place, database: Deployment
) -> Scene:
    """Three records she knows of, 137 she does not; her doctor has looked at all of them, in every
    way a doctor can."""
    told = [
        await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン錠5mg", status="x"),
        await scene.wrote(clinic, hanako.actor, "lab", "HbA1c", status="final"),
        await scene.wrote(clinic, hanako.actor, "condition", "本態性高血圧症"),
    ]
    hidden = [
        await scene.wrote(
            pharmacy if number % 2 else clinic,
            hanako.actor,
            "condition" if number % 3 else "lab",
            f"{CANARY} {LATIN}",
            marks=("UNINFORMED",) if number % 2 else ("UNDELIVERED",),
            days_ahead=-(number % 60),
            code={"text": f"{CANARY} {LATIN}"},
            note=[{"text": CANARY}],
        )
        for number in range(HIDDEN)
    ]
    await allow(hanako, clinic)
    await dwelling.show_from(hanako.actor, None)
    own = f"/clinic/participants/{hanako.actor.participant_id}"
    assert CANARY in await find(sato, hanako)
    paths = ("/timeline", "/timeline?category=condition", f"/records/{hidden[0]}")
    for path in (*paths, f"/records/{hidden[1]}/original", "/labs"):
        page = await sato.get(own + path)
        assert page.status_code == 200
        if path in paths:
            assert CANARY in page.text
    subject = hanako.actor.participant_id
    assert subject
    assert CANARY.encode() in (await records.read(sato.actor, subject, ("Condition",))).entries
    for each in (told[0], hidden[0]):
        await records.read(sato.actor, subject, record_id=each)
    await seal(database)
    return Scene(hanako, sato, clinic, pharmacy, told, hidden)


def trace(text: str, hidden: Sequence[UUID]) -> str | None:
    """What of the hidden records is in it, if anything."""
    plain = unescape(text)
    for word in (CANARY, LATIN, "UNINFORMED", "UNDELIVERED", "未告知", "未提供"):
        if word in plain:
            return word
    low = plain.lower()
    for each in hidden:
        if str(each) in low or each.hex in low:
            return str(each)
    counted = COUNTED.search(re.sub(r"<[^>]*>", " ", plain))
    return counted.group(0) if counted else None


def filled(route: str, values: Mapping[str, Sequence[object]]) -> Iterator[str]:
    """The route's addresses, for everything that her pages could name."""
    names = re.findall(r"\{(\w+)\}", route)
    choices = [values.get(name, [uuid7()]) for name in names]
    pattern = re.sub(r"\{\w+\}", "{}", route)
    for chosen in itertools.islice(itertools.product(*choices), MOST_ANSWERS_OF_A_ROUTE):
        yield pattern.format(*chosen)


QUERIES = (
    f"/records?q={CANARY}",
    f"/records?q={LATIN.lower()}",
    "/records?category=condition",
    "/records?category=lab",
    f"/me/records?q={CANARY}",
    "/me/records?category=condition&count=100",
    f"/access-log?q={CANARY}",
    "/access-log?kind=reads",
    f"/me/access-log?q={CANARY}",
    "/me/access-log?count=100",
    "/me/access-log/export?format=csv",
    "/access-log/export?format=csv",
    "/me/access-log/export?format=fhir",
    "/fhir/R4/AuditEvent?_count=100",
    "/disclosure/see-as?q=佐藤",
    f"/disclosure/people?q={CANARY}",
)


async def test_no_page_no_answer_and_no_file_of_hers_holds_a_trace(
    untold: Scene, app: Litestar, ueda: Visitor
) -> None:
    hanako = untold.hanako
    log = await hanako.log()
    values: dict[str, Sequence[object]] = {
        "record_id": [*untold.told, *untold.hidden[:6]],
        "resource_id": [*untold.told, *untold.hidden[:6]],
        "facility_id": [untold.clinic.facility_id, untold.hospital.facility_id],
        "professional_id": [untold.sato.actor.professional_id],
        "participant_id": [hanako.actor.participant_id],
        "number": [each["number"] for each in log][:30],
        "event_id": [each["event_id"] for each in log if "event_id" in each][:30] or [uuid7()],
        "month": [f"{clock.today_in_japan():%Y-%m}"],
        "version": [1, 2],
        "code": ["aso"],
        "name": ["bundle", "checkpoint", "export"],
        "resource_type": sorted(CATEGORIES_OF_TYPE),
    }
    served = 0
    for who in (hanako, ueda):
        for route in app.routes:
            if not isinstance(route, HTTPRoute) or "GET" not in route.methods:
                continue
            if route.path_format in SKIPPED or route.path_format.startswith("/demo"):
                continue
            for address in filled(route.path_format, values):
                for answer in (await who.get(address), await who.ask(address)):
                    said = answer.text
                    if address == "/support/look-alikes":
                        said = PAIRS_IN_ALL.sub("", said, count=1)
                    found = trace(said, untold.hidden)
                    # An address may come back in an answer: the id was the walker's own.
                    is_own_words = found is not None and found in address
                    assert found is None or is_own_words, f"{found} in {address}"
                    served += answer.status_code == 200
    assert served > 100
    for address in QUERIES:
        for answer in (await hanako.get(address), await hanako.ask(address)):
            words = answer.text.replace(CANARY, "", answer.text.count(f'value="{CANARY}"'))
            found = trace(words if CANARY in address else answer.text, untold.hidden)
            assert found is None or found in address, f"{found} in {address}"


async def test_following_every_link_from_home_meets_no_trace(untold: Scene) -> None:
    waiting, seen = ["/home", "/records", "/access-log", "/disclosure", "/inbox"], set[str]()
    while waiting and len(seen) < 400:
        address = waiting.pop(0)
        if address in seen:
            continue
        seen.add(address)
        answer = await untold.hanako.get(address)
        assert trace(answer.text, untold.hidden) is None, address
        if answer.headers.get("content-type", "").startswith("text/html"):
            for link in re.findall(r'href="(/[^"#]*)', answer.text):
                path = unescape(link)
                if not path.startswith(("/static", "/clinic", "/support")):
                    waiting.append(path)
    assert len(seen) > 40
    assert f"/records/{untold.told[0]}" in seen


async def test_what_she_would_show_is_counted_without_it(untold: Scene) -> None:
    """The preview of a change, and the eyes of her doctor, count her own three alone."""
    hanako = untold.hanako
    for address in (
        f"/disclosure/see-as/people/{untold.sato.actor.professional_id}",
        f"/disclosure/see-as/facilities/{untold.clinic.facility_id}?kind=condition",
        f"/disclosure/see-as/facilities/{untold.clinic.facility_id}?kind=lab",
    ):
        page = await hanako.get(address)
        assert page.status_code == 200
        assert trace(page.text, untold.hidden) is None
    version = (await hanako.ask("/me/disclosure")).json()["version"]
    wish = scene.wish(scene.SetFacility(untold.hospital.facility_id, True))
    confirm = await hanako.post("/disclosure/confirm", change=wish, version=version, back="")
    assert trace(confirm.text, untold.hidden) is None


async def test_an_app_of_hers_gets_no_trace(untold: Scene) -> None:
    hanako = untold.hanako
    grant_id, token = await connect_app(hanako.actor), new_token()
    async with unit_of_work(hanako.actor) as tx:
        await tx.execute(
            "INSERT INTO app_token (account_id, token_hash, grant_id, kind, ends_at)"
            " VALUES (app.account(), $1, $2, 'access', now() + interval '1 hour')",
            sha256(token.encode()),
            grant_id,
        )
    headers = {"authorization": f"Bearer {token}"}
    subject, shown = hanako.actor.participant_id, 0
    for kind in sorted(CATEGORIES_OF_TYPE):
        for address in (
            f"/fhir/R4/{kind}?patient={subject}&_count=200",
            *(f"/fhir/R4/{kind}/{each}" for each in untold.hidden[:4]),
        ):
            answer = await hanako.browser.get(address, headers=headers)
            found = trace(answer.text, untold.hidden)
            assert found is None or found in address, address
            shown += answer.json().get("total", 0)
    assert shown >= TOLD


async def test_no_notice_and_nothing_on_its_way_holds_a_trace(
    untold: Scene, database: Deployment
) -> None:
    connection = await asyncpg.connect(database.admin_dsn)
    try:
        for table in ("outbox", "inbox_notice", "support_case"):
            rows = await connection.fetch(
                f"SELECT to_jsonb(t)::text AS row FROM {table} t WHERE participant_id = $1",
                untold.hanako.actor.participant_id,
            )
            for row in rows:
                assert trace(row["row"], untold.hidden) is None, table
    finally:
        await connection.close()


async def test_her_log_tells_of_the_looks_and_of_nothing_untold(untold: Scene) -> None:
    looks = [each for each in await untold.hanako.log() if each["event"] == "records:record:read"]
    assert len(looks) >= 6
    assert max(sum(kind["count"] for kind in each["kinds"]) for each in looks) <= TOLD


@pytest.mark.parametrize("text", [f"<p>{CANARY}", '{"total": 140}', "137件", str(UUID(int=7))])
def test_the_walker_would_notice(text: str) -> None:
    assert trace(text, [UUID(int=7)])
