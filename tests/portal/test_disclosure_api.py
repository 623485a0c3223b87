"""Hanako's app says every setting there is, and hears what became of it."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from api.consent import service as consent
from api.consent.settings.switches import SetCategory
from api.core import clock
from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from api.core.ids import uuid7
from tests.conftest import Deployment
from tests.portal import scene
from tests.portal.scene import Place, Visitor
from tests.serving import ANSWER_SECONDS, Served

LATER = (clock.now() + timedelta(days=20)).replace(microsecond=0).isoformat()


async def change(hanako: Visitor, version: int, *commands: dict[str, Any]) -> httpx.Response:
    return await hanako.tell(
        "/me/disclosure/changes", {"version": version, "commands": list(commands)}
    )


async def record_of(who: Visitor, at: Place) -> str:
    await scene.wrote(at, who.actor, "lab", "HbA1c")
    async with unit_of_work(OPERATOR, subject=who.actor.participant_id) as tx:
        found = await tx.fetchval(
            "SELECT record_id FROM record WHERE participant_id = app.subject()"
            " ORDER BY recorded_at DESC LIMIT 1"
        )
    return str(found)


async def test_every_section_shows_what_was_chosen_and_until_when(
    hanako: Visitor, sato: Visitor, ito: Visitor, clinic: Place, pharmacy: Place
) -> None:
    letter = await record_of(hanako, pharmacy)
    doctor, pharmacist = str(sato.actor.professional_id), str(ito.actor.professional_id)
    team = str(uuid4())
    answer = await change(
        hanako,
        0,
        {"kind": "region", "code": "aso", "on": True},
        {"kind": "lived", "lived": "now", "on": True},
        {"kind": "facility_type", "code": "pharmacy", "on": False},
        {"kind": "facility_type", "code": "clinic", "on": True, "region": "uki"},
        {"kind": "facility", "id": str(clinic.facility_id), "on": True, "level": "restricted"},
        {"kind": "professional", "id": doctor, "on": True, "until": LATER},
        {"kind": "team", "id": team, "name": "在宅", "members": [doctor], "on": True},
        {"kind": "exclude", "professional_id": pharmacist, "on": True},
        {"kind": "cell", "outcome": "deny", "profession": "nurse", "category": "lab"},
        {"kind": "cell", "outcome": "deny", "source_facility_id": str(pharmacy.facility_id)},
        {"kind": "hide_records", "ids": [letter], "on": True},
        {"kind": "hide_period", "on": True, "data_from": "2026-01-01", "data_to": "2026-02-01"},
        {"kind": "mark", "id": letter, "level": "restricted"},
        {"kind": "incoming_level", "level": "restricted"},
        {"kind": "ask_first", "on": True},
        {"kind": "secondary_use", "purpose": "HRESCH", "on": True},
        {
            "kind": "share",
            "facility_id": str(pharmacy.facility_id),
            "record_ids": [letter],
            "until": LATER,
        },
    )
    assert answer.status_code == 200, answer.text
    view = answer.json()
    assert view["version"] == 1

    def on(section: str) -> list[str]:
        return [each["code"] for each in view[section] if each["on"]]

    assert (on("regions"), on("lived")) == (["aso"], ["now"])
    assert "pharmacy" not in on("facility_types")
    (here,) = view["types_in_regions"]
    assert (here["facility_type"]["label"], here["region"]["label"]) == ("診療所", "宇城")
    (facility,) = view["facilities"]
    assert (facility["name"], facility["level"]) == ("れんげ内科クリニック", "restricted")
    assert facility["until"] is not None
    (person,) = view["professionals"]
    assert person["name"] == "佐藤 健一"
    assert [each["members"][0]["name"] for each in view["teams"]] == ["佐藤 健一"]
    assert [each["professional"]["name"] for each in view["exclusions"]] == ["伊藤 美咲"]
    assert {each.get("source", {}).get("name") for each in view["cells"]} == {None, "すみれ薬局"}
    assert [each["records"] for each in view["hidden_records"]] == [[letter]]
    assert [each["data_to"] for each in view["hidden_periods"]] == ["2026-02-01"]
    assert view["marks"] == [{"id": letter, "level": "restricted"}]
    assert view["incoming_level"] == "restricted"
    assert view["asks_first_since"] is not None
    assert on("secondary_uses") == ["HRESCH"]
    assert [each["facility"]["name"] for each in view["shares"]] == ["すみれ薬局"]
    assert [each["professional"]["name"] for each in view["ending"]] == ["佐藤 健一"]
    assert view == (await hanako.ask("/me/disclosure")).json()
    (logged, *_) = await hanako.log()
    assert len(logged["changes"]) == 17
    assert all(each.endswith("。") for each in logged["changes"])
    undone = (await hanako.tell("/me/disclosure/undo", {"version": 1})).json()
    assert (undone["teams"], undone["marks"], undone["incoming_level"]) == ([], [], "normal")
    again = (await hanako.tell("/me/disclosure/undo", {"version": 2})).json()
    same = view.keys() - {"version", "changed_at"}
    assert {name: again[name] for name in same} == {name: view[name] for name in same}


async def test_a_grant_about_to_end_is_extended_and_another_taken_back(
    hanako: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await change(
        hanako,
        0,
        {"kind": "facility", "id": str(clinic.facility_id), "on": True, "until": LATER},
        {"kind": "facility", "id": str(pharmacy.facility_id), "on": True, "no_end": True},
    )
    view = (await hanako.ask("/me/disclosure")).json()
    (ending,) = view["ending"]
    rows = {each["name"]: each["row_id"] for each in view["facilities"]}
    extended = await change(
        hanako,
        1,
        {"kind": "extend", "id": ending["id"]},
        {"kind": "remove", "id": rows["すみれ薬局"]},
    )
    view = extended.json()
    assert view["ending"] == []
    assert [each["name"] for each in view["facilities"]] == ["れんげ内科クリニック"]
    (logged, *_) = await hanako.log()
    assert logged["changes"][1] == "「すみれ薬局」に見せる許可を取り消しました。"


async def test_what_is_not_there_and_what_is_not_hers_look_alike(
    hanako: Visitor, yumi: Visitor, sato: Visitor, clinic: Place
) -> None:
    others, unknown = await record_of(yumi, clinic), str(uuid4())
    doctor = str(sato.actor.professional_id)
    answers = []
    for command in (
        {"kind": "hide_records", "ids": [others], "on": True},
        {"kind": "hide_records", "ids": [unknown], "on": True},
        {"kind": "mark", "id": others, "level": "secret"},
        {
            "kind": "share",
            "facility_id": str(clinic.facility_id),
            "record_ids": [others],
            "until": LATER,
        },
        {"kind": "professional", "id": unknown, "on": False},
        {"kind": "exclude", "facility_id": unknown, "on": True},
        {"kind": "cell", "outcome": "deny", "source_facility_id": unknown},
        {"kind": "region", "code": "atlantis", "on": True},
        {"kind": "facility_type", "code": "spa", "on": True},
        {"kind": "facility_type", "code": "clinic", "on": True, "region": "atlantis"},
        {"kind": "cell", "outcome": "deny", "category": "dreams"},
        {"kind": "cell", "outcome": "deny", "profession": "wizard"},
        {"kind": "hide_period", "on": True, "category": "dreams", "data_from": "2026-01-01"},
        {"kind": "secondary_use", "purpose": "HMARKT", "on": True},
        {"kind": "secondary_use", "purpose": "TREAT", "on": True},
        {"kind": "team", "id": unknown, "name": "在宅", "members": [doctor, unknown], "on": True},
        {"kind": "remove", "id": 1},
        {"kind": "extend", "id": 1},
    ):
        answers.append(await change(hanako, 0, command))
        assert answers[-1].status_code == 422, command
    assert len({answer.text for answer in answers}) == 1
    assert "unknown_choice" in answers[0].json()["type"]
    assert (await consent.settings(hanako.actor)).directive.version == 0


async def test_what_could_not_be_meant_changes_nothing(hanako: Visitor, clinic: Place) -> None:
    place = str(clinic.facility_id)
    past = (clock.now() - timedelta(seconds=1)).isoformat()
    for kind, command in (
        ("end_is_past", {"kind": "facility", "id": place, "on": True, "until": past}),
        ("end_is_past", {"kind": "share", "facility_id": place, "category": "lab", "until": past}),
        ("contradiction", {"kind": "exclude", "on": True}),
        ("contradiction", {"kind": "cell", "outcome": "deny"}),
        ("contradiction", {"kind": "hide_period", "on": True, "category": "lab"}),
        ("contradiction", {"kind": "hide_period", "on": True, "data_to": "0001-01-01"}),
        (
            "contradiction",
            {"kind": "hide_period", "on": True, "data_from": "2026-02-01", "data_to": "2026-01-01"},
        ),
        (
            "contradiction",
            {"kind": "facility", "id": place, "on": True, "until": "9999-12-31T23:59:59Z"},
        ),
        ("contradiction", {"kind": "share", "facility_id": place, "until": LATER}),
    ):
        good = {"kind": "category", "code": "lab", "on": False}
        answer = await change(hanako, 0, good, command)
        assert (answer.status_code, answer.json()["type"]) == (
            422,
            f"urn:tsunagu:problem:error.consent.{kind}",
        ), command
        assert "変わっていません" in answer.json()["next"]
    assert (await consent.settings(hanako.actor)).directive.version == 0


async def test_no_command_takes_a_field_it_does_not_have(hanako: Visitor, clinic: Place) -> None:
    place = str(clinic.facility_id)
    for command in (
        {"kind": "remove", "id": 1, "row": place},
        {"kind": "region", "code": "aso", "on": True, "until": LATER},
        {"kind": "ask_first", "on": True, "origin": "scheme"},
        {"kind": "facility", "id": place, "on": True, "level": "secret"},
        {"kind": "everyone", "on": True, "purposes": ["HRESCH"]},
        {"kind": "scheme", "code": "chaos"},
        {"kind": "refuse_source", "id": place, "on": True, "until": LATER},
    ):
        assert (await change(hanako, 0, command)).status_code == 400, command
    schemas = (await hanako.ask("/schema/openapi.json")).json()["components"]["schemas"]
    one_of = schemas["Changes"]["properties"]["commands"]["items"]["oneOf"]
    names = [each["$ref"].rpartition("/")[2] for each in one_of]
    assert len(names) == 22
    assert all(schemas[name]["additionalProperties"] is False for name in ("Changes", *names))


async def test_who_left_cannot_be_let_in_but_can_be_shut_out(
    hanako: Visitor, sato: Visitor, clinic: Place, deployment: Deployment
) -> None:
    doctor, place = str(sato.actor.professional_id), str(clinic.facility_id)
    admin = await asyncpg.connect(deployment.admin_dsn)
    try:
        await admin.execute(
            "UPDATE professional SET is_active = false WHERE professional_id = $1",
            sato.actor.professional_id,
        )
        refused = [
            {"kind": "professional", "id": doctor, "on": True},
            {"kind": "share", "professional_id": doctor, "category": "lab", "until": LATER},
            {"kind": "team", "id": place, "name": "在宅", "members": [doctor], "on": True},
        ]
        for command in refused:
            answer = await change(hanako, 0, command)
            assert answer.status_code == 422, command
            assert "no_longer_here" in answer.json()["type"]
        await admin.execute(
            "UPDATE facility SET is_active = false WHERE facility_id = $1", clinic.facility_id
        )
        answer = await change(hanako, 0, {"kind": "facility", "id": place, "on": True})
        assert "no_longer_here" in answer.json()["type"]
    finally:
        await admin.close()
    shut = await change(
        hanako,
        0,
        {"kind": "exclude", "professional_id": doctor, "on": True},
        {"kind": "exclude", "facility_id": place, "on": True},
    )
    assert len(shut.json()["exclusions"]) == 2


@pytest.mark.parametrize("name", ["", "　", "a\nb", "a\0b", "あ" * 61])
async def test_a_team_has_a_name_that_can_be_written(
    hanako: Visitor, sato: Visitor, name: str
) -> None:
    team = {"kind": "team", "id": str(uuid4()), "name": name, "on": True}
    answer = await change(hanako, 0, team | {"members": [str(sato.actor.professional_id)]})
    assert answer.status_code in (400, 422)


async def test_of_two_tabs_the_second_is_shown_both_and_loses_nothing(
    hanako: Visitor, clinic: Place
) -> None:
    first = await change(hanako, 0, {"kind": "facility", "id": str(clinic.facility_id), "on": True})
    await hanako.tell("/me/disclosure/undo", {"version": 1})
    second = await change(hanako, 0, {"kind": "category", "code": "lab", "on": False})
    assert (first.status_code, second.status_code) == (200, 409)
    problem = second.json()
    assert problem["current"] == (await hanako.ask("/me/disclosure")).json()
    assert problem["current"]["version"] == 2
    (let_in,), (undone,) = problem["meanwhile"]
    assert "「れんげ内科クリニック」に見せるようにしました" in let_in
    assert undone == "ひとつ前の設定にもどしました。"
    assert problem["wanted"] == ["「検査結果」の記録は見せないようにします。"]
    late = await hanako.tell("/me/disclosure/undo", {"version": 1})
    assert (late.status_code, late.json()["wanted"]) == (409, [])


async def test_what_came_from_elsewhere_meanwhile_is_not_called_an_undoing(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    code = (await hanako.tell("/me/disclosure/desk-codes", {})).json()["code"]
    assert (await sato.post("/clinic/desk-code", code=code)).status_code == 303
    late = await change(hanako, 0, {"kind": "category", "code": "lab", "on": False})
    opened = "窓口でご本人の番号が入力され、見せるようになりました。"
    assert (late.status_code, late.json()["meanwhile"]) == (409, [[opened]])
    page = await hanako.wish(SetCategory("lab", on=False), version=0)
    assert page.status_code == 409
    assert opened in page.text
    assert "ひとつ前の設定にもどしました" not in page.text


async def test_of_many_versions_meanwhile_the_newest_are_told(hanako: Visitor) -> None:
    for version in range(24):
        await change(hanako, version, {"kind": "category", "code": "lab", "on": version % 2 == 1})
    await change(hanako, 24, {"kind": "category", "code": "vitals", "on": False})
    late = await change(hanako, 0, {"kind": "category", "code": "imaging", "on": False})
    meanwhile = late.json()["meanwhile"]
    assert len(meanwhile) == 20
    assert "血圧・体重などの測定" in meanwhile[-1][0]


@pytest.mark.parametrize(
    "commands",
    [
        [{"on": True, "until": "2099-01-01T00:00:00+09:00", "no_end": True}],
        [{"on": False, "until": "2099-01-01T00:00:00+09:00"}],
        [{"on": True}, {"on": False}],
        [{"on": True}, {"on": True, "level": "restricted"}],
        [{"on": True}, {"kind": "exclude", "facility_id": "", "on": True}],
        [
            {"kind": "category", "code": "lab", "on": True},
            {"kind": "category", "code": "lab", "on": False},
        ],
    ],
    ids=["an end and none", "an end for off", "on and off", "two levels", "in and blocked", "kind"],
)
async def test_what_contradicts_itself_changes_nothing(
    hanako: Visitor, clinic: Place, commands: list[dict[str, object]]
) -> None:
    facility = str(clinic.facility_id)
    for command in commands:
        if command.setdefault("kind", "facility") == "facility":
            command["id"] = facility
        elif "facility_id" in command:
            command["facility_id"] = facility
    answer = await change(hanako, 0, *commands)
    assert answer.status_code == 422, answer.text
    assert answer.json()["type"].endswith(":error.consent.contradiction")
    assert await hanako.version() == 0


async def test_the_same_wish_twice_is_one(hanako: Visitor, clinic: Place) -> None:
    command = {"kind": "facility", "id": str(clinic.facility_id), "on": True}
    assert (await change(hanako, 0, command, command)).json()["version"] == 1


async def test_a_hundred_changes_at_once_make_a_chain_without_a_gap(hanako: Visitor) -> None:
    codes = ("lab", "imaging", "condition", "vitals")
    done: list[int] = []

    async def turn(number: int) -> None:
        while True:
            version = (await consent.settings(hanako.actor)).directive.version
            command = SetCategory(codes[number % 4], on=(number // 4) % 2 == 1)
            try:
                state = await consent.change(hanako.actor, [command], expected_version=version)
            except consent.SettingsChangedMeanwhile:
                continue
            done.append(state.directive.version)
            return

    await asyncio.gather(*(turn(number) for number in range(100)))
    async with unit_of_work(hanako.actor) as tx:
        rows = await tx.fetch(
            "SELECT version FROM directive WHERE participant_id = app.subject() ORDER BY version"
        )
    versions = [row["version"] for row in rows]
    logged = [each for each in await hanako.log() if each["changes"]]
    assert len(done) == 100
    assert versions == list(range(1, len(versions) + 1))
    assert len(logged) == len(versions) == max(done) > 1


async def test_a_change_binds_at_the_next_request_in_every_worker(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place, served: Served
) -> None:
    await scene.wrote(pharmacy, hanako.actor, "lab", "HbA1c")
    async with httpx.AsyncClient(base_url=served.url, timeout=ANSWER_SECONDS) as browser:
        elsewhere = Visitor(sato.actor, browser, sato.token)
        browser.cookies.update(sato.browser.cookies)
        doctor = str(sato.actor.professional_id)
        for version, command, is_in in (
            (0, {"kind": "professional", "id": doctor, "on": True}, True),
            (1, {"kind": "exclude", "professional_id": doctor, "on": True}, False),
            (2, {"kind": "exclude", "professional_id": doctor, "on": False}, True),
            (3, {"kind": "professional", "id": doctor, "on": False}, False),
            (4, {"kind": "region", "code": "aso", "on": True}, True),
            (5, {"kind": "facility_type", "code": "clinic", "on": False}, False),
        ):
            changed = await change(hanako, version, command)
            assert changed.status_code == 200, changed.text
            assert hanako.card
            for worker in (sato, elsewhere):
                answer = await worker.find(by="card", card=hanako.card.grouped)
                assert ("HbA1c" in answer.text) is is_in, (command, worker is sato)


async def test_a_professional_is_found_by_name_kana_or_place(
    hanako: Visitor, sato: Visitor, clinic: Place, deployment: Deployment
) -> None:
    name = f"試験{uuid7().hex[-6:]} 健一"
    mine = await scene.professional(clinic, name, "physician")
    kana = "ゼゼゼ" + "".join(chr(0x30A2 + 2 * (int(c, 16) % 5)) for c in uuid7().hex[-8:])
    admin = await asyncpg.connect(deployment.admin_dsn)
    await admin.execute(
        "UPDATE professional SET name_kana = $2 WHERE professional_id = $1",
        mine.professional_id,
        f"{kana} ケンイチ",
    )

    async def found(**query: object) -> list[str]:
        path = f"/me/professionals?{httpx.QueryParams(query)}"
        return [each["id"] for each in (await hanako.ask(path)).json()["professionals"]]

    hiragana = "".join(chr(ord(c) - 0x60) for c in kana)
    mine_id = str(mine.professional_id)
    assert await found(q=name) == await found(q=name.replace(" ", "　")) == [mine_id]
    assert await found(q=kana) == await found(q=hiragana) == [mine_id]
    assert set(await found(facility=clinic.facility_id)) == {
        mine_id,
        str(sato.actor.professional_id),
    }
    assert await found(q=name, facility=uuid4()) == await found() == []
    await admin.execute(
        "UPDATE professional SET is_active = false WHERE professional_id = $1",
        mine.professional_id,
    )
    await admin.close()
    assert await found(q=name) == []


async def test_facilities_are_found_by_area_and_type_and_those_i_know_come_first(
    hanako: Visitor, database: Deployment
) -> None:
    mark = "".join(chr(0x30A2 + int(c, 16) * 2) for c in uuid7().hex[-6:])
    first = await scene.place("あ医院", f"ア{mark}", "A", "clinic")
    await scene.place("い薬局", f"イ{mark}", "I", "pharmacy")
    last = await scene.place("ん医院", f"ン{mark}", "N", "clinic")

    async def found(**query: str) -> list[str]:
        path = f"/me/facilities?{httpx.QueryParams(query)}"
        return [each["name"] for each in (await hanako.ask(path)).json()["facilities"]]

    assert await found(q=mark) == ["あ医院", "い薬局", "ん医院"]
    await change(hanako, 0, {"kind": "facility", "id": str(first.facility_id), "on": True})
    await scene.wrote(last, hanako.actor, "lab", "HbA1c")
    assert await found(q=mark) == ["ん医院", "あ医院", "い薬局"]
    assert await found(q=mark, type="pharmacy") == ["い薬局"]
    prefecture = await found(q=mark, area="kumamoto_prefecture", type="clinic")
    assert prefecture == ["ん医院", "あ医院"]
    assert await found(q=mark, area="uki") == []
    for query in ("area=atlantis", "type=spa"):
        assert (await hanako.ask(f"/me/facilities?{query}")).status_code == 422
