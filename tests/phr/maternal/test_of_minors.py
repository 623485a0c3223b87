"""From 15 to 17 a pregnancy is the minor's own: a parent sees it only once it was shown to them."""

from datetime import date, timedelta

import pytest
from msgspec import structs

from api.core import clock
from api.core.actor import Actor
from api.core.errors import NotFound
from api.phr import shelf
from api.phr.maternal import service
from api.phr.maternal.service import Asked
from api.records.own import service as own
from api.records.own.service import Asked as AskedRecords
from tests.phr.child.scene import account_of_a_child
from tests.portal import scene
from tests.portal.scene import Visitor
from tests.records.taking_out import taking

pytestmark = pytest.mark.usefixtures("open_browser")
TODAY = clock.today_in_japan()
DUE_ON = {"edd": (TODAY + timedelta(weeks=10)).isoformat()}
VISIT = {"on": TODAY.isoformat(), "weight": "59"}


def aged(years: int) -> date:
    return TODAY - timedelta(days=round(365.25 * years) + 30)


def parent_of(minor: Actor) -> Actor:
    """Shown what `proxies.acting` lets them see between the two ages; before, that is all."""
    return structs.replace(minor, is_shown_restricted=False)


async def seen(actor: Actor) -> set[str]:
    found = await own.page(actor, AskedRecords())
    return {each.title for each in found.records}


async def pregnant(minor: Actor):
    here = await service.begin(minor, Asked(DUE_ON))
    await service.write(minor, here, "pregnancy-visit", Asked(VISIT))
    return here


async def test_nothing_of_it_is_shown_to_the_parent_until_the_minor_shows_it() -> None:
    aoi, _ = await account_of_a_child(aged(16))
    here = await pregnant(aoi)
    parent = parent_of(aoi)
    assert await service.books(parent) == []
    assert await seen(parent) == set()
    (line,) = (each for each in await shelf.standings(parent) if each.book.name == "pregnancy")
    assert (line.entries, line.next) == (0, None)
    with pytest.raises(NotFound):
        await service.book(parent, here)
    with pytest.raises(NotFound):
        await service.show_to_proxies(parent, here, is_shown=True)
    assert await service.is_kept(aoi, here) is True

    await service.show_to_proxies(aoi, here, is_shown=True)
    assert await service.is_kept(aoi, here) is False
    (book,) = await service.books(parent)
    assert len(book.entries) == 1
    await service.write(aoi, here, "pregnancy-visit", Asked(VISIT))
    (book,) = await service.books(parent)
    assert len(book.entries) == 2, "what follows is as open as the rest"
    with pytest.raises(NotFound):
        await service.show_to_proxies(parent, here, is_shown=False)

    await service.show_to_proxies(aoi, here, is_shown=False)
    assert await service.books(parent) == []
    assert await seen(parent) == set()
    (book,) = await service.books(aoi)
    assert len(book.entries) == 2


async def test_begun_before_15_it_is_kept_from_that_age_on() -> None:
    aoi, _ = await account_of_a_child(aged(14))
    here = await pregnant(aoi)
    (book,) = await service.books(aoi)
    assert book.id == here, "below 15 the parent acts and sees it"
    assert await service.books(parent_of(aoi)) == []
    assert await service.is_kept(aoi, here) is None


async def test_of_an_adult_it_is_as_before_and_nothing_is_asked(hanako: Visitor) -> None:
    here = await pregnant(hanako.actor)
    assert await service.is_kept(hanako.actor, here) is None
    with pytest.raises(NotFound):
        await service.show_to_proxies(hanako.actor, here, is_shown=True)
    assert "代わりに手続きをする方" not in (await hanako.get(f"/book/pregnancy/{here}")).text
    assert (await service.books(parent_of(hanako.actor)))[0].id == here


async def test_brought_in_it_is_kept_as_well() -> None:
    born = aged(16)
    aoi, _ = await account_of_a_child(born)
    here = await pregnant(aoi)
    await service.show_to_proxies(aoi, here, is_shown=True)
    file = await taking.bundle(aoi)
    again, _ = await account_of_a_child(born)
    await taking.brought(again, file)
    assert len(await service.books(again)) == 1
    assert await service.books(parent_of(again)) == []


async def test_the_minor_decides_on_the_page_and_in_an_app(open_browser) -> None:
    aoi, card = await account_of_a_child(aged(16))
    visitor = await scene.visitor(await open_browser(), aoi, card)
    here = await pregnant(aoi)
    page = f"/book/pregnancy/{here}"
    assert "代わりに手続きをする方には、この記録は見えません。" in (await visitor.get(page)).text
    shown = await visitor.follow(await visitor.press(page, "代わりの方にも見せる"))
    assert "代わりに手続きをする方にも、この記録が見えます。" in shown
    assert len(await service.books(parent_of(aoi))) == 1
    assert (await visitor.tell(f"/me/pregnancies/{here}/keep", {})).status_code == 200
    assert await service.books(parent_of(aoi)) == []
    assert (await visitor.tell(f"/me/pregnancies/{here}/show", {})).status_code == 200
    assert len(await service.books(parent_of(aoi))) == 1
