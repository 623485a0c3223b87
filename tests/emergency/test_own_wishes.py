"""What Hanako wrote herself is read where it counts: her wishes and her allergy in an emergency."""

from datetime import timedelta

import pytest

from api.core import clock
from api.core.errors import NotFound
from api.emergency import choices
from api.emergency.errors import NotOpened
from api.emergency.reach import Choice
from api.phr.directives import service as wishes
from api.phr.directives.people import Person
from api.phr.entries import service as entries
from api.phr.entries.service import Wish
from api.phr.notes.kinds import ALLERGY, MEDICATION
from api.records.emergency import nominees
from api.records.emergency import service as in_emergency
from api.records.provenance import OWN_SOURCE
from tests.emergency.conftest import joined, opened, wrote
from tests.emergency.test_nominees import named
from tests.emergency.test_sessions import log
from tests.phr.directives.test_wishes import PDF, WISHES
from tests.phr.notes.test_kinds import FULL


@pytest.fixture
async def yumi(database):
    return await joined("山本 由美", "ヤマモト ユミ")


@pytest.fixture
async def statement(hanako):
    await wishes.call(hanako, [Person("山本 由美", "長女", "090-1234-5678")], 0)
    await wishes.add_document(hanako, "事前指示書", "2026-05-01", PDF)
    return await wishes.state(hanako, WISHES, 0)


async def test_dr_mori_reads_her_wishes_before_any_other_consent(mori, hanako, statement):
    session = await opened(mori, hanako)
    shown = await in_emergency.summary(mori, session.session_id)
    said = [line.title for line in shown.lines if line.category == "directive"]
    assert sorted(said) == [
        "もしものときに連絡してほしい人（本人の記録）",
        "もしものときの希望の書類（本人の登録）",
        "もしものときの希望（本人の記録）",
    ]
    body = await in_emergency.one(mori, session.session_id, statement.entry_id)
    assert "庭が見えるところにいたい。" in body["text"]["div"]
    page = await in_emergency.read(mori, session.session_id, ("DocumentReference",))
    assert b"75320-2" in page.entries
    assert b"sealed" not in page.entries


async def test_he_reads_none_of_it_where_she_shows_other_things(mori, hanako, statement):
    await choices.choose(hanako, Choice("ceiling", ("allergy",), 1, shows_hidden=True))
    session = await opened(mori, hanako)
    shown = await in_emergency.summary(mori, session.session_id)
    assert [line for line in shown.lines if line.category == "directive"] == []
    with pytest.raises(NotFound):
        await in_emergency.one(mori, session.session_id, statement.entry_id)


async def test_nothing_is_opened_where_she_refused_it(mori, hanako, statement):
    await choices.choose(hanako, Choice("refuse"))
    with pytest.raises(NotOpened):
        await opened(mori, hanako)


async def test_what_she_took_back_is_read_by_nobody(mori, hanako, yumi, statement):
    await named(hanako, yumi)
    session = await opened(mori, hanako)
    await wishes.revoke(hanako)
    shown = await in_emergency.summary(mori, session.session_id)
    assert [line for line in shown.lines if line.category == "directive"] == []
    assert (await nominees.directives(yumi, session.session_id)).lines == []


async def test_yumi_who_was_named_reads_them_while_records_are_open(mori, hanako, yumi, statement):
    await named(hanako, yumi)
    session = await opened(mori, hanako)
    found = await nominees.directives(yumi, session.session_id)
    assert len(found.lines) == 3
    assert {line.record_id for line in found.lines} >= {statement.entry_id}
    body = await nominees.directive(yumi, session.session_id, statement.entry_id)
    assert "人工呼吸器" in body["text"]["div"]


async def test_somebody_she_did_not_name_reads_nothing(mori, hanako, yumi, statement):
    session = await opened(mori, hanako)
    with pytest.raises(NotFound):
        await nominees.directives(yumi, session.session_id)
    with pytest.raises(NotFound):
        await nominees.directive(yumi, session.session_id, statement.entry_id)


async def test_her_own_allergies_warn_dr_mori_each_by_its_name(mori, hanako):
    entry = await entries.write(hanako, Wish(ALLERGY, FULL["allergy"]))
    buckwheat = {**FULL["allergy"], "name": "そば", "allergen": ""}
    await entries.write(hanako, Wish(ALLERGY, buckwheat))
    medicine = {**FULL["medication"], "on": clock.today_in_japan().isoformat()}
    await entries.write(hanako, Wish(MEDICATION, medicine))
    session = await opened(mori, hanako)
    lines = (await in_emergency.summary(mori, session.session_id)).lines
    assert sorted(line.title for line in lines if line.category == "allergy") == ["そば", "鶏卵"]
    assert [line.title for line in lines if line.category == "prescription"] == [
        "アムロジピン錠5mg"
    ]
    assert {line.facility_id for line in lines} == {OWN_SOURCE}
    body = await in_emergency.one(mori, session.session_id, entry.entry_id)
    assert body["code"]["text"] == "鶏卵"
    assert body["verificationStatus"]["coding"][0]["code"] == "unconfirmed"
    assert body["meta"]["source"] == "urn:tsunagu:source:self"
    look = (await log(hanako))[1]
    assert look.detail["resources"] == [
        {"type": "AllergyIntolerance", "category": "allergy", "count": 2},
        {"type": "MedicationStatement", "category": "prescription", "count": 1},
    ]


async def test_what_she_still_takes_stays_whenever_she_wrote_it(mori, hanako, clinic):
    years_ago = (clock.today_in_japan() - timedelta(days=900)).isoformat()
    for name, until in (("ずっと飲む薬", ""), ("もう飲まない薬", years_ago)):
        of_then = {"on": years_ago, "name": name, "until": until, "since": years_ago}
        await entries.write(hanako, Wish(MEDICATION, {**FULL["medication"], **of_then}))
    await wrote(clinic, hanako, "prescription", "昔の処方", days=-900)
    session = await opened(mori, hanako)
    lines = (await in_emergency.summary(mori, session.session_id)).lines
    (line,) = (each for each in lines if each.category == "prescription")
    assert line.title == "ずっと飲む薬"
    assert line.effective_on.isoformat() == years_ago, "with its day, so that it can be judged"


async def test_what_a_facility_wrote_keeps_its_title(mori, hanako, clinic):
    await wrote(clinic, hanako, "allergy", "ペニシリン")
    await entries.write(hanako, Wish(ALLERGY, FULL["allergy"]))
    session = await opened(mori, hanako)
    lines = (await in_emergency.summary(mori, session.session_id)).lines
    assert sorted(line.title for line in lines) == ["ペニシリン", "鶏卵"]
