"""Hanako adds the file of her checkup: she sees it first, keeps it, shows it, removes it."""

import base64
import re
from datetime import date

import asyncpg
import pytest

from api.consent import service as consent
from api.consent.lifecycle import leaving
from api.core import clock
from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from api.proxies import safety
from api.records import service as records
from tests.portal import scene
from tests.portal.scene import Place, Visitor, forms, sent
from tests.records import checkup_files
from tests.records.checkup_files import Examined, checkup

HERS = Examined("ヤマモト　ハナコ", date(1940, 4, 9))
HERE = "/records/checkup-file"


async def hand_in(who: Visitor, body: bytes):
    await who.get(HERE)
    fields = {"_csrf_token": who.browser.cookies["tsunagu_csrf"]}
    return await who.browser.post(HERE, data=fields, files={"file": ("kenshin.xml", body)})


async def keep(who: Visitor, body: bytes) -> str:
    """Looks, stores; the page that follows."""
    preview = await hand_in(who, body)
    assert preview.status_code == 200, preview.text
    (form,) = (each for each in forms(preview.text) if "/keep" in each)
    return await who.follow(await who.post(*sent(form)))


async def test_she_sees_what_the_file_says_before_anything_is_stored(hanako: Visitor) -> None:
    preview = (await hand_in(hanako, checkup(HERS))).text
    for shown in ("くまもと健診センター", "2026年5月12日", "体重", "54.0 kg", "実施していません"):
        assert shown in preview
    assert "まだ保存していません。" in preview
    assert (await hanako.ask("/me/records")).json()["total"] == 0


@pytest.mark.parametrize(
    "begins", [b"%PDF-1.7\n", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n", b"\0\0\0\x18ftypheic"]
)
async def test_a_pdf_or_a_photograph_is_told_from_a_file_cut_short(
    hanako: Visitor, begins: bytes
) -> None:
    refused = (await hand_in(hanako, begins + bytes(range(256)))).text
    assert "PDFや写真は登録できません" in refused
    assert "XMLかZIPのファイルを選んでください" in refused
    assert "読み取れません" not in refused
    assert "PDFや写真は登録できません" not in (await hand_in(hanako, checkup(HERS)[:-200])).text


async def test_what_she_keeps_is_hers_by_herself_and_can_be_undone(hanako: Visitor) -> None:
    page = await keep(hanako, checkup(HERS))
    assert "健診の結果を保存しました。" in page
    listed = (await hanako.ask("/me/records")).json()
    assert listed["total"] == len(checkup_files.USUAL) + 1
    assert {each["facility"]["name"] for each in listed["records"]} == {"ご本人の登録"}
    assert {each["category"] for each in listed["records"]} == {"checkup"}
    added, *_ = await hanako.log()
    assert added["event"] == "records:own:added"
    assert "ご自分の記録（「健康診断」9件）" in added["sentence"]
    weight = next(each for each in listed["records"] if each["title"] == "体重")
    assert "54.0 kg" in (await hanako.get(f"/records/{weight['id']}")).text

    (undo,) = (form for form in forms(page) if ">元に戻す<" in form)
    assert "消しました" in await hanako.follow(await hanako.post(*sent(undo)))
    assert (await hanako.ask("/me/records")).json()["total"] == 0
    removed, *_ = await hanako.log()
    assert removed["event"] == "records:own:removed"
    async with unit_of_work(OPERATOR, subject=hanako.actor.participant_id) as tx:
        left = await tx.fetchval("SELECT count(*) FROM record WHERE participant_id = app.subject()")
    assert left == 0, "removed is gone, every version"


async def test_the_same_file_again_changes_nothing_and_a_corrected_one_is_a_new_version(
    hanako: Visitor,
) -> None:
    await keep(hanako, checkup(HERS))
    assert "もう登録してあります" in (await hand_in(hanako, checkup(HERS))).text
    await keep(hanako, checkup(HERS))
    total = (await hanako.ask("/me/records")).json()["total"]
    entries = [checkup_files.quantity(checkup_files.WEIGHT, "53.0", "kg")]
    await keep(hanako, checkup(HERS, entries))
    listed = (await hanako.ask("/me/records")).json()
    assert listed["total"] == total
    weight = next(each for each in listed["records"] if each["title"] == "体重")
    assert "53.0 kg" in (await hanako.get(f"/records/{weight['id']}")).text
    assert (await hanako.get(HERE)).text.count(">消す<") == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(checkup(HERS._replace(name="ヤマモト　ユミ")), "ほかの方の健診", id="name"),
        pytest.param(
            checkup(HERS._replace(birth_on=date(1941, 4, 9))), "ほかの方の健診", id="birth"
        ),
        pytest.param(checkup(HERS)[:-200], "途中で切れている", id="half"),
        pytest.param(b"<html></html>", "特定健診のXML", id="root"),
        pytest.param(b"", "ファイルを選んでください", id="empty"),
        pytest.param(
            checkup(HERS, extra='<id extension="123456789018" root="1"/>'), "個人番号", id="number"
        ),
        pytest.param(
            checkup_files.archive({"h1.xml": checkup(HERS), "h2.xml": checkup(HERS)}),
            "ひとつずつ",
            id="several",
        ),
    ],
)
async def test_what_cannot_be_hers_is_refused_in_words_and_nothing_is_kept(
    hanako: Visitor, body: bytes, said: str
) -> None:
    answer = await hand_in(hanako, body)
    assert answer.status_code == 422
    assert said in answer.text
    assert "123456789018" not in answer.text
    assert (await hanako.ask("/me/records")).json()["total"] == 0


async def test_a_page_is_not_believed_what_it_carries(hanako: Visitor) -> None:
    """Between looking and keeping the file is in the browser's hands."""
    other = checkup(HERS._replace(name="ヤマモト　ユミ"))
    for content in (base64.b64encode(other).decode(), "???", ""):
        answer = await hanako.post(f"{HERE}/keep", content=content)
        assert answer.status_code == 422
    assert (await hanako.ask("/me/records")).json()["total"] == 0


async def test_a_zip_with_one_checkup_is_taken_and_apps_can_do_all_of_it(hanako: Visitor) -> None:
    body = checkup_files.archive({"h1.xml": checkup(HERS)})
    headers = {"authorization": f"Bearer {hanako.token}", "content-type": "application/zip"}
    seen = await hanako.browser.post("/me/checkup-files/preview", content=body, headers=headers)
    assert seen.status_code == 200, seen.text
    assert len(seen.json()["findings"]) == len(checkup_files.USUAL)
    kept = await hanako.browser.post("/me/checkup-files", content=body, headers=headers)
    assert kept.status_code == 201
    (one,) = (await hanako.ask("/me/checkup-files")).json()
    assert (one["id"], one["findings"]) == (kept.json()["id"], len(checkup_files.USUAL))
    gone = await hanako.browser.delete(f"/me/checkup-files/{one['id']}", headers=headers)
    assert gone.status_code == 204
    again = await hanako.browser.delete(f"/me/checkup-files/{one['id']}", headers=headers)
    assert again.status_code == 204, "a tap too many"
    bad = await hanako.browser.post("/me/checkup-files", content=b"<x/>", headers=headers)
    assert bad.status_code == 422


async def test_she_is_told_when_the_index_speaks_of_more_than_came(hanako: Visitor) -> None:
    body = checkup_files.archive({"h1.xml": checkup(HERS)}, counted=2)
    headers = {"authorization": f"Bearer {hanako.token}", "content-type": "application/zip"}
    seen = await hanako.browser.post("/me/checkup-files/preview", content=body, headers=headers)
    assert seen.json()["counted"] == 2
    assert "目次には健診が2件とありますが" in (await hand_in(hanako, body)).text
    assert "目次には" not in (await hand_in(hanako, checkup(HERS))).text
    assert "健診の結果を保存しました。" in await keep(hanako, body)
    await safety.go_safe(hanako.actor)
    safe = await hanako.browser.post("/me/checkup-files/preview", content=body, headers=headers)
    assert (safe.status_code, safe.json()["institution"]) == (200, "")


async def test_nobody_removes_what_a_facility_wrote_or_another_brought(
    hanako: Visitor, yumi: Visitor, clinic: Place
) -> None:
    await keep(hanako, checkup(HERS))
    (one,) = (await hanako.ask("/me/checkup-files")).json()
    written = await scene.wrote(clinic, hanako.actor, "lab", "HbA1c")
    for who, record in ((yumi, one["id"]), (hanako, written)):
        assert (await who.get(f"{HERE}/{record}/remove")).status_code == 404
        assert (await who.post(f"{HERE}/{record}/remove")).status_code == 404
    assert (await hanako.ask("/me/records")).json()["total"] == len(checkup_files.USUAL) + 2


async def test_the_database_lets_her_touch_only_what_she_brought(
    hanako: Visitor, clinic: Place
) -> None:
    await scene.wrote(clinic, hanako.actor, "lab", "HbA1c")
    async with unit_of_work(hanako.actor) as tx:
        assert await tx.connection.execute("DELETE FROM record") == "DELETE 0"
        assert await tx.connection.execute("UPDATE record SET is_current = false") == "UPDATE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(hanako.actor) as tx:
            await tx.execute(
                "INSERT INTO record (participant_id, record_id, version, resource_type, category,"
                " sensitivity, source_facility_id, effective_on, title, body) VALUES"
                " (app.subject(), uuidv7(), 1, 'Observation', 'lab', 0, $1, current_date, 'x',"
                " '{}')",
                clinic.facility_id,
            )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(OPERATOR, subject=hanako.actor.participant_id) as tx:
            await tx.execute(
                "INSERT INTO record (participant_id, record_id, version, resource_type, category,"
                " sensitivity, source_facility_id, effective_on, title, body) VALUES"
                " (app.subject(), uuidv7(), 1, 'Observation', 'lab', 0, app.self_source(),"
                " current_date, 'x', '{}')"
            )


async def test_a_doctor_she_lets_in_reads_it_as_added_by_herself(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    await keep(hanako, checkup(HERS, on=f"{clock.today_in_japan():%Y%m%d}"))
    state = await consent.settings(hanako.actor)
    await hanako.turn("facility", clinic.facility_id, "yes", state.directive.version)
    assert hanako.actor.participant_id
    page = (await sato.get(f"/clinic/participants/{hanako.actor.participant_id}")).text
    assert "体重" in page
    assert "ご本人の登録" in page
    assert len(await records.timeline(sato.actor, hanako.actor.participant_id)) == 9


async def test_whoever_left_adds_nothing(hanako: Visitor) -> None:
    await leaving.take_part(hanako.actor, "withdrawn")
    answer = await hand_in(hanako, checkup(HERS))
    assert answer.status_code == 422
    assert "参加していないあいだは" in answer.text


async def test_the_page_speaks_english_too(hanako: Visitor) -> None:
    page = (await hanako.get(HERE, locale="en")).text
    assert "Add checkup results" in page
    assert not re.search(r"my_checkup\.", page)
