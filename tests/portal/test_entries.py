"""A home-care nurse writes about Hanako, whom she may not read about, and Hanako reads it."""

import re
from datetime import time, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
import pytest_asyncio

from api.consent.facts import Provision
from api.consent.lifecycle import leaving
from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.errors import NotFound
from api.records.at_facility import forms as entry_forms
from api.records.at_facility import service as writing
from api.records.incoming import service as ingest
from api.records.viewing import service as viewing
from tests.portal import scene
from tests.portal.scene import Place, Visitor, forms, sent

BIRTH = {"birth_era": "western", "birth_year": "1940", "birth_month": "4", "birth_day": "9"}
TODAY = clock.today_in_japan().isoformat()
NOTE = {"on": TODAY, "time": "", "topic": "visit", "text": "足のむくみが減った。\n薬は飲めている。"}


@pytest_asyncio.fixture
async def station(database):
    place = await scene.place(
        "訪問看護ひまわり", "ホウモンカンゴヒマワリ", "Himawari Home Nursing", "visiting_nursing"
    )
    yield place
    await scene.left(place)


@pytest_asyncio.fixture
async def nurse(open_browser, station: Place) -> Visitor:
    return await scene.visitor(
        await open_browser(), await scene.professional(station, "田中 さくら", "nurse")
    )


async def before(who: Visitor, hanako: Visitor, **typed: str) -> str:
    """Identifies her by card and birth date; the address of the entries."""
    assert hanako.card
    fields = {"by": "card", "card": hanako.card.grouped, **BIRTH, **typed}
    answer = await who.post("/clinic/write", fields)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def wrote(who: Visitor, here: str, kind: str, fields: dict[str, str]) -> str:
    """The address of the new entry."""
    answer = await who.post(f"{here}/new/{kind}", fields)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def form_of(page: str, end: str) -> str:
    """The one form of the page that posts to an address with this end."""
    (form,) = (each for each in forms(page) if str(sent(each)[0]).endswith(end))
    return form


async def change(who: Visitor, entry: str, **fields: str):
    """Opens the form of a correction, changes these fields and sends it."""
    page = (await who.get(f"{entry}/correct")).text
    form = form_of(page, "/correct")
    action, hidden = sent(form)
    typed = dict(
        re.findall(r'<input class="input[^"]*" id="field-(\w+)"[^>]*value="([^"]*)"', form)
    )
    typed |= {
        name: words
        for name, words in re.findall(
            r'<textarea[^>]*name="(\w+)"[^>]*>(.*?)</textarea>', form, re.DOTALL
        )
    }
    typed |= {
        name: chosen[0]
        for name, inner in re.findall(
            r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL
        )
        if (chosen := re.findall(r'value="([^"]*)" selected', inner))
    }
    return await who.post(action, {**typed, **hidden, **fields})


async def test_a_birth_date_is_typed_in_the_era_on_the_certificate(
    hanako: Visitor, nurse: Visitor
) -> None:
    assert await before(nurse, hanako, birth_era="showa", birth_year="15")
    assert hanako.card
    fields = {"by": "card", "card": hanako.card.grouped, **BIRTH}
    answer = await nurse.post("/clinic/write", fields | {"birth_era": "heisei", "birth_year": "15"})
    assert answer.status_code == 422


async def test_a_nurse_who_may_not_read_writes_a_note_and_hanako_reads_it(
    hanako: Visitor, nurse: Visitor
) -> None:
    here = await before(nurse, hanako)
    listed = (await nurse.get(here)).text
    assert "花子" not in listed
    assert "お名前は、見る許可がないため表示しません。" in listed
    entry = await wrote(nurse, here, "note", NOTE)
    assert "足のむくみが減った。" in (await nurse.get(entry)).text

    (record,) = (await hanako.ask("/me/records")).json()["records"]
    assert record["title"] == "看護・介護の記録（訪問）"
    assert record["category"] == "care"
    assert record["facility"]["name"] == "訪問看護ひまわり"
    page = (await hanako.get(f"/records/{record['id']}")).text
    assert "足のむくみが減った。\n薬は飲めている。" in page
    events = [(each["event"], each["outcome"]) for each in await hanako.log()]
    assert ("records:record:stored", "permitted") in events
    assert ("records:participant:identified", "permitted") in events
    assert ("records:record:read", "permitted") in events
    identified = next(
        each for each in await hanako.log() if each["event"] == "records:participant:identified"
    )
    assert "田中 さくら" in identified["sentence"]


async def test_writing_opens_no_record_of_others(
    hanako: Visitor, nurse: Visitor, clinic: Place
) -> None:
    await scene.wrote(clinic, hanako.actor, "prescription", "アムロジピン錠5mg")
    here = await before(nurse, hanako)
    entry = await wrote(nurse, here, "note", NOTE)
    for page in (here, entry):
        assert "アムロジピン" not in (await nurse.get(page)).text


async def test_vitals_are_corrected_with_their_history_and_withdrawn(
    hanako: Visitor, nurse: Visitor
) -> None:
    here = await before(nurse, hanako)
    entry = await wrote(
        nurse,
        here,
        "vitals",
        {"on": TODAY, "time": "", "systolic": "128", "diastolic": "76", "weight": "84"},
    )
    corrected = await change(nurse, entry, weight="48", diastolic="", systolic="")
    assert corrected.status_code == 303, corrected.text
    page = (await nurse.get(entry)).text
    assert page.index("第2版") < page.index("第1版")
    assert "48 kg" in page
    assert "84 kg" in page
    hers = {each["title"] for each in (await hanako.ask("/me/records")).json()["records"]}
    assert hers == {"体重", "血圧（取り消し済み）"}

    form = form_of((await nurse.get(f"{entry}/withdraw")).text, "/withdraw")
    assert (await nurse.post(*sent(form))).status_code == 303
    page = (await nurse.get(entry)).text
    assert "まちがって書いた記録です。" in page
    assert page.count("田中 さくら（訪問看護ひまわり）") == 3, "who wrote each version"
    assert "取り消し済み" in (await nurse.get(here)).text
    hers = {each["title"] for each in (await hanako.ask("/me/records")).json()["records"]}
    assert hers == {"体重（取り消し済み）", "血圧（取り消し済み）"}
    for path in ("correct", "withdraw"):
        assert (await nurse.get(f"{entry}/{path}")).status_code == 404


async def test_all_that_was_written_is_reached_page_by_page_and_each_page_is_a_look(
    hanako: Visitor, nurse: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "ON_A_PAGE", 2)
    here = await before(nurse, hanako)
    days = [clock.today_in_japan() - timedelta(days=ago) for ago in (9, 3, 3, 3, 1)]
    written = [
        await wrote(nurse, here, "note", NOTE | {"on": day.isoformat(), "text": f"{number}回目"})
        for number, day in enumerate(days)
    ]
    both = {"on": days[0].isoformat(), "time": "", "pulse": "70", "weight": "48"}
    moved = await wrote(nurse, here, "vitals", both)
    # What is left out of a correction keeps its day, and stands with the rest of its entry.
    assert (await change(nurse, moved, on=TODAY, pulse="")).status_code == 303
    newest_first = [moved, written[4], *sorted(written[1:4], reverse=True), written[0]]

    earlier = len(await looks(hanako))
    found, href = list[str](), here
    for _ in range(3):
        page = (await nurse.get(href)).text
        lines = re.findall(rf'class="link-row" href="({here}/[0-9a-f-]{{36}})"', page)
        assert len(lines) == 2
        found += lines
        more = re.search(rf'href="({here}\?after=[^"]+)"[^>]*>\s*もっと前の記録を見る', page)
        assert ("新しい記録にもどる" in page) is (href != here)
        href = more[1] if more else ""
    assert href == ""
    assert found == newest_first
    shown = [sum(kind["count"] for kind in each) for each in await looks(hanako)]
    assert shown[: len(shown) - earlier] == [2, 2, 3], "newest first: each with what stood on it"
    assert (await nurse.get(f"{here}?after=x")).status_code == 400


async def looks(hanako: Visitor) -> list[list[dict[str, Any]]]:
    log = await hanako.log()
    return [each["kinds"] for each in log if each["event"] == "records:record:read"]


async def test_a_correction_begins_with_what_was_written(hanako: Visitor, nurse: Visitor) -> None:
    here = await before(nurse, hanako)
    sheet = {"on": TODAY, "time": "", "care_level": "care2", "moving": "partly", "wishes": "家で"}
    for kind, fields in (("note", NOTE), ("life", sheet)):
        entry = await wrote(nurse, here, kind, fields)
        again = await change(nurse, entry)
        assert again.status_code == 303, again.text
        latest = (await nurse.get(entry)).text.split("第1版")[0]
        for said in (
            ("足のむくみが減った。",) if kind == "note" else ("要介護2", "一部手伝う", "家で")
        ):
            assert said in latest


async def test_odd_values_ask_once_and_are_kept(hanako: Visitor, nurse: Visitor) -> None:
    here = await before(nurse, hanako)
    fields = {"on": TODAY, "time": "", "temperature": "41.2"}
    asked = await nurse.post(f"{here}/new/vitals", fields)
    assert asked.status_code == 422
    assert "この値でまちがいありませんか" in asked.text
    assert (await hanako.ask("/me/records")).json()["total"] == 0
    form = form_of(asked.text, "/new/vitals")
    assert "ご確認ください：" in form
    assert "エラー：" not in form
    assert "aria-invalid" not in form
    assert 'aria-describedby="error-temperature"' in form
    action, hidden = sent(form)
    other = await nurse.post(action, {**hidden, **fields, "temperature": "42.2"})
    assert other.status_code == 422, "a yes to one value is no yes to another"
    assert (await nurse.post(action, {**hidden, **fields})).status_code == 303
    assert (await hanako.ask("/me/records")).json()["total"] == 1


async def test_nothing_typed_is_lost_by_an_error(hanako: Visitor, nurse: Visitor) -> None:
    here = await before(nurse, hanako)
    wrong = await nurse.post(f"{here}/new/note", NOTE | {"on": "2999-01-01"})
    assert wrong.status_code == 422
    assert "足のむくみが減った。" in wrong.text
    number = await nurse.post(f"{here}/new/note", NOTE | {"text": "番号 123456789018"})
    assert number.status_code == 422
    assert "123456789018" not in number.text
    assert (await hanako.ask("/me/records")).json()["total"] == 0


async def test_a_colleagues_correction_is_not_overwritten(
    hanako: Visitor, nurse: Visitor, station: Place, open_browser
) -> None:
    here = await before(nurse, hanako)
    entry = await wrote(nurse, here, "note", NOTE)
    colleague = await scene.visitor(
        await open_browser(), await scene.professional(station, "高橋 実", "care_manager")
    )
    form = form_of((await nurse.get(f"{entry}/correct")).text, "/correct")
    assert (await change(colleague, entry, text="同僚が直した。")).status_code == 303
    action, hidden = sent(form)
    late = await nurse.post(action, {**NOTE, **hidden, "text": "わたしの直し。"})
    assert late.status_code == 409
    assert "わたしの直し。" in late.text
    assert "同僚が直した。" in (await nurse.get(entry)).text


async def test_nobody_and_a_wrong_birth_date_look_alike(hanako: Visitor, nurse: Visitor) -> None:
    assert hanako.card
    nobody = scene.issue(f"{uuid4().int % 10**14:014}", scene.directory.profile().card_scheme)
    answers = [
        await nurse.post("/clinic/write", {"by": "card", "card": card, **BIRTH, "birth_day": day})
        for card, day in ((hanako.card.digits, "10"), (nobody.digits, "9"))
    ]
    assert [each.status_code for each in answers] == [422, 422]
    assert all("見つかりません" in each.text for each in answers)
    (tried, *_) = await hanako.log()
    assert (tried["event"], tried["outcome"]) == ("records:participant:identified", "denied")


async def test_birth_dates_cannot_be_tried_through(hanako: Visitor, nurse: Visitor) -> None:
    assert hanako.card
    answers = [
        await nurse.post(
            "/clinic/write",
            {"by": "card", "card": hanako.card.digits, **BIRTH, "birth_day": str(day)},
        )
        for day in range(10, 18)
    ]
    assert [each.status_code for each in answers][:3] == [422, 422, 422]
    assert answers[-1].status_code == 429
    assert "花子" not in answers[-1].text


async def test_without_having_her_at_hand_there_is_no_page_of_hers(
    hanako: Visitor, nurse: Visitor
) -> None:
    for subject in (hanako.actor.participant_id, uuid4()):
        here = f"/clinic/participants/{subject}/entries"
        assert (await nurse.get(here)).status_code == 404
        assert (await nurse.post(f"{here}/new/note", NOTE)).status_code == 404


async def test_a_facility_that_knows_her_by_number_and_one_she_let_in_need_no_card(
    hanako: Visitor, nurse: Visitor, station: Place, sato: Visitor, clinic: Place
) -> None:
    await scene.knows_as(station, hanako.actor, f"N{uuid4().hex[:8]}")
    here = f"/clinic/participants/{hanako.actor.participant_id}/entries"
    assert (await nurse.get(here)).status_code == 200
    version = (await hanako.ask("/me/disclosure")).json()["version"]
    await hanako.turn("facility", clinic.facility_id, "yes", version)
    assert "花子" in (await sato.get(here)).text


async def test_a_clerk_writes_nothing(hanako: Visitor, station: Place, open_browser) -> None:
    clerk = await scene.visitor(
        await open_browser(), await scene.professional(station, "事務 一郎", "clerk")
    )
    assert "この職種では、記録を書けません。" in (await clerk.get("/clinic/write")).text
    assert hanako.card
    fields = {"by": "card", "card": hanako.card.grouped, **BIRTH}
    assert (await clerk.post("/clinic/write", fields)).status_code == 403
    here = f"/clinic/participants/{hanako.actor.participant_id}/entries"
    assert (await clerk.get(here)).status_code == 403


async def test_another_facility_sees_and_changes_no_entry_of_this_one(
    hanako: Visitor, nurse: Visitor, sato: Visitor
) -> None:
    entry = await wrote(nurse, await before(nurse, hanako), "note", NOTE)
    await before(sato, hanako)
    for path in ("", "/correct", "/withdraw"):
        assert (await sato.get(f"{entry}{path}")).status_code == 404
    assert (await sato.post(f"{entry}/withdraw", version="1")).status_code == 404


async def test_nothing_is_written_about_whoever_left(hanako: Visitor, nurse: Visitor) -> None:
    here = await before(nurse, hanako)
    await leaving.take_part(hanako.actor, "withdrawn")
    refused = await nurse.post(f"{here}/new/note", NOTE)
    assert refused.status_code == 409
    assert "足のむくみが減った。" in refused.text
    assert hanako.card
    fields = {"by": "card", "card": hanako.card.grouped, **BIRTH}
    assert (await nurse.post("/clinic/write", fields)).status_code == 422


async def test_a_nurse_hanako_refuses_may_still_write_and_reads_nothing_of_it(
    hanako: Visitor, nurse: Visitor
) -> None:
    here = await before(nurse, hanako)
    entry = await wrote(nurse, here, "note", NOTE)
    assert nurse.actor.professional_id
    await scene.decided(
        hanako.actor,
        Provision(1, "exclusion", "recipient", professional_id=nurse.actor.professional_id),
    )
    assert "看護・介護の記録（訪問）" not in (await nurse.get(here)).text
    for path in ("", "/correct", "/withdraw"):
        page = await nurse.get(f"{entry}{path}")
        assert page.status_code == 404
        assert "足のむくみ" not in page.text
    assert await wrote(nurse, here, "note", NOTE) == here, "there is no page of it for her"
    assert (await hanako.ask("/me/records")).json()["total"] == 2


async def test_an_entry_hanako_is_not_told_of_is_in_no_line_of_her_log(
    hanako: Visitor, nurse: Visitor, station: Place
) -> None:
    here = await before(nurse, hanako)
    typed = entry_forms.read("note", NOTE, clock.today_in_japan(), time(23, 59))
    about = f"Patient/{hanako.actor.participant_id}"
    writer = entry_forms.Writer(uuid4(), "田中 さくら", station.name)
    made = entry_forms.resources_of("note", typed.values, uuid4(), about, writer, is_again=False)
    untold = [each | {"meta": {"tag": [{"code": "UNINFORMED"}]}} for each in made]
    system = Actor(kind=ActorKind.SYSTEM, facility_id=station.facility_id, client_id="emr")
    await ingest.store_resources(system, untold, name="emr")
    assert "看護・介護の記録（訪問）" in (await nurse.get(here)).text
    row, *_ = await hanako.log()
    assert row["event"] == "records:record:read"
    assert row["kinds"] == []
    assert "1件" not in row["sentence"]


async def test_naming_hanako_on_a_form_stands_in_her_log(
    hanako: Visitor, nurse: Visitor, sato: Visitor, clinic: Place
) -> None:
    version = (await hanako.ask("/me/disclosure")).json()["version"]
    await hanako.turn("facility", clinic.facility_id, "yes", version)
    known = len(await hanako.log())
    page = await sato.get(f"/clinic/participants/{hanako.actor.participant_id}/entries/new/note")
    assert "花子" in page.text
    row, *rest = await hanako.log()
    assert len(rest) == known
    assert (row["event"], row["outcome"]) == ("records:participant:found", "permitted")
    assert "佐藤 健一" in row["sentence"]


async def test_who_reaches_for_her_entries_without_a_ground_stands_in_her_log(
    hanako: Visitor, nurse: Visitor
) -> None:
    her = hanako.actor.participant_id
    assert her is not None
    before_it = len(await hanako.log())
    deeds = [
        writing.whom(nurse.actor, her),
        writing.entries(nurse.actor, her),
        writing.entry(nurse.actor, her, uuid4()),
        writing.withdraw(nurse.actor, her, uuid4(), 1),
    ]
    for deed in deeds:
        with pytest.raises(NotFound):
            await deed
    rows = await hanako.log()
    assert len(rows) == before_it + len(deeds)
    for row in rows[: len(deeds)]:
        assert (row["event"], row["outcome"]) == ("records:record:read", "denied")
        assert "田中 さくら" in row["sentence"]
        assert row["kinds"] == []


async def test_whose_facility_is_refused_sees_no_entry_and_the_try_stands_in_her_log(
    hanako: Visitor, nurse: Visitor, station: Place
) -> None:
    here = await before(nurse, hanako)
    await wrote(nurse, here, "note", NOTE)
    shut = Provision(1, "exclusion", "recipient", facility_id=station.facility_id)
    await scene.decided(hanako.actor, shut)
    assert hanako.actor.participant_id is not None
    assert (await writing.entries(nurse.actor, hanako.actor.participant_id)).items == []
    (row, *_) = await hanako.log()
    assert (row["event"], row["outcome"], row["kinds"]) == ("records:record:read", "denied", [])


async def test_a_look_for_an_emergency_without_a_session_is_refused_and_logged(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    her = hanako.actor.participant_id
    assert her is not None
    await scene.wrote(clinic, hanako.actor, "lab", "HbA1c")
    reaching = msgspec.structs.replace(sato.actor, purpose_of_use="BTG")
    with pytest.raises(NotFound):
        await viewing.look(reaching, her, viewing.Wanted())
    (row, *_) = await hanako.log()
    assert (row["event"], row["outcome"], row["kinds"]) == ("records:record:read", "denied", [])
    assert "佐藤 健一" in row["sentence"]
    with pytest.raises(NotFound):
        await viewing.look(reaching, uuid4(), viewing.Wanted())


async def test_identifying_ends_after_a_working_day(
    hanako: Visitor, nurse: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "IDENTIFIED_FOR", timedelta(seconds=-1))
    here = await before(nurse, hanako)
    assert (await nurse.get(here)).status_code == 404


async def test_the_pages_speak_english_too(hanako: Visitor, nurse: Visitor) -> None:
    here = await before(nurse, hanako)
    entry = await wrote(nurse, here, "note", NOTE)
    for path in ("/clinic/write", here, f"{here}/new/life", f"{here}/new/vitals", entry):
        page = (await nurse.get(path, locale="en")).text
        assert not re.search(r"\bentry\.[a-z_.]+\b", re.sub(r"<[^>]*>", "", page))
