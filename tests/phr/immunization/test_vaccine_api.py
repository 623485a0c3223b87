"""Apps read and write vaccines; the days to come are noted, and go along with the book."""

from datetime import timedelta
from uuid import uuid4

import pytest

from api.consent.lifecycle import leaving
from api.core.clock import today_in_japan as this_day
from api.core.database import unit_of_work
from api.phr.child import handing_over
from api.phr.child import service as children
from api.phr.due import service as due
from api.phr.due.rules import Due
from api.phr.immunization import reminding, service
from api.records.own import vaccines
from tests.phr.child.scene import account_of_a_child
from tests.phr.immunization.scene import ago, child, door_of, due_of, sent
from tests.portal import scene
from tests.portal.scene import Place, Visitor
from tests.records.taking_out import taking

# Longer than what may stand in sealed text by chance.
LOT = "LOT-7731-H1"
EMPTY = {"named": "", "lot": "", "maker": "", "site": "", "given_at": "", "remark": ""}


def plan_of(body, vaccine: str):
    return next(each for each in body["plans"] if each["vaccine"] == vaccine)


async def test_an_app_writes_corrects_and_removes_a_childs_dose(hanako: Visitor):
    yui = await child(hanako, 120)
    dose = {"vaccine": "bcg", "on": ago(0).isoformat(), "lot": "K1"}
    made = await hanako.tell(door_of(yui), dose)
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    assert made.json() == {
        **EMPTY, **dose, "id": number, "version": 1, "by": "self",
    }  # fmt: skip
    whole = (await hanako.ask(door_of(yui))).json()
    assert (whole["edition"], whole["rules_since"]) == ("2026-04", "2026-04-01")
    assert [each["id"] for each in whole["doses"]] == [number]
    bcg = plan_of(whole, "bcg")
    assert (bcg["status"], bcg["of"], bcg["next"]) == ("done", 1, None)
    assert bcg["given"] == [
        {"id": number, "vaccine": "bcg", "on": dose["on"], "number": 1, "why": ""}
    ]
    five = plan_of(whole, "dpt-ipv-hib")
    assert (five["status"], five["of"], five["next"]["number"]) == ("open", 4, 1)
    here = door_of(yui, f"/{number}")
    changed = await sent(hanako, "PUT", here, {**dose, "lot": "K2", "version": 1})
    assert (changed.json()["lot"], changed.json()["version"]) == ("K2", 2)
    assert (await sent(hanako, "PUT", here, {**dose, "version": 1})).status_code == 409
    assert (await sent(hanako, "DELETE", here)).status_code == 204
    assert (await sent(hanako, "DELETE", here)).status_code == 204
    assert (await hanako.ask(door_of(yui))).json()["doses"] == []


async def test_what_is_wrong_and_what_is_odd_is_said_by_field(hanako: Visitor):
    yui = await child(hanako, 120)
    wrong = await hanako.tell(door_of(yui), {"vaccine": "bcg", "on": ago(130).isoformat()})
    assert wrong.status_code == 422
    assert wrong.json()["fields"] == {"on": "生まれる前の日付です。年をお確かめください。"}
    await hanako.tell(door_of(yui), {"vaccine": "hbv", "on": ago(40).isoformat()})
    soon = {"vaccine": "hbv", "on": ago(20).isoformat()}
    odd = (await hanako.tell(door_of(yui), soon)).json()
    assert (odd["fields"], list(odd["odd"])) == ({}, ["on"])
    kept = await hanako.tell(door_of(yui), {**soon, "sure": odd["sure"]})
    assert kept.status_code == 201
    given = plan_of((await hanako.ask(door_of(yui))).json(), "hbv")["given"]
    assert [(each["number"], each["why"]) for each in given] == [(1, ""), (0, "too_soon")]


async def test_ones_own_are_an_immunization_over_fhir_and_in_the_records(hanako: Visitor):
    made = await hanako.tell(
        door_of(None), {"vaccine": "zoster", "on": ago(300).isoformat(), "lot": LOT}
    )
    assert made.status_code == 201, made.text
    whole = (await hanako.ask(door_of(None))).json()
    assert [each["vaccine"] for each in whole["doses"]] == ["zoster"]
    listed = (await hanako.ask("/me/records?category=immunization")).json()
    assert LOT not in str(listed)
    number = made.json()["id"]
    assert (await sent(hanako, "DELETE", door_of(None, f"/{number}"))).status_code == 204


async def test_nobody_else_reads_or_writes_them(hanako: Visitor, yumi: Visitor, sato: Visitor):
    yui = await child(hanako, 120)
    dose = {"vaccine": "hbv", "on": ago(40).isoformat()}
    number = (await hanako.tell(door_of(yui), dose)).json()["id"]
    for who in (yumi, sato):
        assert (await who.ask(door_of(yui))).status_code == 404
        assert (await who.tell(door_of(yui), dose)).status_code == 404
        for method in ("PUT", "DELETE"):
            body = {**dose, "version": 1} if method == "PUT" else None
            assert (await sent(who, method, door_of(yui, f"/{number}"), body)).status_code == 404
    assert (await yumi.ask(door_of(None))).json()["doses"] == []
    assert (await sent(hanako, "DELETE", door_of(None, f"/{number}"))).status_code == 404
    assert (await hanako.ask(f"/me/children/{uuid4()}/immunizations")).status_code == 404


async def test_the_days_to_come_are_noted_as_the_book_begins_and_with_each_dose(hanako: Visitor):
    yui = await child(hanako, 10)
    noted = await due_of(hanako, yui)
    found = await service.vaccinations(hanako.actor, yui.book_id)
    assert noted == sorted(
        {each for each in reminding.of_plans(found.plans, this_day()) if each.on >= this_day()}
    )
    five = next(each for each in found.plans if each.target == "dpt-ipv-hib").next
    assert five is not None
    assert five.usual_from
    assert five.usual_until
    assert Due(five.usual_from, "opens") in noted
    assert Due(five.usual_until - timedelta(days=7), "ends") in noted
    # A dose moves what follows; removing it moves it back.
    await hanako.tell(door_of(yui), {"vaccine": "bcg", "on": this_day().isoformat()})
    after = await due_of(hanako, yui)
    assert after != noted
    number = (await hanako.ask(door_of(yui))).json()["doses"][0]["id"]
    await sent(hanako, "DELETE", door_of(yui, f"/{number}"))
    assert await due_of(hanako, yui) == noted
    # Nothing of which vaccine, or of whom, stands beside.
    async with unit_of_work(hanako.actor) as tx:
        rows = await tx.fetch("SELECT * FROM own_due WHERE participant_id = app.subject()")
    assert {tuple(row.keys()) for row in rows} == {
        ("participant_id", "kind", "book", "due_on", "why", "told_at", "rules")
    }
    await children.remove(hanako.actor, yui.book_id)
    assert await due_of(hanako, yui) == []


async def test_handed_over_the_doses_and_their_days_are_the_childs_own(hanako: Visitor):
    yui = await child(hanako, 150)
    await hanako.tell(door_of(yui), {"vaccine": "hbv", "on": ago(60).isoformat(), "lot": LOT})
    own, _ = await account_of_a_child(ago(150))
    code = await handing_over.offer(hanako.actor, yui.book_id)
    await handing_over.take(own, code.digits)
    assert await due_of(hanako, yui) == []
    found = await service.vaccinations(own, None)
    (entry,) = found.entries
    assert (entry.kind, entry.values["vaccine"], entry.values["lot"]) == (
        "own-vaccination",
        "hbv",
        LOT,
    )
    async with unit_of_work(own) as tx:
        assert await due.listed_in(tx, "immunization")
        body = await tx.fetchval(
            "SELECT body FROM record WHERE participant_id = app.subject() AND record_id = $1",
            entry.entry_id,
        )
    assert '"resourceType":"Immunization"' in body
    assert LOT not in body


async def test_taken_out_and_brought_in_elsewhere_they_are_as_before(
    hanako: Visitor, clinic: Place
):
    """Also what a facility had recorded, and the days to come."""
    yui = await child(hanako, 150)
    await hanako.tell(door_of(yui), {"vaccine": "hbv", "on": ago(60).isoformat(), "lot": LOT})
    await hanako.tell(door_of(None), {"vaccine": "zoster", "on": ago(90).isoformat()})
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "88"}]}
    await scene.wrote(
        clinic, hanako.actor, "immunization", "インフルエンザワクチン", days_ahead=-30,
        status="completed", vaccineCode=code, occurrenceDateTime=ago(30).isoformat(),
        patient={"reference": "Patient/1"},
    )  # fmt: skip
    body = await taking.bundle(hanako.actor)
    other, _ = await scene.participant("山本 花子", "ヤマモト ハナコ")
    await leaving.take_part(other, "participating")
    done = await taking.brought(other, body)
    assert done.state == "done"
    (there,) = await children.children(other)
    found = await service.vaccinations(other, there.book_id)
    assert [each.values["lot"] for each in found.entries] == [LOT]
    mine = await vaccines.mine(other)
    assert [each.values["vaccine"] for each in mine.entries] == ["zoster"]
    assert [(each.vaccine, each.on) for each in mine.elsewhere] == [("influenza", ago(30))]
    async with unit_of_work(other) as tx:
        noted = await due.listed_in(tx, "immunization", book=str(there.book_id))
    assert noted == await due_of(hanako, yui)


@pytest.mark.parametrize(
    ("usual", "days"),
    [
        ((30, 60), [(30, "opens"), (53, "ends")]),
        ((None, None), [(10, "opens"), (83, "ends")]),
        ((-30, -10), [(10, "opens"), (83, "ends")]),
    ],
)
def test_a_period_is_the_usual_one_or_else_the_whole(usual, days):
    from api.phr.immunization.plans import Next, Plan, Status

    def day(number):
        return None if number is None else this_day() + timedelta(days=number)

    ahead = Next(
        1,
        this_day() + timedelta(days=10),
        this_day() + timedelta(days=90),
        *map(day, usual),
        False,
    )
    found = reminding.of_plans(
        [Plan("x", Status.LATER, (), ahead), Plan("y", Status.DONE, ())], this_day()
    )
    assert [((each.on - this_day()).days, each.why) for each in found] == days
