"""Two participants who are one person: two officers, a yes, and everything back after a split."""

import asyncio
import contextvars
import json
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api import demo
from api.access_log.events import EventName
from api.consent.facts import Directive, Mark, Participation, Provision
from api.consent.lifecycle import participating
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.fhir.codes import INSURANCE_MEMBER
from api.identity.enrolling import intake, look_alikes
from api.identity.errors import EnrolmentFaults, SecondOfficerNeeded
from api.phr.entries import service as own_entries
from api.phr.entries.service import Wish
from api.records import finding
from api.records import service as reading
from api.records.errors import MergeRefused
from api.records.incoming import service as ingest
from api.records.incoming.service import StoredRecord
from api.records.mapping import Identifier
from api.records.matching import merging
from api.records.matching.merge_rules import Closed, closed_on_arrival
from tests.phr.samples import WEIGHT
from tests.portal import scene
from tests.records import shapes, stored
from tests.records.matching.conftest import Enrol, Enrolled

TABLES = ("participant", "card", "facility_patient", "record", "participation", "directive",
          "registration", "residence")  # fmt: skip


class Pair(NamedTuple):
    remains: Enrolled
    other: Enrolled
    mine: Actor
    theirs: Actor


async def account_of(subject: UUID, name: str) -> Actor:
    account_id = uuid7()
    await intake.open_account(
        OPERATOR, account_id=account_id, kind="participant", person_id=subject
    )
    return Actor(
        kind=ActorKind.PARTICIPANT, account_id=account_id, participant_id=subject, name=name
    )


async def take_part(actor: Actor) -> None:
    async with unit_of_work(actor) as tx:
        await participating.join_in(tx, actor, state="participating")


async def prescribed(clinic: Actor, of: str, count: int) -> None:
    for n in range(count):
        drug = shapes.prescription(
            subject={
                "identifier": {"system": shapes.patient_in_facility(demo.CLINIC), "value": of}
            },
            authoredOn=f"2024-05-{n + 1:02}T08:30:00+09:00",
        )
        await ingest.store(clinic, json.dumps(drug, ensure_ascii=False).encode())


@pytest.fixture
async def pair(enrol: Enrol, clinic: Actor, ueda: Actor) -> Pair:
    """Hanako enrolled twice, both known to the clinic; an officer said that they are the same."""
    remains = await enrol()
    other = await enrol(remains.person)
    mine = await account_of(remains.id, remains.person.name)
    theirs = await account_of(other.id, other.person.name)
    for each, actor in ((remains, mine), (other, theirs)):
        await take_part(actor)
        operator = Actor(kind=ActorKind.OPERATOR, facility_id=clinic.facility_id)
        await ingest.link_local_id(operator, each.id, f"P{each.id.hex}")
        await prescribed(clinic, f"P{each.id.hex}", 2)
    await look_alikes.decide(ueda, other.id, remains.id, "same", "カードが2枚ある")
    return Pair(remains, other, mine, theirs)


async def rows_of(*subjects: UUID) -> dict[str, Any]:
    found = {}
    for subject in subjects:
        actor = Actor(kind=ActorKind.PARTICIPANT, participant_id=subject)
        async with unit_of_work(actor) as tx:
            for table in TABLES:
                found[table, subject] = await tx.fetchval(
                    f"SELECT coalesce(string_agg(t::text, '|' ORDER BY t::text), '') FROM {table} t"
                    " WHERE participant_id = app.subject()"
                )
    return found


async def answers(pair: Pair, *viewers: Actor) -> list[Any]:
    """What each viewer is shown of both, by id and by the numbers and cards they know."""
    found: list[Any] = []
    for viewer in viewers:
        for each in (pair.remains, pair.other):
            page = await reading.read(viewer, each.id, ("MedicationRequest",))
            shown = await finding.show(viewer, each.id)
            found += [page.entries, page.total, shown.person]
    return found


async def merged(pair: Pair, ueda: Actor, second_officer: Actor) -> UUID:
    merge_id = await merging.ask(ueda, pair.remains.id, pair.other.id, "同じ方と確認")
    await merging.confirm(second_officer, merge_id)
    await merging.answer(pair.mine, merge_id, is_yes=True)
    return merge_id


async def test_insurance_of_both_registrations_finds_the_one_person_they_are(
    pair: Pair, ueda: Actor, second_officer: Actor, clinic: Actor
):
    born_on, insured = pair.remains.person.birth_on, pair.remains.person.insured
    assert insured is not None
    value = ":".join((insured.insurer, insured.symbol, insured.number, insured.branch))
    identifier = Identifier(INSURANCE_MEMBER, value)
    assert await finding.locate(clinic, identifier, born_on) is None
    await merged(pair, ueda, second_officer)
    assert await finding.locate(clinic, identifier, born_on) == pair.remains.id


async def test_one_officer_alone_merges_nobody(pair: Pair, ueda: Actor, second_officer: Actor):
    merge_id = await merging.ask(ueda, pair.remains.id, pair.other.id, "同じ方と確認")
    with pytest.raises(SecondOfficerNeeded):
        await merging.confirm(ueda, merge_id)
    with pytest.raises(MergeRefused):
        await merging.answer(pair.mine, merge_id, is_yes=True)
    await merging.confirm(second_officer, merge_id)
    with pytest.raises(MergeRefused):
        await merging.confirm(second_officer, merge_id)


async def test_until_the_yes_nothing_has_changed(
    pair: Pair, ueda: Actor, second_officer: Actor, clinic: Actor, hospital: Actor
):
    before = await rows_of(pair.remains.id, pair.other.id), await answers(pair, clinic, hospital)
    merge_id = await merging.ask(ueda, pair.remains.id, pair.other.id, "同じ方と確認")
    await merging.confirm(second_officer, merge_id)
    after = await rows_of(pair.remains.id, pair.other.id), await answers(pair, clinic, hospital)
    assert after == before
    (waiting,) = await merging.own(pair.mine)
    assert (waiting.remains, waiting.state) == (True, "confirmed")
    with pytest.raises(NotFound):
        await merging.answer(pair.theirs, merge_id, is_yes=True)
    await merging.answer(pair.mine, merge_id, is_yes=False)
    assert await merging.own(pair.mine) == []


async def test_with_the_yes_cards_numbers_and_records_are_of_one(
    pair: Pair, ueda: Actor, second_officer: Actor, clinic: Actor
):
    await merged(pair, ueda, second_officer)
    assert len(await stored.records(pair.remains.id)) == 4
    assert await stored.records(pair.other.id) == []
    # What comes under the other's number comes in for who remains.
    await prescribed(clinic, f"P{pair.other.id.hex}", 3)
    assert len(await stored.records(pair.remains.id)) == 5
    for subject in (pair.remains.id, pair.other.id):
        events = {row.event for row in await stored.log(subject)}
        assert {
            EventName.MERGE_ASKED,
            EventName.MERGE_CONFIRMED,
            EventName.MERGE_ACCEPTED,
        } <= events
        actor = Actor(kind=ActorKind.PARTICIPANT, participant_id=subject)
        async with unit_of_work(actor) as tx:
            rows = await tx.fetch("SELECT event FROM outbox ORDER BY notice_id")
        assert [row["event"] for row in rows][-2:] == ["merge_asked", "merge_accepted"]


async def test_who_sends_by_the_id_she_had_before_sends_of_who_remains(
    pair: Pair, ueda: Actor, second_officer: Actor, clinic: Actor
):
    merge_id = await merged(pair, ueda, second_officer)
    by_id = {"reference": f"Patient/{pair.other.id}"}
    drug = shapes.prescription(subject=by_id, authoredOn="2024-07-01")
    await ingest.store(clinic, json.dumps(drug).encode())
    assert len(await stored.records(pair.remains.id)) == 5
    assert await stored.records(pair.other.id) == []
    await merging.split(ueda, merge_id, "別の方とわかりました")
    drug = shapes.prescription(subject=by_id, authoredOn="2024-07-02")
    await ingest.store(clinic, json.dumps(drug).encode())
    assert len(await stored.records(pair.other.id)) == 3


async def test_asked_again_after_the_yes_a_sender_is_answered_the_same(
    pair: Pair, ueda: Actor, second_officer: Actor, clinic: Actor
):
    by_id = {"reference": f"Patient/{pair.other.id}"}
    drug = json.dumps(shapes.prescription(subject=by_id, authoredOn="2024-07-01")).encode()
    first = (await ingest.store(clinic, drug, key=f"K{pair.other.id}")).entries[0]
    await merged(pair, ueda, second_officer)
    again = (await ingest.store(clinic, drug, key=f"K{pair.other.id}")).entries[0]
    assert isinstance(first, StoredRecord)
    assert isinstance(again, StoredRecord)
    assert again.version.body == first.version.body


async def test_in_an_emergency_two_registrations_that_are_one_are_found_as_one(
    pair: Pair, ueda: Actor, second_officer: Actor, hospital: Actor
):
    person = pair.remains.person
    doctor = Actor(
        kind=ActorKind.PROFESSIONAL, facility_id=hospital.facility_id, purpose_of_use="BTG"
    )

    async def found() -> UUID | None:
        async with unit_of_work(doctor) as tx:
            who: UUID | None = await tx.fetchval(
                "SELECT emergency_find_person($1, $2, $3, $4)",
                person.name,
                person.name_kana,
                person.sex,
                person.birth_on,
            )
            return who

    assert await found() is None
    await merged(pair, ueda, second_officer)
    assert await found() == pair.remains.id


async def test_what_the_other_had_hidden_stays_hidden(
    pair: Pair, ueda: Actor, second_officer: Actor
):
    hidden = (await stored.records(pair.other.id))[0]["record_id"]
    await scene.decided(
        pair.theirs, Provision(id=1, kind="deny", axis="filter", record_ids=(hidden,))
    )
    await merged(pair, ueda, second_officer)
    levels = {row["record_id"]: row["sensitivity"] for row in await stored.records(pair.remains.id)}
    assert levels.pop(hidden) == 2
    assert set(levels.values()) == {0}


async def test_what_the_other_hides_while_the_yes_is_said_stays_hidden(
    pair: Pair, ueda: Actor, second_officer: Actor, monkeypatch: pytest.MonkeyPatch
):
    hidden = (await stored.records(pair.other.id))[0]["record_id"]
    merge_id = await merging.ask(ueda, pair.remains.id, pair.other.id, "同じ方と確認")
    await merging.confirm(second_officer, merge_id)
    hides, real = [], closed_on_arrival

    def while_decided(*settings: Any) -> Closed:
        rule = Provision(id=1, kind="deny", axis="filter", record_ids=(hidden,))
        task = context.run(asyncio.create_task, scene.decided(pair.theirs, rule))
        hides.append(task)
        return real(*settings)

    context = contextvars.copy_context()
    monkeypatch.setattr(merging, "closed_on_arrival", while_decided)
    slow = merging.queries.take_over

    async def after_a_while(*args: Any, **names: Any) -> int:
        await asyncio.wait(hides, timeout=0.5)
        assert not hides[0].done()
        return await slow(*args, **names)

    monkeypatch.setattr(merging.queries, "take_over", after_a_while)
    await merging.answer(pair.mine, merge_id, is_yes=True)
    await asyncio.gather(*hides)


async def test_said_twice_at_once_it_is_said_once(pair: Pair, ueda: Actor, second_officer: Actor):
    merge_id = await merging.ask(ueda, pair.remains.id, pair.other.id, "同じ方と確認")
    both = [merging.confirm(second_officer, merge_id) for _ in range(2)]
    said = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(each) for each in said if each is not None) == [MergeRefused]
    answers = [merging.answer(pair.mine, merge_id, is_yes=yes) for yes in (True, False)]
    said = await asyncio.gather(*answers, return_exceptions=True)
    assert [type(each) for each in said if isinstance(each, Exception)] == [MergeRefused]


async def test_either_of_both_and_an_officer_may_take_it_apart(
    pair: Pair, ueda: Actor, second_officer: Actor
):
    merge_id = await merged(pair, ueda, second_officer)
    with pytest.raises(EnrolmentFaults):
        await merging.split(ueda, merge_id)
    await merging.split(pair.theirs, merge_id)
    assert len(await stored.records(pair.other.id)) == 2
    with pytest.raises(MergeRefused):
        await merging.split(ueda, merge_id, "まちがい")
    again = await merged(pair, ueda, second_officer)
    await merging.split(ueda, again, "別の方とわかりました")
    assert len(await stored.records(pair.other.id)) == 2


async def test_nobody_else_splits_or_sees_a_merge(
    pair: Pair, ueda: Actor, second_officer: Actor, enrol: Enrol
):
    merge_id = await merged(pair, ueda, second_officer)
    stranger = await account_of((await enrol()).id, "別の人")
    assert await merging.own(stranger) == []
    for refused in (
        merging.split(stranger, merge_id),
        merging.answer(stranger, merge_id, is_yes=True),
        merging.answer(stranger, merge_id, is_yes=False),
    ):
        with pytest.raises(NotFound):
            await refused


async def test_only_pairs_said_to_be_the_same_are_merged_and_in_one_merge_at_a_time(
    pair: Pair, ueda: Actor, enrol: Enrol
):
    stranger = await enrol()
    with pytest.raises(NotFound):
        await merging.ask(ueda, pair.remains.id, stranger.id, "似ている")
    await merging.ask(ueda, pair.remains.id, pair.other.id, "同じ方と確認")
    with pytest.raises(MergeRefused):
        await merging.ask(ueda, pair.other.id, pair.remains.id, "同じ方と確認")


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(
    hides=st.sampled_from(["nothing", "one", "category", "excluded"]),
    shares=st.booleans(),
    more=st.integers(0, 2),
    by_officer=st.booleans(),
)
async def test_merged_and_split_leaves_the_same_rows_and_the_same_answers(
    pair: Pair,
    ueda: Actor,
    second_officer: Actor,
    clinic: Actor,
    hospital: Actor,
    hides: str,
    shares: bool,
    more: int,
    by_officer: bool,
):
    assert hospital.facility_id is not None
    rules: list[Provision] = []
    if shares:
        rules.append(
            Provision(id=1, kind="permit", axis="recipient", facility_id=hospital.facility_id)
        )
    if hides == "one":
        first = (await stored.records(pair.other.id))[0]["record_id"]
        rules.append(Provision(id=2, kind="deny", axis="filter", record_ids=(first,)))
    if hides == "category":
        rules.append(Provision(id=3, kind="deny", axis="filter", category="prescription"))
    if hides == "excluded":
        rules.append(
            Provision(id=4, kind="exclusion", axis="recipient", facility_id=hospital.facility_id)
        )
    await scene.decided(pair.theirs, *rules)
    await prescribed(clinic, f"P{pair.remains.id.hex}", 2 + more)
    before = await rows_of(pair.remains.id, pair.other.id), await answers(pair, clinic, hospital)
    merge_id = await merged(pair, ueda, second_officer)
    assert await rows_of(pair.remains.id, pair.other.id) != before[0]
    await merging.split(*((ueda, merge_id, "戻す") if by_officer else (pair.mine, merge_id)))
    after = await rows_of(pair.remains.id, pair.other.id), await answers(pair, clinic, hospital)
    assert after == before


ONE, OTHER = UUID(int=1), UUID(int=2)
OPEN = (Participation(state="participating"), Directive())


@pytest.mark.parametrize(
    ("rows", "marks", "expected"),
    [
        ((), (), Closed(frozenset(), False)),
        (
            (Provision(id=1, kind="deny", axis="filter", record_ids=(ONE,)),),
            (Mark(OTHER, 1),),
            Closed(frozenset({ONE, OTHER}), False),
        ),
        (
            (Provision(id=1, kind="deny", axis="filter", category="lab"),),
            (),
            Closed(frozenset(), True),
        ),
        (
            (Provision(id=1, kind="exclusion", axis="recipient", facility_id=ONE),),
            (),
            Closed(frozenset(), True),
        ),
        (
            (Provision(id=1, kind="permit", axis="recipient", facility_id=ONE),),
            (),
            Closed(frozenset(), False),
        ),
    ],
)
def test_what_the_other_shut_in_words_comes_in_closed(rows, marks, expected):
    theirs = (Participation(state="participating"), Directive(1, rows, marks=marks))
    assert closed_on_arrival(OPEN, theirs) == expected
    # Shut by both alike, it needs no closing.
    if expected.everything:
        assert not closed_on_arrival(theirs, theirs).everything


def test_who_asks_to_be_asked_first_brings_everything_in_closed():
    asking = (OPEN[0], Directive(1, asks_first_since=datetime(2026, 1, 1, tzinfo=UTC)))
    earlier = (OPEN[0], Directive(1, asks_first_since=datetime(2025, 1, 1, tzinfo=UTC)))
    found = [closed_on_arrival(*pair).everything for pair in ((OPEN, asking), (asking, earlier))]
    assert found == [True, True]
    assert not closed_on_arrival(earlier, asking).everything


def test_who_left_brings_everything_in_closed():
    assert closed_on_arrival(OPEN, (Participation(state="withdrawn"), Directive())).everything


async def test_what_each_wrote_themselves_stays_where_it_was_written(
    pair: Pair, ueda: Actor, second_officer: Actor
):
    for actor, weight in ((pair.mine, "61"), (pair.theirs, "62")):
        await own_entries.write(actor, Wish(WEIGHT, {"on": "2026-05-01", "weight": weight}))
    await merged(pair, ueda, second_officer)
    for actor, weight in ((pair.mine, "61"), (pair.theirs, "62")):
        (kept,) = await own_entries.entries(actor, [WEIGHT])
        assert kept.values["weight"] == weight
