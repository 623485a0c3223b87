"""Any past decision is made again from its log row, whatever has changed since."""

from datetime import UTC, datetime

import asyncpg
import msgspec
import pytest

from api.access_log import bodies, keystore
from api.access_log.commitments import SHARED
from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from tests.access_log.superuser import hexed, unguarded
from tests.conftest import Deployment
from tests.portal import scene
from tests.portal.scene import Place, Visitor
from tests.portal.test_clinic import allow, find


async def page_of(hanako: Visitor, number: int, locale: str = "ja") -> str:
    log = await hanako.get("/access-log", locale=locale)
    assert f'href="/access-log/{number}"' in log.text
    return (await hanako.get(f"/access-log/{number}", locale=locale)).text


async def decisions(hanako: Visitor) -> list[dict]:
    """Every access in the log, decided again; newest first."""
    rows = [each for each in await hanako.log() if each["is_access"]]
    return [(await hanako.ask(f"/me/access-log/{each['number']}/decision")).json() for each in rows]


async def test_old_reads_come_out_the_same_after_everything_changed(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await scene.wrote(pharmacy, hanako.actor, "lab", "HbA1c")
    await find(sato, hanako)
    await allow(hanako, clinic)
    await find(sato, hanako)
    await hanako.turn("category", "lab", "no", 1)
    await hanako.turn("facility", clinic.facility_id, "no", 2)
    await hanako.post("/disclosure/participation", state="withdrawn")
    assert sato.actor.professional_id
    async with unit_of_work(OPERATOR) as tx:
        await tx.execute(
            "UPDATE professional SET is_active = false WHERE professional_id = $1",
            sato.actor.professional_id,
        )
        await tx.execute(
            "UPDATE facility SET is_active = false WHERE facility_id = $1", clinic.facility_id
        )
    found = await decisions(hanako)
    assert len(found) == 3
    assert all(each["agrees"] for each in found)
    assert {each["logged"] for each in found} == {"recipient", "granted"}
    assert sorted(each["settings"] for each in found) == [0, 1, 1]
    page = await page_of(hanako, found[0]["number"])
    assert "同じ結果になりました" in page
    assert "第1版" in page
    assert "It came out the same" in await page_of(hanako, found[0]["number"], "en")


async def test_a_clinic_shown_its_own_records_alone_is_decided_the_same_again(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    await scene.wrote(clinic, hanako.actor, "lab", "HbA1c")
    await scene.knows_as(clinic, hanako.actor, f"R-{hanako.actor.participant_id}")
    await find(sato, hanako)
    found = await decisions(hanako)
    assert [each["logged"] for each in found] == ["own_record", "own_record"]
    assert all(each["agrees"] for each in found)


async def test_where_she_lived_then_is_what_counts(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await scene.wrote(pharmacy, hanako.actor, "lab", "HbA1c")
    await _write_settings(
        hanako, [{"id": 1, "kind": "permit", "axis": "recipient", "lived": "now"}]
    )
    await _live(hanako, 1, "aso")
    await find(sato, hanako)
    await _live(hanako, 2, "amakusa")
    await find(sato, hanako)
    found = await decisions(hanako)
    assert [each["logged"] for each in found] == ["recipient", "granted", "granted"]
    assert [each["residence"] for each in found] == [2, 1, 1]
    assert all(each["agrees"] for each in found)


async def test_a_row_that_says_something_else_is_found_out(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place, database: Deployment
) -> None:
    await scene.wrote(pharmacy, hanako.actor, "lab", "HbA1c")
    await allow(hanako, clinic)
    await find(sato, hanako)
    administrator = await asyncpg.connect(database.admin_dsn)
    try:
        await _say_something_else(administrator, hanako)
    finally:
        await administrator.close()
    found = await decisions(hanako)
    assert [(each["agrees"], each["again"]) for each in found] == [
        (False, "recipient"),
        (True, "granted"),
    ]
    assert "ちがう結果になりました" in await page_of(hanako, found[0]["number"])


@pytest.mark.parametrize("number", [999_999, 1])
async def test_what_decided_nothing_has_no_decision(hanako: Visitor, number: int) -> None:
    answer = await hanako.ask(f"/me/access-log/{number}/decision")
    assert answer.status_code == 404
    assert (await hanako.get(f"/access-log/{number}")).status_code == 404
    assert f'href="/access-log/{number}"' not in (await hanako.get("/access-log")).text


async def test_another_persons_numbers_lead_to_ones_own_log(
    hanako: Visitor, yumi: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await scene.wrote(pharmacy, hanako.actor, "lab", "HbA1c")
    await find(sato, hanako)
    number = (await hanako.log())[0]["number"]
    assert (await yumi.ask(f"/me/access-log/{number}/decision")).status_code == 404
    assert (await yumi.get(f"/access-log/{number}")).status_code == 404


async def _say_something_else(administrator: asyncpg.Connection, hanako: Visitor) -> None:
    """As whoever has the database and the keys: the body is sealed anew, with another basis."""
    subject = hanako.actor.participant_id
    assert subject
    async with unit_of_work(hanako.actor) as tx:
        row = await tx.fetchrow(
            "SELECT * FROM access_event WHERE event = 'records:record:read' ORDER BY pseq DESC"
        )
        ciphers = await keystore.keys_of_subject(tx.connection)
    assert row
    opened = bodies.unseal(ciphers[1], subject, 1, row["sealed"])
    texts = {name: opened.texts[name] for name in (*SHARED, "profile") if name in opened.texts}
    basis = msgspec.json.decode(texts["basis"])
    basis["basis"]["settings_version"] = 0
    texts["basis"] = msgspec.json.encode(basis).decode()
    varying = {name: text for name, text in opened.texts.items() if name not in texts}
    body = bodies.Body(
        opened.ek,
        opened.ek_other,
        bodies.deflated(texts),
        opened.told_ids,
        opened.untold_ids,
        varying,
    )
    sealed = hexed(bodies.seal(ciphers[1], subject, 1, body))
    await unguarded(
        administrator, f"UPDATE access_event SET sealed = {sealed} WHERE eid = '{row['eid']}'"
    )


async def _write_settings(hanako: Visitor, provisions: list[dict]) -> None:
    profile = scene.directory.profile()
    set_at = datetime.now(UTC).isoformat()  # after the clinic joined: it is covered
    rows = [each | {"set_at": set_at} for each in provisions]
    async with unit_of_work(hanako.actor) as tx:
        await tx.execute(
            "INSERT INTO directive (participant_id, version, provisions, change, profile_id,"
            " profile_version) VALUES (app.subject(), 1, $1::jsonb, '[]', $2, $3)",
            msgspec.json.encode(rows).decode(),
            profile.id,
            profile.version,
        )


async def _live(hanako: Visitor, version: int, region: str) -> None:
    async with unit_of_work(hanako.actor) as tx:
        await tx.execute(
            "INSERT INTO residence (participant_id, version, places)"
            " VALUES (app.subject(), $1, $2::jsonb)",
            version,
            msgspec.json.encode([{"region": region}]).decode(),
        )
