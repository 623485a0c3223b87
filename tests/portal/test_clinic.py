"""Dr Satō finds and reads; Hanako sees each look, with its reason."""

import pytest

from api.core.ids import uuid7
from api.identity.card import CardNumber
from tests.portal import scene
from tests.portal.scene import Place, Visitor

MY_NUMBER = "123456789018"
INSURER = "33120015"


async def allow(hanako: Visitor, place: Place) -> None:
    version = (await hanako.ask("/me/disclosure")).json()["version"]
    await hanako.turn("facility", place.facility_id, "yes", version)


async def find(who: Visitor, hanako: Visitor) -> str:
    assert hanako.card
    return (await who.find(by="card", card=hanako.card.grouped)).text


def insurance_of(number: str, **typed: str) -> dict[str, str]:
    """As the desk types it, her birth date in the era on her certificate."""
    born = {"birth_era": "showa", "birth_year": "15", "birth_month": "4", "birth_day": "9"}
    insurance = {"insurer": INSURER, "insurance_symbol": "くま", "insurance_branch": "1"}
    return {"by": "insurance", **insurance, "insurance_number": number, **born, **typed}


def without(card: CardNumber, page: str) -> str:
    """But for the number that was typed, which goes on with a request for access."""
    assert page.count(card.digits) <= 1
    return page.replace(card.digits, "")


async def test_a_doctor_let_in_reads_by_category_and_hanako_sees_it(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン錠5mg")
    await scene.wrote(pharmacy, hanako.actor, "lab", "HbA1c")
    await allow(hanako, clinic)
    page = await find(sato, hanako)
    assert "山本 花子" in page
    assert page.index("処方（医師が出した薬）（1）") < page.index("検査結果（1）")
    assert (
        page.index("アレルギー・薬剤禁忌")
        < page.index("いまの薬")
        < page.index("アムロジピン錠5mg")
    )
    read, found, *_ = await hanako.log()
    assert (found["event"], read["event"]) == (
        "records:participant:found",
        "records:record:read",
    )
    assert read["sentence"] == (
        "れんげ内科クリニックの佐藤 健一さん（医師）が、"
        "「処方（医師が出した薬）」など、合わせて2件の記録を見ました。"
    )
    assert "「れんげ内科クリニック」に見ることを許している" in read["reason"]
    log = (await hanako.get("/access-log")).text
    for shown in ("佐藤 健一（医師）", read["reason"], "診療のため", "検査結果　1件"):
        assert shown in log
    assert read["sentence"] in (await hanako.get("/home")).text
    english = (await hanako.get("/access-log", locale="en")).text
    assert "佐藤 健一 (Physician)" in english
    assert "You allow “Renge Clinic” to see your records" in english


async def test_a_refusal_looks_like_an_unknown_card_and_is_logged(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン錠5mg")
    refused = await find(sato, hanako)
    assert hanako.card
    _, unknown = await scene.participant("山本 由美", "ヤマモト ユミ")
    nobody = scene.issue(f"{uuid7().int % 10**14:014}", scene.directory.profile().card_scheme)
    for other in (unknown, nobody):
        answer = await sato.find(by="card", card=other.digits)
        assert answer.status_code == 404
        assert without(other, answer.text) == without(hanako.card, refused)
    assert "花子" not in refused
    assert "次にできること" in refused
    (sought, *_) = await hanako.log()
    assert (sought["event"], sought["outcome"]) == ("records:participant:sought", "denied")
    log = (await hanako.get("/access-log")).text
    assert "断りました" in log
    assert "何も見せていません。" in log


async def test_the_next_look_after_leaving_is_refused(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    await allow(hanako, clinic)
    assert "山本 花子" in await find(sato, hanako)
    await hanako.post("/disclosure/participation", state="withdrawn")
    refused = await find(sato, hanako)
    assert "花子" not in refused
    (sought, *_) = await hanako.log()
    assert (sought["outcome"], sought["reason"]) == (
        "denied",
        "ご本人が参加をやめているためです。",
    )


async def test_a_finding_leads_to_a_page_one_can_come_back_to(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    """The address names nobody but by our own id, and one finding is one event."""
    await allow(hanako, clinic)
    assert hanako.card
    before = len(await hanako.log())
    found = await sato.post("/clinic/find", by="card", card=hanako.card.grouped)
    where = found.headers["location"]
    assert (found.status_code, where) == (
        303,
        f"/clinic/participants/{hanako.actor.participant_id}",
    )
    assert "山本 花子" in (await sato.get(where)).text
    read, sought, *_ = log = await hanako.log()
    assert (read["event"], sought["event"], len(log)) == (
        "records:record:read",
        "records:participant:found",
        before + 2,
    )


async def test_the_page_opens_again_at_its_own_address_and_is_logged_again(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    await allow(hanako, clinic)
    await find(sato, hanako)
    before = len(await hanako.log())
    path = f"/clinic/participants/{hanako.actor.participant_id}"
    assert "山本 花子" in (await sato.get(path)).text
    read, *_ = log = await hanako.log()
    assert (len(log), read["event"]) == (before + 1, "records:record:read")
    assert (await sato.get(f"/clinic/participants/{uuid7()}")).status_code == 404


async def test_the_facility_finds_by_its_own_patient_number_and_no_one_elses(
    hanako: Visitor, sato: Visitor, ito: Visitor, clinic: Place, pharmacy: Place
) -> None:
    local_id = f"P-{uuid7().hex[:10]}"
    await scene.knows_as(clinic, hanako.actor, local_id)
    await allow(hanako, clinic)
    await allow(hanako, pharmacy)
    own = await sato.find(by="local_id", local_id=f" {local_id} ")
    assert "山本 花子" in own.text
    other = await ito.find(by="local_id", local_id=local_id)
    assert other.status_code == 404
    assert "花子" not in other.text


@pytest.mark.parametrize("locale", ["ja", "en"])
async def test_without_card_or_number_she_is_found_by_insurance_and_birth_date(
    hanako: Visitor, sato: Visitor, clinic: Place, locale: str
) -> None:
    number = f"{uuid7().int % 10**9:09}"
    await scene.insured(hanako.actor, INSURER, number)
    await allow(hanako, clinic)
    title, details = {
        "ja": ("山本 花子", "健康保険と生年月日でさがす"),
        "en": ("山本 花子", "Health insurance and birth date"),
    }[locale]
    page = (await sato.get("/clinic", locale=locale)).text
    assert f"<summary>{details}</summary>" in page
    assert '<details class="card filters">' in page
    found = await sato.find(**insurance_of(number))
    assert found.status_code == 200
    assert title in found.text
    assert [each["event"] for each in (await hanako.log())[:2]] == [
        "records:record:read",
        "records:participant:found",
    ]
    for typed in ({"birth_day": "10"}, {"insurance_branch": "2"}, {"insurance_symbol": "あそ"}):
        nobody = await sato.find(**insurance_of(number, **typed))
        assert nobody.status_code == 404
        assert number not in nobody.text
        assert {"ja": "どなたのお名前も表示しません", "en": "nobody is named"}[
            locale
        ] in nobody.text
    assert (await hanako.log())[0]["event"] == "records:record:read"
    await hanako.turn("facility", clinic.facility_id, "no", 1)
    refused = await sato.find(**insurance_of(number))
    assert (refused.status_code, refused.text) == (404, nobody.text)


@pytest.mark.parametrize(
    ("locale", "open_again", "said"),
    [("ja", "birth", "生年月日"), ("en", "insurer", "insurer number")],
)
async def test_mistyped_insurance_is_asked_for_again_with_the_form_open(
    sato: Visitor, locale: str, open_again: str, said: str
) -> None:
    wrong = {"birth": {"birth_month": "13"}, "insurer": {"insurer": "33120016"}}[open_again]
    await sato.get("/clinic", locale=locale)
    answer = await sato.find(**insurance_of("12345", **wrong))
    assert answer.status_code == 422
    assert '<details class="card filters" open>' in answer.text
    assert f'id="error-{open_again}"' in answer.text
    assert 'value="12345"' in answer.text
    assert said in answer.text
    empty = await sato.find(by="insurance")
    assert empty.status_code == 422
    for name in ("insurer", "birth"):
        assert f'id="error-{name}"' in empty.text


async def test_a_my_number_typed_as_insurance_is_refused_and_never_shown_again(
    sato: Visitor,
) -> None:
    for name in ("insurance_symbol", "insurance_number"):
        answer = await sato.find(**insurance_of("1", **{name: MY_NUMBER}))
        assert answer.status_code == 422
        assert "個人番号" in answer.text
        assert MY_NUMBER not in answer.text


@pytest.mark.parametrize("field", ["card", "local_id"])
async def test_a_my_number_is_refused_and_never_shown_again(sato: Visitor, field: str) -> None:
    answer = await sato.find(by=field, **{field: MY_NUMBER})
    assert answer.status_code == 422
    assert "個人番号" in answer.text
    assert MY_NUMBER not in answer.text


@pytest.mark.parametrize(
    ("field", "typed"), [("card", "1234"), ("card", "1000000000000100"), ("local_id", " ")]
)
async def test_a_mistyped_number_is_asked_for_again(sato: Visitor, field: str, typed: str) -> None:
    answer = await sato.find(by=field, **{field: typed})
    assert answer.status_code == 422
    assert f'id="error-{field}"' in answer.text


async def test_a_digit_gone_wrong_is_said_plainly_and_a_page_not_there_is_nobody_s(
    sato: Visitor,
) -> None:
    answer = await sato.find(by="card", card="1000000000000100")
    assert "カード番号が正しくありません" in answer.text
    assert "登録されていません" not in answer.text
    gone = await sato.get("/records")
    assert gone.status_code == 404
    assert "ご本人の記録" not in gone.text


async def test_doctors_see_what_is_untold_marked_and_hanako_never_counts_it(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン錠5mg")
    await scene.wrote(pharmacy, hanako.actor, "condition", "胃癌", marks=("UNINFORMED",))
    await allow(hanako, clinic)
    page = await find(sato, hanako)
    assert "胃癌" in page
    assert "未告知：患者さんに伝えていません" in page
    (read, *_) = await hanako.log()
    assert [(kind["category"], kind["count"]) for kind in read["kinds"]] == [("prescription", 1)]
    for path in ("/home", "/access-log", "/disclosure"):
        shown = (await hanako.get(path)).text
        assert "胃癌" not in shown
        assert "2件" not in shown


async def test_without_basic_details_a_name_stays_hidden(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン錠5mg")
    await allow(hanako, clinic)
    await hanako.turn("category", "basic", "no", 1)
    page = await find(sato, hanako)
    assert "アムロジピン錠5mg" in page
    assert "花子" not in page
