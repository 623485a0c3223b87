"""Hanako chooses single people and care teams, and blocks whom she does not want."""

from datetime import timedelta
from uuid import uuid4

import pytest
from msgspec import structs

from api.consent import service as consent
from api.consent.facts import Team
from api.consent.settings.switches import Exclude, SetFacility, SetTeam
from api.core import clock, i18n
from tests.portal.scene import Place, Visitor


@pytest.mark.parametrize("words", ["伊藤", "伊藤美咲", "伊藤　美咲"])
async def test_a_person_is_found_by_name_and_let_in_alone(
    hanako: Visitor, ito: Visitor, pharmacy: Place, words: str
) -> None:
    person = ito.actor.professional_id
    found = await hanako.get(f"/disclosure/people?q={words}&facility={pharmacy.facility_id}")
    assert f"/disclosure/people/{person}" in found.text
    assert "薬剤師・すみれ薬局" in found.text
    page = await hanako.tap(f"/disclosure/people/{person}", f"person-{person}")
    assert "見せる設定にしています。" in page
    assert "元にもどす" in page
    (row,) = (await consent.settings(hanako.actor)).directive.provisions
    assert (row.professional_id, row.kind) == (person, "permit")
    assert f"/disclosure/people/{person}" in (await hanako.get("/disclosure/people")).text


async def test_a_person_gets_an_end_and_a_level(hanako: Visitor, sato: Visitor) -> None:
    path = f"/disclosure/people/{sato.actor.professional_id}"
    await hanako.tap(path, f"person-{sato.actor.professional_id}")
    last = clock.today_in_japan() + timedelta(days=3)
    answer = await hanako.press(path, "この内容で保存する", until="day", day=last, restricted="yes")
    assert f"{i18n.day('ja', last)}まで" in await hanako.follow(answer)
    (row,) = (await consent.settings(hanako.actor)).directive.provisions
    assert row.level == 1
    answer = await hanako.press(path, "この内容で保存する", until="day", day="x")
    assert answer.status_code == 422


async def test_one_person_of_a_clinic_that_is_let_in_is_kept_out(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    await hanako.wish(SetFacility(clinic.facility_id, True))
    person = sato.actor.professional_id
    path = f"/disclosure/people/{person}"
    assert (
        "次の設定があるためです。「れんげ内科クリニック」に見せます。"
        in (await hanako.get(path)).text
    )
    page = await hanako.tap(path, f"person-{person}")
    assert "見せない設定にしています。" in page
    kinds = {row.kind for row in (await consent.settings(hanako.actor)).directive.provisions}
    assert kinds == {"permit", "deny"}


async def test_a_blocked_person_has_no_switch_and_can_be_unblocked(
    hanako: Visitor, sato: Visitor
) -> None:
    path = f"/disclosure/people/{sato.actor.professional_id}"
    page = await hanako.follow(await hanako.press(path, "閲覧禁止にする"))
    assert "閲覧禁止にしています。救急のときも見られません。" in page
    assert 'role="switch"' not in page
    assert "閲覧禁止 1件" in (await hanako.get("/disclosure")).text
    await hanako.press(path, "閲覧禁止をやめる")
    assert (await consent.settings(hanako.actor)).directive.provisions == ()


async def test_who_works_at_a_blocked_facility_is_said_to_be_blocked_with_it(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    await hanako.wish(Exclude(True, facility_id=clinic.facility_id))
    page = (await hanako.get(f"/disclosure/people/{sato.actor.professional_id}")).text
    assert "この人のいる施設を閲覧禁止にしているため" in page
    assert f'href="/disclosure/facilities/{clinic.facility_id}"' in page
    assert 'role="switch"' not in page


async def test_a_care_team_is_made_of_one_member_and_grows(
    hanako: Visitor, sato: Visitor, ito: Visitor, clinic: Place, pharmacy: Place
) -> None:
    doctor, pharmacist = sato.actor.professional_id, ito.actor.professional_id
    answer = await hanako.post(
        "/disclosure/teams", name=" 在宅のチーム ", professional_id=doctor, version=0
    )
    page = await hanako.follow(answer)
    assert "在宅のチーム" in page
    (team,) = (await consent.settings(hanako.actor)).directive.teams
    assert (team.name, team.professional_ids) == ("在宅のチーム", (doctor,))
    assert "チームから外す" not in page  # a team has somebody in it
    assert "1人" in (await hanako.get("/disclosure/teams")).text

    path = f"/disclosure/teams/{team.id}"
    found = (await hanako.get(f"{path}?q=伊藤")).text
    assert "チームに入れる" in found
    both = (*team.professional_ids, pharmacist)
    await hanako.wish(SetTeam(structs.replace(team, professional_ids=both), True), back=path)
    page = (await hanako.get(path)).text
    assert "佐藤 健一" in page
    assert "伊藤 美咲" in page
    await hanako.press(path, "チームから外す")
    ((_, _, left),) = (structs.astuple(t) for t in (await _teams(hanako)))
    assert len(left) == 1

    answer = await hanako.press(path, "この内容で保存する", name="往診", until="open")
    assert "往診" in await hanako.follow(answer)
    (row,) = (await consent.settings(hanako.actor)).directive.provisions
    assert (row.team_id, row.valid_to) == (team.id, None)
    page = await hanako.follow(await hanako.press(path, "チームをやめる"))
    assert "まだチームはありません" in page
    assert "元にもどす" in page
    assert await _teams(hanako) == ()


async def test_a_team_without_a_name_or_member_is_asked_again(
    hanako: Visitor, sato: Visitor
) -> None:
    for fields, fault in (
        ({"name": " ", "professional_id": sato.actor.professional_id}, "チームの名前を"),
        ({"name": "在宅"}, "はじめの一人を"),
    ):
        answer = await hanako.post("/disclosure/teams", fields, version=0, q="佐藤")
        assert answer.status_code == 422
        assert fault in answer.text
    assert await _teams(hanako) == ()


async def test_nobody_and_no_team_have_no_page(hanako: Visitor) -> None:
    for path in (f"people/{uuid4()}", f"teams/{uuid4()}"):
        assert (await hanako.get(f"/disclosure/{path}")).status_code == 404
    page = (await hanako.get(f"/disclosure/people?facility={uuid4()}")).text
    assert "人を選ぶ" in page


async def _teams(of: Visitor) -> tuple[Team, ...]:
    return (await consent.settings(of.actor)).directive.teams
