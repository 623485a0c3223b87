"""Hanako reads her own records, and decides about single ones, with and without an app."""

import asyncio
import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from api.consent import service as consent
from api.consent.settings.switches import SetCategory, SetFacility
from api.core import clock
from api.records import service as records
from tests.portal import scene
from tests.portal.scene import Place, Visitor

NOBODY = str(UUID(int=1))
NORMAL = "いま、「だれに見せるか」の設定どおりに見せています。"


async def choose(who: Visitor, record_id: UUID, act: str, **fields: object) -> str:
    """As the form on the record's page does it; answers the page that follows."""
    page = (await who.get(f"/records/{record_id}")).text
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    answer = await who.post(
        f"/records/{record_id}/choices", act=act, version=version.group(1), **fields
    )
    assert answer.status_code == 303, answer.text
    return (await who.get(answer.headers["location"].partition("#")[0])).text


async def seen_by(reader: Visitor, of: Visitor) -> set[UUID]:
    assert of.actor.participant_id
    return {
        each.record_id for each in await records.timeline(reader.actor, of.actor.participant_id)
    }


async def let_in(hanako: Visitor, place: Place) -> None:
    state = await consent.settings(hanako.actor)
    await hanako.turn("facility", place.facility_id, "yes", state.directive.version)


async def test_a_list_groups_what_one_facility_wrote_on_one_day(
    hanako: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await scene.wrote(clinic, hanako.actor, "condition", "高血圧症", days_ahead=-9)
    await scene.wrote(clinic, hanako.actor, "lab", "HbA1c", days_ahead=-9)
    await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン", days_ahead=-3)
    page = (await hanako.get("/records")).text
    assert "ぜんぶで3件" in page
    assert page.count('<h2 id="visit-') == 2
    assert page.index("アムロジピン") < page.index("高血圧症")
    assert "My records" in (await hanako.get("/records", locale="en")).text


async def test_before_anything_came_the_page_says_what_will_come(hanako: Visitor) -> None:
    page = (await hanako.get("/records")).text
    assert "まだ記録は届いていません" in page
    assert 'href="/records"' in (await hanako.get("/home")).text


async def test_an_untold_record_is_neither_shown_nor_counted(
    hanako: Visitor, clinic: Place
) -> None:
    told = await scene.wrote(clinic, hanako.actor, "lab", "HbA1c")
    untold = [
        await scene.wrote(clinic, hanako.actor, "condition", "膵腫瘍の疑い", marks=(mark,))
        for mark in ("UNINFORMED", "UNDELIVERED")
    ]
    for path in ("/records", "/records?q=膵", "/records?category=condition"):
        page = (await hanako.get(path)).text
        assert "膵腫瘍" not in page
        assert 'value="condition"' not in page
    assert "ぜんぶで1件" in (await hanako.get("/records")).text
    assert "（1件）" in (await hanako.get(f"/records/{told}")).text
    listed = (await hanako.ask("/me/records")).json()
    assert (listed["total"], len(listed["records"])) == (1, 1)
    assert (await hanako.ask(f"/me/records/{told}")).json()["visit"] == 1
    for each in untold:
        assert (await hanako.get(f"/records/{each}")).status_code == 404
        assert (await hanako.ask(f"/me/records/{each}")).status_code == 404
        command = {"kind": "hide_records", "ids": [str(each)], "on": True}
        answer = await hanako.tell("/me/disclosure/changes", {"version": 0, "commands": [command]})
        assert answer.status_code == 422


async def test_somebody_elses_record_is_not_there(
    hanako: Visitor, yumi: Visitor, clinic: Place
) -> None:
    hers = await scene.wrote(clinic, yumi.actor, "lab", "ヘモグロビン")
    answers = []
    for record_id in (hers, uuid4()):
        for path in (f"/records/{record_id}", f"/records/{record_id}/share"):
            assert (await hanako.get(path)).status_code == 404
        form = {"act": "hide", "version": 0}
        assert (await hanako.post(f"/records/{record_id}/choices", **form)).status_code == 404
        missing = await hanako.ask(f"/me/records/{record_id}")
        assert missing.status_code == 404
        bodies = [missing.json()]
        for command in (
            {"kind": "hide_records", "ids": [str(record_id)], "on": True},
            {"kind": "mark", "id": str(record_id), "level": "secret"},
            {
                "kind": "share",
                "record_ids": [str(record_id)],
                "facility_id": str(clinic.facility_id),
                "until": (clock.now() + timedelta(days=1)).isoformat(),
            },
        ):
            answer = await hanako.tell(
                "/me/disclosure/changes", {"version": 0, "commands": [command]}
            )
            assert answer.status_code == 422, command
            bodies.append(answer.json())
        answers.append(bodies)
    assert answers[0] == answers[1]
    assert (await consent.settings(hanako.actor)).directive.version == 0


async def test_a_record_says_in_plain_words_what_it_holds(hanako: Visitor, clinic: Place) -> None:
    record_id = await scene.wrote(
        clinic,
        hanako.actor,
        "lab",
        "HbA1c(NGSP)",
        valueQuantity={"value": 7.1, "unit": "%"},
        interpretation=[{"text": "高い"}],
        note=[{"text": "本人には伏せる"}],
    )
    page = (await hanako.get(f"/records/{record_id}")).text
    for said in ("HbA1c(NGSP)", "7.1 %", "高い", "れんげ内科クリニック", NORMAL):
        assert said in page
    assert "伏せる" not in page
    facts = (await hanako.ask(f"/me/records/{record_id}")).json()["facts"]
    assert facts[0] == {"kind": "result", "value": "7.1 %"}


async def test_reading_ones_own_records_is_no_access_of_the_log(
    hanako: Visitor, clinic: Place
) -> None:
    record_id = await scene.wrote(clinic, hanako.actor, "lab", "HbA1c")
    before = await hanako.log()
    await hanako.get("/records")
    await hanako.get(f"/records/{record_id}")
    await hanako.ask("/me/records")
    assert await hanako.log() == before


async def test_a_hidden_record_is_gone_for_dr_sato_but_not_for_its_writer(
    hanako: Visitor, sato: Visitor, ito: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await let_in(hanako, clinic)
    kept = await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン")
    other = await scene.wrote(pharmacy, hanako.actor, "prescription", "メトグルコ")
    assert await seen_by(sato, hanako) == {kept, other}
    page = await choose(hanako, kept, "hide")
    assert "選んだ1件の記録を、ほかの人に見せないようにしました。" in page
    assert "いま、ご本人と書いた施設のほかには見せていません。" in page
    assert await seen_by(sato, hanako) == {other}
    assert await seen_by(ito, hanako) == {kept, other}
    assert '<span class="tag tag-bad">見せない</span>' in (await hanako.get("/records")).text
    page = await choose(hanako, kept, "show")
    assert NORMAL in page
    assert await seen_by(sato, hanako) == {kept, other}


async def test_each_choice_is_taken_back_with_one_tap(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await let_in(hanako, clinic)
    record_id = await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン")
    page = await choose(hanako, record_id, "secret")
    assert await seen_by(sato, hanako) == set()
    assert 'action="/records/undo"' in page
    back = await hanako.post("/records/undo", version=2, next=f"/records/{record_id}")
    assert "ひとつ前の設定にもどしました。" in await hanako.follow(back)
    assert await seen_by(sato, hanako) == {record_id}


async def test_a_whole_visit_is_hidden_with_what_arrives_of_it_later(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await let_in(hanako, clinic)
    first = await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン", days_ahead=2)
    the_day_after = await scene.wrote(pharmacy, hanako.actor, "lab", "HbA1c", days_ahead=3)
    page = await choose(hanako, first, "hide_visit")
    assert "「すみれ薬局」" in page
    await scene.wrote(pharmacy, hanako.actor, "lab", "血圧", days_ahead=2)
    elsewhere = await scene.wrote(clinic, hanako.actor, "lab", "尿検査", days_ahead=2)
    assert await seen_by(sato, hanako) == {the_day_after, elsewhere}
    await choose(hanako, first, "show_visit")
    assert len(await seen_by(sato, hanako)) == 4


async def test_a_restricted_record_needs_a_grant_of_its_level(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await let_in(hanako, clinic)
    record_id = await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン")
    await choose(hanako, record_id, "restricted")
    assert await seen_by(sato, hanako) == set()
    state = await consent.settings(hanako.actor)
    grant = SetFacility(clinic.facility_id, on=True, level=1)
    await consent.change(hanako.actor, [grant], expected_version=state.directive.version)
    assert await seen_by(sato, hanako) == {record_id}
    await choose(hanako, record_id, "secret")
    assert await seen_by(sato, hanako) == set()


async def test_what_came_as_restricted_can_be_made_normal_and_left_as_it_came(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await let_in(hanako, clinic)
    record_id = await scene.wrote(pharmacy, hanako.actor, "lab", "梅毒検査", sensitivity=1)
    assert "届いたときのまま（特に慎重に）" in (await hanako.get(f"/records/{record_id}")).text
    await choose(hanako, record_id, "normal")
    assert await seen_by(sato, hanako) == {record_id}
    await choose(hanako, record_id, "came")
    assert await seen_by(sato, hanako) == set()


async def test_a_share_opens_one_record_to_one_professional_until_it_is_ended(
    hanako: Visitor, open_browser, clinic: Place, pharmacy: Place
) -> None:
    name = f"佐藤 {uuid4().hex[:8]}"
    sato = await scene.visitor(
        await open_browser(), await scene.professional(clinic, name, "physician")
    )
    shared = await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン")
    await scene.wrote(pharmacy, hanako.actor, "prescription", "メトグルコ")
    colleague = await scene.visitor(
        await open_browser(), await scene.professional(clinic, "田中 誠", "physician")
    )
    page = (await hanako.get(f"/records/{shared}/share?q={name}")).text
    to = f"professional:{sato.actor.professional_id}"
    assert f'value="{to}"' in page
    last_day = (clock.today_in_japan() + timedelta(days=6)).isoformat()
    assert f'value="{last_day}"' in page
    answer = await hanako.post(f"/records/{shared}/share", version=0, to=to, until=last_day, q=name)
    assert f"「{name}」に一度だけの共有として見せるようにしました。" in await hanako.follow(answer)
    assert await seen_by(sato, hanako) == {shared}
    (looked, *_) = await hanako.log()
    assert looked["reason"].startswith(f"ご本人が「{name}」さんに、この記録を期限つきで見せている")
    assert await seen_by(colleague, hanako) == set()
    (rule,) = (await consent.settings(hanako.actor)).directive.provisions
    page = await choose(hanako, shared, "end_share", share=rule.id)
    assert f"「{name}」との共有をやめました。" in page
    assert await seen_by(sato, hanako) == set()


async def test_a_share_is_over_when_the_clock_says_so(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    shared = await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン")
    for seconds in (2, 10, 60):  # until this machine is quick enough to see it meanwhile
        until = clock.now() + timedelta(seconds=seconds)
        command = {
            "kind": "share",
            "record_ids": [str(shared)],
            "facility_id": str(clinic.facility_id),
            "until": until.isoformat(),
        }
        change = {"version": await hanako.version(), "commands": [command]}
        answer = await hanako.tell("/me/disclosure/changes", change)
        seen = await seen_by(sato, hanako)
        if clock.now() < until:
            break
    assert answer.status_code == 200, answer.text
    assert seen == {shared}
    await asyncio.sleep((until - clock.now()).total_seconds())
    assert await seen_by(sato, hanako) == set()
    page = (await hanako.get(f"/records/{shared}")).text
    assert "いますぐ終わりにする" not in page


@pytest.mark.parametrize("days", [-2, 90, 4000])
async def test_a_share_has_an_end_within_ninety_days(
    hanako: Visitor, clinic: Place, days: int
) -> None:
    record_id = await scene.wrote(clinic, hanako.actor, "lab", "HbA1c")
    until = clock.today_in_japan() + timedelta(days=days)
    form = {"to": f"facility:{clinic.facility_id}", "until": until.isoformat(), "q": "れんげ"}
    answer = await hanako.post(f"/records/{record_id}/share", version=0, **form)
    assert answer.status_code == 422
    assert "きょうから90日以内の日付を入れてください。" in answer.text
    command = {
        "kind": "share",
        "record_ids": [str(record_id)],
        "facility_id": str(clinic.facility_id),
        "until": (clock.now() + timedelta(days=days + 1)).isoformat(),
    }
    answer = await hanako.tell("/me/disclosure/changes", {"version": 0, "commands": [command]})
    assert answer.status_code == 422
    assert (await consent.settings(hanako.actor)).directive.version == 0


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"to": ""}, 422),
        ({"to": "facility:x"}, 422),
        ({"to": f"facility:{UUID(int=1)}"}, 422),
        ({"to": f"professional:{UUID(int=1)}"}, 422),
        ({"to": f"wizard:{UUID(int=1)}"}, 422),
        ({"until": "きのう"}, 422),
        ({"version": -1}, 400),
    ],
)
async def test_a_share_that_cannot_be_meant_changes_nothing(
    hanako: Visitor, clinic: Place, form: dict[str, object], status: int
) -> None:
    record_id = await scene.wrote(clinic, hanako.actor, "lab", "HbA1c")
    sent = {
        "version": 0,
        "to": f"facility:{clinic.facility_id}",
        "until": clock.today_in_japan().isoformat(),
    }
    answer = await hanako.post(f"/records/{record_id}/share", **(sent | form))
    assert answer.status_code == status
    assert (await consent.settings(hanako.actor)).directive.version == 0


async def test_a_secret_record_is_not_shared_either(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    record_id = await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン")
    page = await choose(hanako, record_id, "secret")
    assert "期限つきでも見せられません" in page
    form = {"to": f"facility:{clinic.facility_id}", "until": clock.today_in_japan().isoformat()}
    refused = await hanako.post(f"/records/{record_id}/share", version=1, **form)
    assert refused.headers["location"] == f"/records/{record_id}#share"
    assert (await consent.settings(hanako.actor)).directive.provisions == ()
    command = {
        "kind": "share",
        "record_ids": [str(record_id)],
        "facility_id": str(clinic.facility_id),
        "until": (clock.now() + timedelta(days=1)).isoformat(),
    }
    await hanako.tell("/me/disclosure/changes", {"version": 1, "commands": [command]})
    assert await seen_by(sato, hanako) == set()


async def test_a_record_from_before_she_joined_says_so_and_is_not_offered_for_sharing(
    hanako: Visitor, clinic: Place
) -> None:
    record_id = await scene.wrote(clinic, hanako.actor, "lab", "HbA1c", days_ahead=-400)
    page = (await hanako.get(f"/records/{record_id}")).text
    assert "参加する前の記録なので" in page
    assert f"/records/{record_id}/share" not in page
    assert (await hanako.get(f"/records/{record_id}/share")).status_code == 303


async def test_a_doctor_has_no_such_pages(sato: Visitor, hanako: Visitor, clinic: Place) -> None:
    record_id = await scene.wrote(clinic, hanako.actor, "lab", "HbA1c")
    for path in ("/records", f"/records/{record_id}", "/records/incoming"):
        assert (await sato.get(path)).status_code == 404


async def test_an_old_page_changes_nothing_and_shows_what_stands_now(
    hanako: Visitor, clinic: Place
) -> None:
    record_id = await scene.wrote(clinic, hanako.actor, "lab", "HbA1c")
    path = f"/records/{record_id}/choices"
    await hanako.post(path, act="hide", version=0)
    assert (await hanako.post(path, act="hide", version=0)).status_code == 303
    stale = await hanako.post(path, act="secret", version=0)
    assert stale.status_code == 409
    assert "この画面を開いたあとに、設定が変わっていました" in stale.text
    assert "選んだ1件の記録を、ほかの人に見せないようにしました。" in stale.text
    assert (await consent.settings(hanako.actor)).directive.marks == ()
    (again,) = (form for form in scene.forms(stale.text) if "/disclosure/save" in form)
    shown = await hanako.follow(await hanako.post(*scene.sent(again)))
    assert f'action="{path}"' in shown
    assert (await consent.settings(hanako.actor)).directive.marks[0].record_id == record_id


@pytest.mark.parametrize(
    ("path", "fields"),
    [("/records/incoming", {"level": "restricted"}), ("/records/undo", {"next": "/records"})],
)
async def test_other_old_pages_show_both_versions_too(
    hanako: Visitor, path: str, fields: dict[str, str]
) -> None:
    await hanako.wish(SetCategory("lab", on=False), version=0)
    stale = await hanako.post(path, fields, version=0)
    assert stale.status_code == 409
    assert "「検査結果」の記録は見せないようにしました。" in stale.text
    assert (await consent.settings(hanako.actor)).directive.version == 1


async def test_records_that_will_arrive_are_decided_beforehand(hanako: Visitor) -> None:
    answer = await hanako.post("/records/incoming", level="restricted", version=0)
    assert "これから届く記録を、特に慎重に扱うようにしました。" in await hanako.follow(answer)
    assert (await consent.settings(hanako.actor)).directive.incoming_level == 1
    assert (await hanako.ask("/me/records")).json()["incoming_level"] == "restricted"


async def test_whoever_left_still_reads_their_records_and_sees_that_nobody_else_does(
    hanako: Visitor, clinic: Place
) -> None:
    record_id = await scene.wrote(clinic, hanako.actor, "lab", "HbA1c")
    await hanako.post("/disclosure/participation", state="withdrawn")
    page = (await hanako.get(f"/records/{record_id}")).text
    assert "いまは参加していないので" in page
    assert "/choices" not in page
    assert (
        await hanako.post(f"/records/{record_id}/choices", act="hide", version=0)
    ).status_code == 404


async def test_the_app_reads_pages_that_neither_skip_nor_repeat(
    hanako: Visitor, clinic: Place, pharmacy: Place
) -> None:
    wrote = {
        str(await scene.wrote(place, hanako.actor, "lab", f"検査{n}", days_ahead=-(n % 3)))
        for n in range(7)
        for place in (clinic, pharmacy)
    }
    seen: list[str] = []
    after = ""
    while True:
        page = (await hanako.ask(f"/me/records?count=4&after={after}")).json()
        assert page["total"] == len(wrote)
        seen += [each["id"] for each in page["records"]]
        # what arrives meanwhile moves nothing that was not read yet
        await scene.wrote(clinic, hanako.actor, "condition", "あたらしい", marks=("UNINFORMED",))
        if page["after"] is None:
            break
        after = page["after"]
    assert len(seen) == len(wrote)
    assert set(seen) == wrote


@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ("category=lab", {"ＨｂＡ１ｃ", "γ-GTP"}),
        ("q=hba1c", {"ＨｂＡ１ｃ"}),
        ("q=あむろ", {"アムロジピン錠"}),
        ("q=ｱﾑﾛ", {"アムロジピン錠"}),
        ("year=1999", set()),
        ("q=%25", set()),
        ("category=condition", set()),
    ],
)
async def test_the_list_is_narrowed_however_words_are_typed(
    hanako: Visitor, clinic: Place, pharmacy: Place, asked: str, titles: set[str]
) -> None:
    await scene.wrote(clinic, hanako.actor, "lab", "ＨｂＡ１ｃ")
    await scene.wrote(clinic, hanako.actor, "lab", "γ-GTP")
    await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン錠")
    found = (await hanako.ask(f"/me/records?{asked}")).json()
    assert {each["title"] for each in found["records"]} == titles
    assert found["total"] == len(titles)
    page = (await hanako.get(f"/records?{asked}")).text
    assert f"{len(titles)}件見つかりました" in page
    assert ("あてはまる記録はありません" in page) == (not titles)


async def test_only_one_facilitys_records_and_one_years(
    hanako: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await scene.wrote(clinic, hanako.actor, "lab", "HbA1c", days_ahead=-800)
    mine = await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン")
    found = (await hanako.ask(f"/me/records?facility={pharmacy.facility_id}")).json()
    assert [each["id"] for each in found["records"]] == [str(mine)]
    year = (clock.today_in_japan() - timedelta(days=800)).year
    found = (await hanako.ask(f"/me/records?year={year}")).json()
    assert [each["title"] for each in found["records"]] == ["HbA1c"]


async def test_pages_and_totals_of_a_doctors_read_agree_with_every_choice(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await let_in(hanako, clinic)
    wrote = [
        await scene.wrote(pharmacy, hanako.actor, "lab", f"検査{n}", sensitivity=n % 3 == 0)
        for n in range(12)
    ]
    await choose(hanako, wrote[1], "hide")
    await choose(hanako, wrote[2], "secret")
    await choose(hanako, wrote[3], "normal")  # came as restricted, as every third did
    await choose(hanako, wrote[4], "restricted")
    to = f"facility:{clinic.facility_id}"
    version = (await consent.settings(hanako.actor)).directive.version
    until = clock.today_in_japan().isoformat()
    await hanako.post(f"/records/{wrote[6]}/share", version=version, to=to, until=until)
    open_to_her = {wrote[n] for n in (3, 5, 6, 7, 8, 10, 11)}
    seen: list[UUID] = []
    before = None
    while True:
        assert hanako.actor.participant_id
        page = await records.read(
            sato.actor, hanako.actor.participant_id, ("Observation",), count=3, before=before
        )
        assert page.total == len(open_to_her)
        seen += [
            UUID(each.decode())
            for each in re.findall(rb"/Observation/([0-9a-f-]{36})", page.entries)
        ]
        before = page.before
        if before is None:
            break
    assert len(seen) == len(open_to_her)
    assert set(seen) == open_to_her


@pytest.mark.parametrize(
    "command",
    [
        {"kind": "hide_period", "on": True, "data_from": "2026-05-02", "data_to": "2026-05-01"},
        {"kind": "hide_period", "on": True},
        {
            "kind": "hide_period",
            "on": True,
            "data_from": "2026-05-01",
            "facility_id": str(UUID(int=1)),
        },
        {"kind": "hide_period", "on": True, "data_from": "2026-05-01", "category": "gossip"},
        {"kind": "hide_records", "on": True, "ids": []},
        {"kind": "incoming_level", "level": "secret"},
        {"kind": "mark", "id": str(UUID(int=1)), "level": "cosmic"},
        {"kind": "share", "record_ids": [], "until": "2026-12-01T00:00:00Z"},
        {"kind": "remove", "id": 0},
    ],
    ids=str,
)
async def test_what_the_app_cannot_mean_is_refused_and_changes_nothing(
    hanako: Visitor, command: dict[str, object]
) -> None:
    answer = await hanako.tell("/me/disclosure/changes", {"version": 0, "commands": [command]})
    assert answer.status_code in (400, 422), answer.text
    assert (await consent.settings(hanako.actor)).directive.version == 0


@pytest.mark.parametrize("both", [True, False])
async def test_a_share_names_one_recipient(
    hanako: Visitor, sato: Visitor, clinic: Place, both: bool
) -> None:
    record_id = await scene.wrote(clinic, hanako.actor, "lab", "HbA1c")
    recipient = {
        "facility_id": str(clinic.facility_id),
        "professional_id": str(sato.actor.professional_id),
    }
    command = {
        "kind": "share",
        "record_ids": [str(record_id)],
        "until": (clock.now() + timedelta(days=1)).isoformat(),
        **(recipient if both else {}),
    }
    answer = await hanako.tell("/me/disclosure/changes", {"version": 0, "commands": [command]})
    assert answer.status_code == 422
    assert (await consent.settings(hanako.actor)).directive.version == 0
