"""A clinic compares its receipts with the log, and Hanako sees what it has no receipt of."""

import os
from datetime import date, timedelta
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.access_log import auditing
from api.access_log.receipts import HEADER, origin_of
from api.access_log.reconciling import service as reconciling
from api.access_log.transparency import notes
from api.access_log.verifier import parse_receipt, to_base64url
from api.consent.settings.switches import SetFacility
from api.core import clock
from api.core.actor import ActorKind
from api.core.database import unit_of_work
from api.directory import service as directory
from api.identity.tokens import systems
from tests.access_log.sealed import seal
from tests.attacks.conftest import System, install
from tests.conftest import Deployment
from tests.portal import scene
from tests.portal.scene import Place, Visitor

HERE = "/facility/receipts/reconcile"


class Emr:
    """What a facility's system holds: a token, and the receipts of its answers."""

    def __init__(self, browser: httpx.AsyncClient, system: System, token: str) -> None:
        self.browser, self.system = browser, system
        self.headers = {"authorization": f"Bearer {token}"}
        self.receipts: list[str] = []

    async def read(self, query: str) -> None:
        answer = await self.browser.get(f"/fhir/R4/{query}", headers=self.headers)
        assert answer.status_code == 200, answer.text
        self.receipts.append(answer.headers[HEADER])

    async def answered(self, day: date) -> dict[str, Any]:
        answer = await self.browser.get(f"{HERE}?day={day}", headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def compare(self, day: date, receipts: list[str]) -> httpx.Response:
        body = {"day": day.isoformat(), "receipts": receipts}
        return await self.browser.post(HERE, json=body, headers=self.headers)


@pytest_asyncio.fixture
async def emr(open_browser, clinic: Place, sato: Visitor, hanako: Visitor) -> Emr:
    """It has looked for Hanako's records twice, and for somebody who is not here."""
    await hanako.wish(SetFacility(clinic.facility_id, on=True))
    await scene.wrote(clinic, hanako.actor, "prescription", "アムロジピン錠5mg")
    system = await install(clinic, sato.actor)
    emr = Emr(await open_browser(), system, await system.token())
    await emr.read(f"MedicationRequest?patient={hanako.actor.participant_id}")
    await emr.read(f"Condition?patient={hanako.actor.participant_id}")
    await emr.read("Condition?patient.identifier=urn:tsunagu:card|1000000000000000")
    return emr


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> date:
    """A day that is over by now."""
    day = clock.today_in_japan()
    monkeypatch.setattr(reconciling.clock, "today_in_japan", lambda: day + timedelta(days=1))
    return day


async def unconfirmed(hanako: Visitor) -> list[int]:
    page = (await hanako.ask("/me/access-log")).json()
    return [each["number"] for each in page["events"] if each["is_unconfirmed"]]


async def test_a_clinic_that_holds_every_receipt_matches_the_log(
    emr: Emr, hanako: Visitor, today: date, database: Deployment
):
    await seal(database)
    said = await emr.answered(today)
    commits = [to_base64url(parse_receipt(each).commit) for each in emr.receipts]
    assert sorted(each["commit"] for each in said["answers"]) == sorted(commits)
    assert all(each["leaf"] is not None for each in said["answers"])
    assert set(said["answers"][0]) == {"commit", "at", "leaf"}
    compared = (await emr.compare(today, [*emr.receipts, emr.receipts[0]])).json()
    assert compared == {
        "day": today.isoformat(), "rows": 3, "matched": 3, "missing": [], "unknown": [],
        "not_ours": [],
    }  # fmt: skip
    assert await unconfirmed(hanako) == []


async def test_hanako_sees_an_access_the_clinic_has_no_receipt_of_until_it_has(
    emr: Emr, hanako: Visitor, today: date
):
    compared = (await emr.compare(today, emr.receipts[1:])).json()
    assert (compared["rows"], compared["matched"]) == (3, 2)
    assert compared["missing"] == [to_base64url(parse_receipt(emr.receipts[0]).commit)]
    (number,) = await unconfirmed(hanako)
    page = (await hanako.get("/access-log", locale="en")).text
    assert page.count("The facility has not confirmed this access") == 1
    log = (await hanako.ask("/me/access-log")).json()["events"]
    assert log[0]["event"] == "access_log:receipt:missing"
    assert next(each for each in log if each["number"] == number)["event"] == "records:record:read"
    await emr.compare(today, emr.receipts[1:])
    again = (await hanako.ask("/me/access-log")).json()["events"]
    assert len(again) == len(log)  # told once
    await emr.compare(today, emr.receipts)
    assert await unconfirmed(hanako) == []


async def test_a_receipt_of_ours_that_the_log_does_not_have_is_an_alarm(
    emr: Emr, today: date, database: Deployment, clinic: Place, auditor: Visitor
):
    await seal(database)
    at = parse_receipt(emr.receipts[0]).at
    origin = origin_of(database.settings.public_url, directory.profile().id)
    ours, commit = database.keys.log.current().private, os.urandom(32)
    lost = str(notes.receipt(commit, at, origin, ours))
    forged = str(notes.receipt(os.urandom(32), at, origin, Ed25519PrivateKey.generate()))
    compared = (await emr.compare(today, [*emr.receipts, lost, forged])).json()
    assert compared["unknown"] == [to_base64url(commit)]
    assert compared["not_ours"] == [forged]
    overview = await auditing.overview(auditor.actor)
    (line,) = [each for each in overview.reconciliations if each.facility_id == clinic.facility_id]
    assert line[2:] == (3, 3, 0, 1, True)
    page = (await auditor.get("/auditor", locale="en")).text
    assert "1 receipts signed by the log, which the log does not have" in page
    async with unit_of_work(auditor.actor) as tx:
        alarms = await tx.fetch(
            "SELECT receipt FROM unknown_receipt WHERE facility_id = $1", clinic.facility_id
        )
    assert [each["receipt"] for each in alarms] == [lost]


async def test_the_auditor_sees_which_days_were_not_compared(
    emr: Emr, auditor: Visitor, clinic: Place
):
    overview = await auditing.overview(auditor.actor)
    (line,) = [each for each in overview.reconciliations if each.facility_id == clinic.facility_id]
    assert (line.sent, line.is_compared) == (3, False)
    assert "Not compared yet" in (await auditor.get("/auditor", locale="en")).text


async def test_another_facility_learns_and_changes_nothing(
    emr: Emr, hanako: Visitor, pharmacy: Place, ito: Visitor, open_browser, today: date
):
    system = await install(pharmacy, ito.actor)
    other = Emr(await open_browser(), system, await system.token())
    assert (await other.answered(today))["answers"] == []
    compared = (await other.compare(today, emr.receipts)).json()
    assert (compared["rows"], compared["matched"], compared["missing"]) == (0, 0, [])
    assert (compared["unknown"], compared["not_ours"]) == ([], [])
    await emr.compare(today, [])
    assert len(await unconfirmed(hanako)) == 2
    await other.compare(today, emr.receipts)
    assert len(await unconfirmed(hanako)) == 2


async def test_only_a_day_that_is_over_and_whole_receipts_are_compared(emr: Emr):
    early = await emr.compare(clock.today_in_japan(), emr.receipts)
    assert early.status_code == 422
    assert early.json()["type"] == "urn:tsunagu:problem:error.receipts.day"
    yesterday = clock.today_in_japan() - timedelta(days=1)
    for bad in ("x", emr.receipts[0][:-1], emr.receipts[0] + "A", ""):
        answer = await emr.compare(yesterday, [emr.receipts[1], bad])
        assert (answer.status_code, answer.json()["where"]) == (400, ["receipts[1]"]), bad


async def test_a_participants_session_and_a_writing_token_do_not_open_it(
    emr: Emr, hanako: Visitor, clinic: Place
):
    for token in (hanako.token, await emr.system.token("system/*.write")):
        headers = {"authorization": f"Bearer {token}"}
        answer = await emr.browser.get(f"{HERE}?day=2026-11-01", headers=headers)
        assert answer.status_code == 401


async def test_postgresql_lets_only_a_system_ask_what_its_facility_was_answered(
    emr: Emr, today: date
):
    actor = systems.access_of(emr.headers["authorization"].split()[1]).actor
    doctor = msgspec.structs.replace(actor, kind=ActorKind.PROFESSIONAL)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await reconciling.answered(doctor, today)
