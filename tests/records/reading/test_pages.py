"""Where a search goes on: nothing to read in a link, nothing to make of one, nothing lost."""

import base64
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from msgspec.structs import replace

from api.consent.settings.switches import SetFacility
from api.core import clock
from api.core.actor import OPERATOR, Actor
from api.core.database import unit_of_work
from api.records.errors import BadPage
from api.records.reading import pages
from tests.records.reading.scene import Emr, Someone, lab, linked, numbers, someone


def token_of(bundle: dict[str, object]) -> str:
    following = linked(bundle, "next")
    assert following
    return parse_qs(urlsplit(following).query)["_page"][0]


async def first_page(emr: Emr, who: Someone, *pairs: tuple[str, object]) -> dict[str, object]:
    return await emr.bundle("/Observation", ("patient", who.id), ("_count", 2), *pairs)


@pytest.fixture
async def five(hanako: Someone) -> Someone:
    await hanako.has(*(lab(each, f"2026-01-0{n}") for n, each in enumerate("abcde", 1)))
    return hanako


async def test_a_link_tells_nothing_of_whom_or_what(five: Someone, emr: Emr):
    following = linked(await first_page(emr, five, ("code", "3D046000001906202")), "next")
    assert following
    token = token_of(await first_page(emr, five))
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for secret in (str(five.id), "3D046000001906202", "Observation"):
        assert secret not in following.replace("/Observation?", "")
        assert secret.encode() not in raw
    assert five.id.bytes not in raw


async def test_a_token_serves_its_own_requester_and_door_alone(
    five: Someone, emr: Emr, http: httpx.AsyncClient
):
    token = token_of(await first_page(emr, five))
    again = await emr.bundle("/Observation", ("_page", token))
    assert len(numbers(again)) == 2
    other = Emr(http, await five.world.hospital_emr.token())
    bent = token[:-6] + ("A" if token[-6] != "A" else "B") + token[-5:]
    for system, path, each in (
        (other, "/Observation", token),
        (emr, "/Condition", token),
        (emr, "", token),
        (emr, f"/Patient/{five.id}/$everything", token),
        (emr, "/Observation", bent),
        (emr, "/Observation", token[:20]),
        (emr, "/Observation", ""),
        (emr, "/Observation", "あ"),
        (emr, "/Observation", "A" * 20_000),
    ):
        answer = await system.get(path, ("_page", each))
        assert answer.status_code == 400, (path, each[:30])
        assert answer.json()["resourceType"] == "OperationOutcome"
    for pair in (("patient", str(five.id)), ("_count", "50"), ("code", "x")):
        assert (await emr.get("/Observation", ("_page", token), pair)).status_code == 400


async def test_a_token_ends_with_its_day(five: Someone, monkeypatch: pytest.MonkeyPatch):
    who = five.world.sato
    token = pages.seal(who, pages.Place("x", five.id, (), pages.Search(), 1))
    assert pages.opened(who, token, "x").subject == five.id
    later = clock.now() + timedelta(hours=12)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(BadPage):
        pages.opened(who, token, "x")


@pytest.mark.parametrize(
    "changed",
    [{"name": "別人"}, {"purpose_of_use": "HRESCH"}, {"profession": "clerk"}, {"client_id": "x"}],
    ids=lambda changed: next(iter(changed)),
)
async def test_a_token_is_of_one_person_and_purpose(five: Someone, changed: dict[str, str]):
    who: Actor = five.world.sato
    token = pages.seal(who, pages.Place("x", five.id, (), pages.Search(), 1))
    assert pages.opened(who, token, "x").subject == five.id
    with pytest.raises(BadPage):
        pages.opened(replace(who, **changed), token, "x")


@pytest.mark.parametrize("order", [None, "date", "-date", "_lastUpdated", "-_lastUpdated"])
async def test_what_arrives_or_is_withdrawn_between_pages_doubles_and_hides_nothing(
    five: Someone, emr: Emr, order: str | None
):
    pairs = () if order is None else (("_sort", order),)
    first = await first_page(emr, five, *pairs)
    await five.has(lab("before", "2020-01-01"), lab("after", "2026-06-01"))
    shown = numbers(first)
    gone = next(each for each in "abcde" if each not in shown)
    async with unit_of_work(OPERATOR, subject=five.actor.participant_id) as tx:
        await tx.execute(
            "UPDATE record SET is_current = false WHERE identifier_value = ANY ($1)"
            " AND participant_id = app.subject()",
            [gone, shown[0]],
        )
    rest = []
    following = linked(first, "next")
    while following:
        answer = (await emr.http.get(following, headers=emr.headers)).json()
        rest += numbers(answer)
        following = linked(answer, "next")
    assert len(rest) == len(set(rest))
    assert not set(rest) & set(shown)
    assert set("abcde") - set(shown) - {gone} <= set(rest)
    assert gone not in rest


async def test_each_page_is_decided_anew(five: Someone, emr: Emr):
    token = token_of(await first_page(emr, five))
    await five.wants(SetFacility(five.world.clinic.facility_id, on=False))
    answer = await emr.bundle("/Observation", ("_page", token))
    assert (answer["total"], "entry" in answer) == (0, False)


async def test_a_page_is_of_one_person(five: Someone, emr: Emr):
    other = await someone(five.world)
    await other.has(*(lab(each, "2026-01-01") for each in "xyz"))
    seen = numbers(*await emr.pages("/Observation", ("patient", five.id), ("_count", 1)))
    assert sorted(seen) == list("abcde")
