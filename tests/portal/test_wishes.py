"""Hanako writes what she wants done when she cannot say it, changes it and takes it back."""

import asyncio
import base64
import re
from uuid import uuid4

import httpx
import pytest

from api.consent import service as consent
from api.consent.lifecycle import leaving
from api.consent.settings.switches import HideRecords, MarkRecord
from api.core import clock, i18n
from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from api.emergency import choices
from api.emergency.reach import Choice
from api.phr.directives import paper, service
from api.phr.directives.people import MOST
from api.phr.entries.errors import EntryChanged
from tests.phr.directives.test_wishes import JPEG, PDF, PNG, WISHES
from tests.portal.scene import Place, Visitor, forms, sent

HERE = "/book/wishes"
YUMI = {"name": "山本 由美", "relation": "長女", "telephone": "090-1234-5678"}
SATO = {"name": "佐藤先生", "relation": "かかりつけ医", "telephone": "096-123-4567"}


def today() -> str:
    return i18n.day("ja", clock.today_in_japan())


async def state(who: Visitor, version: int = 0, **changed: str) -> httpx.Response:
    return await who.post(f"{HERE}/statement", {**WISHES, **changed}, version=version)


async def call(who: Visitor, person: dict[str, str], version: int) -> str:
    return await who.follow(await who.post(f"{HERE}/people/new", person, version=version))


async def hand_in(
    who: Visitor, body: bytes, title: str = "事前指示書", dated: str = "2026-05-01"
) -> httpx.Response:
    await who.get(HERE)
    fields = {"_csrf_token": who.browser.cookies["tsunagu_csrf"], "title": title, "dated": dated}
    return await who.browser.post(
        f"{HERE}/documents/new",
        data=fields,
        files={"file": ("scan.bin", body)},
        headers={"accept": "text/html"},
    )


async def tell(who: Visitor, method: str, path: str, body: object = None) -> httpx.Response:
    headers = {"authorization": f"Bearer {who.token}", "accept-language": "ja"}
    return await who.browser.request(method, path, json=body, headers=headers)


async def stored(who: Visitor) -> str:
    async with unit_of_work(OPERATOR, subject=who.actor.participant_id) as tx:
        rows = await tx.fetch("SELECT * FROM record WHERE participant_id = app.subject()")
    return str([dict(row) for row in rows])


async def test_an_empty_page_says_how_to_begin(hanako: Visitor) -> None:
    page = (await hanako.get(HERE)).text
    assert "希望を書きはじめる" in page
    assert page.count("まだ書いていません") == 2
    assert "希望をすべて取り消す" not in page
    for absent in ("versions", "revoke", "people/1", f"documents/{uuid4()}"):
        assert (await hanako.get(f"{HERE}/{absent}")).status_code == 404
    assert (await hanako.post(f"{HERE}/revoke")).status_code == 404


async def test_what_she_states_stands_in_words_and_lies_sealed(hanako: Visitor) -> None:
    form = (await hanako.get(f"{HERE}/statement")).text
    assert "人工呼吸器をつけてほしいですか" in form
    page = await hanako.follow(await state(hanako))
    for words in (
        "希望を保存しました。",
        f"{today()}に書いたものです（1回目）",
        "効果があるか、しばらく試してほしい",
        "心臓が止まったあとにかぎり、提供する",
        "眼球",
        "庭が見えるところにいたい。",
    ):
        assert words in page
    lying = await stored(hanako)
    for words in ("庭が", "眼球", "してほしくない", "heart"):
        assert words not in lying
    added, *_ = await hanako.log()
    assert added["event"] == "records:own:added"
    assert "庭" not in str(added)


async def test_each_version_stays_with_its_day_and_what_it_changed(hanako: Visitor) -> None:
    await state(hanako)
    form = (await hanako.get(f"{HERE}/statement")).text
    assert 'name="version" value="1"' in form
    assert re.search(r'name="life" value="not"[^>]* checked', form)
    await hanako.follow(await state(hanako, 1, life="ask"))
    page = (await hanako.get(f"{HERE}/versions")).text
    second, first = page.index(f"2回目（{today()}）"), page.index(f"1回目（{today()}）")
    assert second < first
    newer = page[second:first]
    assert "前: してほしくない\n後: 家族などと相談して決めてほしい" in newer
    assert newer.count("<dt>") == 1
    assert page[first:].count("<dt>") == 8
    await hanako.follow(await state(hanako, 2, life="ask"))
    assert "答えは変わっていません。" in (await hanako.get(f"{HERE}/versions")).text
    await hanako.follow(await state(hanako, 3, life="ask", organs_not=""))
    assert "後: （答えなし）" in (await hanako.get(f"{HERE}/versions")).text


async def test_an_old_page_overwrites_nothing_and_keeps_what_was_typed(hanako: Visitor) -> None:
    await state(hanako)
    for version in (0, 7):
        stale = await state(hanako, version, own_words="古い画面から")
        assert stale.status_code == 409
        assert "先に変更しています" in stale.text
        assert "古い画面から" in stale.text
    assert "古い画面から" not in (await hanako.get(HERE)).text


async def test_of_two_first_statements_at_once_one_is_told(hanako: Visitor) -> None:
    both = await asyncio.gather(
        *(service.state(hanako.actor, {**WISHES, "own_words": each}, 0) for each in "ab"),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in both) == ["Entry", "EntryChanged"]
    with pytest.raises(EntryChanged):
        await service.state(hanako.actor, {**WISHES, "own_words": "c"}, 0)
    await service.call(hanako.actor, [], 0)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"organs": "no"}, "「提供する」を選んだときに"),
        ({"life": "magic"}, "一覧から選んでください"),
        ({"own_words": "庭にいたい 123456789018"}, "個人番号"),
    ],
)
async def test_what_is_wrong_is_said_at_its_question(
    hanako: Visitor, changed: dict[str, str], said: str
) -> None:
    answer = await state(hanako, **changed)
    assert answer.status_code == 422
    assert said in answer.text
    assert "123456789018" not in answer.text
    assert (await service.wishes(hanako.actor)).statement is None


async def test_people_are_called_in_her_order(hanako: Visitor) -> None:
    assert "まだ" in (await hanako.get(HERE)).text
    assert (await hanako.get(f"{HERE}/people/new")).status_code == 200
    await call(hanako, YUMI, 0)
    page = await call(hanako, SATO, 1)
    assert page.index("山本 由美") < page.index("佐藤先生")
    assert "tel:09012345678" in page
    up = next(form for form in forms(page) if "佐藤先生を上へ" in form)
    page = await hanako.follow(await hanako.post(*sent(up)))
    assert page.index("佐藤先生") < page.index("山本 由美")
    page = await hanako.follow(await hanako.post(*sent(up)))
    assert page.index("佐藤先生") < page.index("山本 由美"), "a tap too many moves nobody back"
    down = next(form for form in forms(page) if "佐藤先生を下へ" in form)
    page = await hanako.follow(await hanako.post(*sent(down)))
    assert page.index("山本 由美") < page.index("佐藤先生")
    assert (await hanako.post(*sent(up))).status_code == 409, "of a list two changes ago"


async def test_a_person_is_corrected_and_taken_out(hanako: Visitor) -> None:
    await call(hanako, YUMI, 0)
    form = (await hanako.get(f"{HERE}/people/1")).text
    assert 'value="090-1234-5678"' in form
    changed = {**YUMI, "telephone": "080-1111-2222"}
    page = await hanako.follow(await hanako.post(f"{HERE}/people/1", changed, version=1))
    assert "080-1111-2222" in page
    assert "090-1234-5678" not in page
    asked = (await hanako.get(f"{HERE}/people/1/remove")).text
    (form,) = (each for each in forms(asked) if ">消す<" in each)
    assert "消しました。" in await hanako.follow(await hanako.post(*sent(form)))
    assert (await service.wishes(hanako.actor)).people is None
    for path in ("people/1", "people/1/remove"):
        assert (await hanako.post(f"{HERE}/{path}", YUMI, version=2)).status_code == 404
    assert (await hanako.post(f"{HERE}/people/1/move", version=2)).status_code == 404


@pytest.mark.parametrize(
    ("person", "said"),
    [
        ({**YUMI, "name": ""}, "入力してください"),
        ({**YUMI, "telephone": ""}, "入力してください"),
        ({**YUMI, "telephone": "119"}, "10けたか11けた"),
        ({**YUMI, "relation": "長" * 101}, "100文字まで"),
        ({**YUMI, "relation": "123456789018"}, "個人番号"),
    ],
)
async def test_a_person_who_cannot_be_called_is_not_kept(
    hanako: Visitor, person: dict[str, str], said: str
) -> None:
    answer = await hanako.post(f"{HERE}/people/new", person, version=0)
    assert answer.status_code == 422
    assert said in answer.text
    assert "123456789018" not in answer.text
    assert (await service.wishes(hanako.actor)).people is None


async def test_a_list_has_an_end_and_an_old_page_adds_nobody(hanako: Visitor) -> None:
    for version in range(MOST):
        await call(hanako, {**YUMI, "name": f"人{version}"}, version)
    assert "連絡してほしい人を書く" not in (await hanako.get(HERE)).text
    full = await hanako.post(f"{HERE}/people/new", YUMI, version=MOST)
    assert full.status_code == 409
    assert "6人までです" in full.text
    stale = await hanako.post(f"{HERE}/people/1", SATO, version=2)
    assert stale.status_code == 409
    assert "先に変更しています" in stale.text


@pytest.mark.parametrize(
    ("body", "ending", "kind"),
    [(PDF, "pdf", "PDF"), (JPEG, "jpg", "写真（JPEG）"), (PNG, "png", "画像（PNG）")],
)
async def test_a_document_is_kept_sealed_and_comes_back_byte_for_byte(
    hanako: Visitor, body: bytes, ending: str, kind: str
) -> None:
    assert (await hanako.get(f"{HERE}/documents/new")).status_code == 200
    page = await hanako.follow(await hand_in(hanako, body))
    for words in ("書類を入れました。", "事前指示書", kind, "2026年5月1日"):
        assert words in page
    (document,) = (await service.wishes(hanako.actor)).documents
    one = f"{HERE}/documents/{document.entry_id}"
    fetched = await hanako.get(one)
    assert fetched.content == body
    assert fetched.headers["content-disposition"].endswith(f'{document.entry_id}.{ending}"')
    assert fetched.headers["content-disposition"].startswith("attachment")
    lying = await stored(hanako)
    assert base64.b64encode(body).decode() not in lying
    assert "事前指示書" not in lying
    assert "事前指示書" in (await hanako.get(f"{one}/remove")).text
    assert "消しました。" in await hanako.follow(await hanako.post(f"{one}/remove"))
    assert (await hanako.get(one)).status_code == 404


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b"PK\x03\x04 word", "PDF、JPEG、PNGのどれか", id="word"),
        pytest.param(b"<html>", "PDF、JPEG、PNGのどれか", id="html"),
        pytest.param(b"\0\0\0\x18ftypheic", "JPEGかPNGの写真", id="heic"),
        pytest.param(PDF[:-10], "途中で切れている", id="cut"),
        pytest.param(b"", "ファイルを選んでください", id="none"),
        pytest.param(
            PDF + b" " * paper.MOST_BYTES + b"%%EOF", "5メガバイトまで", id="a little large"
        ),
    ],
)
async def test_what_is_no_document_is_refused_in_words(
    hanako: Visitor, body: bytes, said: str
) -> None:
    answer = await hand_in(hanako, body)
    assert answer.status_code == 422
    assert said in answer.text
    assert "事前指示書" in answer.text
    assert (await service.wishes(hanako.actor)).documents == []


async def test_fifty_megabytes_are_refused_in_words_before_they_are_read(hanako: Visitor) -> None:
    answer = await hand_in(hanako, PDF + bytes(50 * 1024 * 1024))
    assert answer.status_code == 413
    assert "5メガバイトまで" in answer.text
    assert f'action="{HERE}/documents/new"' in answer.text
    assert 'value="事前指示書"' in answer.text
    assert (await service.wishes(hanako.actor)).documents == []


async def test_a_document_needs_a_name_and_a_day(hanako: Visitor) -> None:
    for title, on, said in (
        ("", "2026-05-01", "入力してください"),
        ("紙", "", "入力してください"),
        ("紙", "2999-01-01", "今日までの日付"),
        ("長" * 101, "2026-05-01", "100文字まで"),
    ):
        answer = await hand_in(hanako, PDF, title, on)
        assert answer.status_code == 422
        assert said in answer.text
    assert (await service.wishes(hanako.actor)).documents == []


async def test_documents_have_an_end(hanako: Visitor) -> None:
    for number in range(paper.MOST_DOCUMENTS):
        await hanako.follow(await hand_in(hanako, PDF, f"紙{number}"))
    assert "書類を入れる" not in (await hanako.get(HERE)).text
    full = await hand_in(hanako, PDF)
    assert full.status_code == 409
    assert "書類は5つまでです" in full.text


async def test_the_largest_document_comes_back_whole(hanako: Visitor) -> None:
    body = PDF[:-6] + bytes(range(256)) * 20_000 + b"%%EOF\n"
    assert 4_900_000 < len(body) <= paper.MOST_BYTES
    page = await hanako.follow(await hand_in(hanako, body))
    assert len(page) < 100_000
    (document,) = (await service.wishes(hanako.actor)).documents
    assert (await hanako.get(f"{HERE}/documents/{document.entry_id}")).content == body


async def test_she_takes_all_of_it_back_for_good(hanako: Visitor) -> None:
    await state(hanako)
    await state(hanako, 1, life="ask")
    await call(hanako, YUMI, 0)
    await hand_in(hanako, PDF)
    asked = (await hanako.get(f"{HERE}/revoke")).text
    assert "元には戻せません" in asked
    page = await hanako.follow(await hanako.post(f"{HERE}/revoke"))
    assert "希望をすべて取り消しました。" in page
    assert await stored(hanako) == "[]"
    assert (await hanako.log())[0]["event"] == "records:own:removed"
    assert "希望を保存しました。" in await hanako.follow(await state(hanako))


@pytest.mark.parametrize(
    ("choice", "is_on", "said"),
    [
        (Choice("allow"), True, "救急のときに医師などが見られます。ふだんも"),
        (Choice("allow"), False, "救急のときにだけ"),
        (Choice("ceiling", ("directive",), 1, False), False, "救急のときにだけ"),
        (Choice("ceiling", ("allergy",), 1, False), True, "救急のときには見られません"),
        (Choice("refuse"), True, "救急のときには見られません"),
        (Choice("refuse"), False, "救急のときも、ふだんも、だれも見られません"),
    ],
)
async def test_the_page_says_in_one_sentence_who_may_read_now(
    hanako: Visitor, choice: Choice, is_on: bool, said: str
) -> None:
    await choices.choose(hanako.actor, choice)
    await consented(hanako, is_on)
    page = (await hanako.get(HERE)).text
    assert said in page
    told = (await tell(hanako, "GET", "/me/wishes/readers")).json()
    assert said in told["says"]
    assert told["says"] in page
    in_emergency = choice.kind == "allow" or "directive" in choice.categories
    both = {(True, True): "both", (True, False): "emergency", (False, True): "everyday"}
    assert told["reach"] == both.get((in_emergency, is_on), "closed")
    assert 'href="/disclosure/emergency"' in page
    assert 'href="/disclosure/categories#category-directive"' in page
    assert 'id="category-directive"' in (await hanako.get("/disclosure/categories")).text


async def consented(who: Visitor, is_on: bool) -> None:
    state = await consent.settings(who.actor)
    version = state.directive.version
    await who.turn("category", "directive", "yes" if is_on else "no", version)


async def test_the_page_says_so_where_nobody_may_read(hanako: Visitor) -> None:
    await state(hanako)
    statement = (await service.wishes(hanako.actor)).statement
    assert statement
    version = (await consent.settings(hanako.actor)).directive.version
    await consent.change(
        hanako.actor, [MarkRecord(record_id=statement.entry_id, level=2)], expected_version=version
    )
    assert "「秘密」にしているので" in (await hanako.get(HERE)).text
    assert (await tell(hanako, "GET", "/me/wishes/readers")).json()["reach"] == "secret"
    ids = (statement.entry_id,)
    hide = [MarkRecord(record_id=ids[0], level=None), HideRecords(record_ids=ids, on=True)]
    await consent.change(hanako.actor, hide, expected_version=version + 1)
    await choices.choose(hanako.actor, Choice("ceiling", ("directive",), 1, shows_hidden=False))
    assert "だれも見られません" in (await hanako.get(HERE)).text
    await choices.choose(hanako.actor, Choice("ceiling", ("directive",), 1, shows_hidden=True))
    assert "救急のときにだけ" in (await hanako.get(HERE)).text
    await leaving.take_part(hanako.actor, "withdrawn")
    assert "参加していないので" in (await hanako.get(HERE)).text
    refused = await state(hanako, 1)
    assert refused.status_code == 409


async def test_her_app_does_all_of_it(hanako: Visitor) -> None:
    nothing = (await hanako.ask("/me/wishes")).json()
    assert nothing == {"statement": None, "people": [], "people_version": 0, "documents": []}
    stated = await tell(hanako, "PUT", "/me/wishes/statement", {"fields": WISHES, "version": 0})
    assert stated.status_code == 200, stated.text
    assert stated.json()["fields"] == {k: v for k, v in WISHES.items() if k != "on"}
    again = {"fields": {**WISHES, "life": "ask"}, "version": 1}
    assert (await tell(hanako, "PUT", "/me/wishes/statement", again)).json()["version"] == 2
    assert (await tell(hanako, "PUT", "/me/wishes/statement", again)).json()["version"] == 2
    other = {"fields": WISHES, "version": 1}
    assert (await tell(hanako, "PUT", "/me/wishes/statement", other)).status_code == 409
    newest, first = (await hanako.ask("/me/wishes/versions")).json()
    assert newest["changes"] == [{"name": "life", "before": "not", "after": "ask"}]
    assert first["version"] == 1
    called = {"people": [SATO, YUMI], "version": 0}
    now = (await tell(hanako, "PUT", "/me/wishes/people", called)).json()
    assert now == {"people": [SATO, YUMI], "version": 1}
    wrong = {"people": [{"name": "だれか"}], "version": 1}
    refused = await tell(hanako, "PUT", "/me/wishes/people", wrong)
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["p1_telephone"])
    headers = {"authorization": f"Bearer {hanako.token}"}
    added = await hanako.browser.post(
        "/me/wishes/document",
        data={"title": "紙", "dated": "2026-05-01"},
        files={"file": ("a", PDF)},
        headers=headers,
    )
    assert added.status_code == 201, added.text
    document = added.json()
    assert (document["media_type"], document["size"]) == ("application/pdf", len(PDF))
    shown = (await hanako.ask("/me/wishes")).json()
    assert (shown["people"], shown["people_version"]) == ([SATO, YUMI], 1)
    assert shown["documents"] == [document]
    one = f"/me/wishes/document/{document['id']}"
    assert (await hanako.ask(one)).content == PDF
    bad = await hanako.browser.post(
        "/me/wishes/document", data={"title": "紙"}, files={"file": ("a", b"x")}, headers=headers
    )
    assert (bad.status_code, bad.json()["type"]) == (
        422,
        "urn:tsunagu:problem:error.wish.file.kind",
    )
    assert (await tell(hanako, "DELETE", one)).status_code == 204
    empty = {"people": [], "version": 1}
    nobody = (await tell(hanako, "PUT", "/me/wishes/people", empty)).json()
    assert nobody == {"people": [], "version": 0}
    for _ in range(2):
        assert (await tell(hanako, "DELETE", "/me/wishes")).status_code == 204
    assert (await hanako.ask("/me/wishes")).json() == nothing


async def test_yumi_finds_none_of_her_mothers(hanako: Visitor, yumi: Visitor) -> None:
    await leaving.take_part(yumi.actor, "participating")
    await state(hanako)
    await hand_in(hanako, PDF)
    (document,) = (await service.wishes(hanako.actor)).documents
    one = f"{HERE}/documents/{document.entry_id}"
    for answer in (
        await yumi.get(one),
        await yumi.get(f"{one}/remove"),
        await yumi.post(f"{one}/remove"),
        await yumi.ask(f"/me/wishes/document/{document.entry_id}"),
        await yumi.get(f"{HERE}/versions"),
    ):
        assert answer.status_code == 404
    assert len((await service.wishes(hanako.actor)).documents) == 1


async def test_a_doctor_reads_them_where_she_shows_that_category_and_not_otherwise(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    await state(hanako)
    await call(hanako, YUMI, 0)
    await hand_in(hanako, PDF)
    statement, listed, documents = await service.wishes(hanako.actor)
    assert statement
    assert listed
    subject = hanako.actor.participant_id
    version = (await consent.settings(hanako.actor)).directive.version
    await hanako.turn("facility", clinic.facility_id, "yes", version)
    await consented(hanako, is_on=False)
    here = f"/clinic/participants/{subject}/records"
    assert (await sato.get(f"{here}/{statement.entry_id}")).status_code == 404
    await consented(hanako, is_on=True)
    page = (await sato.get(f"{here}/{statement.entry_id}")).text
    for words in ("もしものときの希望（本人の記録）", "最期をすごしたい場所", "自宅", "庭が見える"):
        assert words in page
    page = (await sato.get(f"{here}/{listed.entry_id}")).text
    assert "1番目" in page
    assert "山本 由美　長女　090-1234-5678" in page
    (document,) = documents
    attached = await sato.get(f"{here}/{document.entry_id}/attachments/0")
    assert attached.content == PDF


async def test_the_pages_speak_english_too(hanako: Visitor) -> None:
    await state(hanako)
    await state(hanako, 1, life="ask")
    for path in ("", "/statement", "/versions", "/revoke", "/people/new", "/documents/new"):
        page = (await hanako.get(f"{HERE}{path}", locale="en")).text
        assert not re.search(r"(wish|own|notes)\.[a-z_]+\.", page)
    assert "Decide with my family" in page or "Add a document" in page
