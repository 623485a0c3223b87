"""The notebook and the wishes move with Hanako, word for word."""

from api.consent.lifecycle import leaving
from api.core.actor import Actor
from api.phr.directives import paper
from api.phr.directives import service as wishes
from api.phr.directives.people import Person
from api.phr.entries import service as entries
from api.phr.entries.service import Wish
from api.phr.notes import kinds as notes
from api.records.bringing_in import service as bringing_in
from api.records.bringing_in.planning import LeftLine
from tests.phr.directives.test_wishes import PDF, WISHES
from tests.phr.notes.test_kinds import FULL
from tests.portal import scene
from tests.portal.scene import Visitor
from tests.records.taking_out import taking

KINDS = (notes.MEDICATION, notes.ALLERGY, notes.DOCTOR, notes.SCHOOL)


async def somebody() -> Actor:
    actor, _ = await scene.participant("山本 花子", "ヤマモト ハナコ")
    await leaving.take_part(actor, "participating")
    return actor


async def test_what_she_noted_and_wished_comes_in_elsewhere_as_it_was(hanako: Visitor) -> None:
    for kind in KINDS:
        await entries.write(hanako.actor, Wish(kind, FULL[kind.name]))
    await wishes.state(hanako.actor, WISHES, 0)
    await wishes.state(hanako.actor, {**WISHES, "life": "ask"}, 1)
    await wishes.call(hanako.actor, [Person("山本 由美", "長女", "090-1234-5678")], 0)
    held = await wishes.add_document(hanako.actor, "事前指示書", "2019-04-01", PDF)
    there = await somebody()
    done = await taking.brought(there, await taking.bundle(hanako.actor))
    assert (done.state, done.counts.total) == ("done", 7)

    for kind in KINDS:
        (one,) = await entries.entries(there, [kind])
        assert one.values == FULL[kind.name]
    statement, called, documents = await wishes.wishes(there)
    assert statement
    assert statement.values["life"] == "ask"
    assert called
    assert called.values["p1_name"] == "山本 由美"
    (document,) = documents
    assert (await wishes.document(there, document.entry_id)).body == PDF
    assert document.values["dated"] == held.values["dated"]

    again = await wishes.state(there, {**WISHES, "life": "try"}, statement.version)
    assert again.entry_id == statement.entry_id
    assert (await wishes.wishes(there)).statement == again


async def test_of_her_documents_no_more_come_in_than_can_be_handed_in(
    hanako: Visitor, open_browser
) -> None:
    for year in range(2019, 2019 + paper.MOST_DOCUMENTS):
        await wishes.add_document(hanako.actor, f"書類{year}", "2019-04-01", PDF)
    file = await taking.bundle(hanako.actor)
    there = await somebody()
    for title in ("ここの1", "ここの2"):
        await wishes.add_document(there, title, "2019-04-01", PDF)
    other = await scene.visitor(await open_browser(), there)
    looked = await bringing_in.look(there, file)
    assert looked.counts.total == paper.MOST_DOCUMENTS - 2
    assert LeftLine("documents", "DocumentReference", 2) in looked.counts.left
    page = (await other.get(f"/book/bring-in/{looked.import_id}")).text
    assert "お預かりできるのは5つまで" in page
    done = await taking.brought(there, file)
    assert done.state == "done"
    assert len((await wishes.wishes(there)).documents) == paper.MOST_DOCUMENTS
    assert (await taking.brought(there, file)).counts.total == 0
