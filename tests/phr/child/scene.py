"""A child's book as Hanako keeps it, and a child with an account of their own."""

from datetime import date, timedelta

from api.consent.lifecycle import leaving
from api.core.actor import OPERATOR, Actor, ActorKind, Power
from api.core.clock import today_in_japan as this_day
from api.core.ids import uuid7
from api.directory import service as directory
from api.identity.card import CardNumber
from api.identity.enrolling import intake
from api.phr.child import service, writing
from api.phr.child.reading import Child
from api.proxies import counter
from api.proxies import service as proxies
from api.proxies.counter import Witnessed
from tests.identity.conftest import some_card
from tests.portal import scene
from tests.portal.scene import Visitor

BORN = this_day() - timedelta(days=150)
HANAKO_BORN = date(1940, 4, 9)
YUI = {"name": "ゆい", "sex": "female", "weeks": "39", "days": "2", "weight": "2.95"}


def day(age: int, born: date = BORN) -> str:
    return (born + timedelta(days=age)).isoformat()


async def begun(keeper: Visitor, *, born: date = BORN, **more: str) -> Child:
    return await service.begin(keeper.actor, {"on": born.isoformat(), **YUI, **more})


async def grown(keeper: Visitor, of: Child, age: int, **values: str):
    fields = {"on": day(age, of.birth_on), **values}
    return await writing.write(keeper.actor, of.book_id, "growth", fields)


async def account_of_a_child(born: date = BORN) -> tuple[Actor, CardNumber]:
    """Takes part; nobody acts for them yet."""
    card = some_card(directory.profile().card_scheme)
    paper = intake.Paper("山本 結衣", "ヤマモト ユイ", "female", born)
    person, account = await intake.admit(OPERATOR, paper, card), uuid7()
    await intake.open_account(OPERATOR, account_id=account, kind="participant", person_id=person)
    actor = Actor(
        kind=ActorKind.PARTICIPANT, account_id=account, participant_id=person, name="山本 結衣"
    )
    await leaving.take_part(actor, "participating")
    return actor, card


async def acting_as_parent(parent: Visitor, officer: Actor, born: date = BORN) -> Actor:
    """The parent as who acts for a child who was written down as theirs at the counter."""
    assert parent.card
    child, card = await account_of_a_child(born)
    powers = frozenset(str(each) for each in Power)
    await counter.witness(
        officer,
        Witnessed(
            card.digits, born, parent.card.digits, HANAKO_BORN, "parent", powers, None, "戸籍 棚1"
        ),
    )
    second = await scene.officer("第二 担当")
    (waiting,) = (
        each
        for each in await counter.waiting(second)
        if each.participant_id == child.participant_id
    )
    await counter.confirm(second, waiting.participant_id, waiting.proxy_id)
    assert child.participant_id
    found = await proxies.acting(parent.actor, child.participant_id)
    assert found
    return found
