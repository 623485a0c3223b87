"""However often something was taken out or brought in, each job is reached page by page."""

import re
from typing import Any

import pytest
import pytest_asyncio

from api.records.bringing_in import service as bringing_in
from api.records.taking_out import service
from tests.portal.scene import Visitor
from tests.records.taking_out import taking
from web_portal.pages.book import bring_in

# Where lists once ended without a word.
ONCE = 20


@pytest_asyncio.fixture
async def written(hanako: Visitor) -> Visitor:
    await taking.wrote_own(hanako.actor)
    return hanako


async def every(who: Visitor, path: str, name: str) -> list[dict[str, Any]]:
    """What an app finds that goes on until the end."""
    found, after = list[dict[str, Any]](), ""
    while True:
        page = (await who.ask(f"{path}?count=6{after}")).json()
        assert len(page[name]) <= 6
        found += page[name]
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


async def walked(who: Visitor, path: str, line: str) -> list[list[str]]:
    """What each page shows on which `line` fits, following "see what follows" to the end."""
    pages = list[list[str]]()
    href: str | None = path
    while href:
        page = (await who.get(href)).text
        pages.append(list(dict.fromkeys(re.findall(line, page))))
        assert ("はじめにもどる" in page) is (href != path)
        link = re.search(rf'href="({path}\?after=[^"]+)"[^>]*>\s*続きを見る', page)
        href = link[1] if link else None
    return pages


async def called_off(who: Visitor) -> None:
    for _ in range(ONCE + 1):
        await service.cancel(who.actor, await service.start(who.actor, "ja", ["csv"]))


async def test_what_was_called_off_since_hides_nothing_that_can_be_fetched(
    written: Visitor,
) -> None:
    ready = await taking.made(written.actor, "csv")
    await called_off(written)
    assert f"/book/out/{ready.export_id}/csv" in (await written.get("/book/out")).text
    found = await every(written, "/me/exports", "exports")
    assert len({each["id"] for each in found}) == len(found) == ONCE + 2
    assert found[-1]["id"] == str(ready.export_id)
    assert [each["state"] for each in found] == ["cancelled"] * (ONCE + 1) + ["done"]


async def test_files_to_be_fetched_are_reached_page_by_page(
    written: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "READY_ON_A_PAGE", 2)
    made = [str((await taking.made(written.actor, "csv")).export_id) for _ in range(5)]
    await service.start(written.actor, "ja", ["csv"])
    pages = await walked(written, "/book/out", r"/book/out/([0-9a-f-]{36})/csv")
    assert pages == [made[4:2:-1], made[2:0:-1], made[:1]]
    second = (await written.ask("/me/exports?count=1")).json()["next"]
    assert "準備しています" in (await written.get(f"/book/out?after={second}")).text


async def test_what_was_left_since_hides_nothing_that_was_brought_in(
    written: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = await taking.bundle(written.actor)
    brought = [str((await taking.brought(written.actor, body)).import_id) for _ in range(3)]
    for _ in range(ONCE + 1):
        looked = await bringing_in.look(written.actor, body)
        await bringing_in.cancel(written.actor, looked.import_id)
    newest_first = brought[::-1]
    found = await every(written, "/me/imports", "imports")
    assert [each["id"] for each in found] == newest_first
    monkeypatch.setattr(bring_in, "ON_A_PAGE", 2)
    pages = await walked(written, "/book/bring-in", r"/book/bring-in/([0-9a-f-]{36})")
    assert pages == [newest_first[:2], newest_first[2:]]


@pytest.mark.parametrize("path", ["/me/exports", "/me/imports", "/book/out", "/book/bring-in"])
@pytest.mark.parametrize(
    "after", ["x", "2026-06-01__019a2f4e-5b7a-7000-8000-000000000000", "2026-06-01_1_x", "_" * 90]
)
async def test_a_page_nobody_was_led_to_is_refused(written: Visitor, path: str, after: str) -> None:
    ask = written.ask if path.startswith("/me") else written.get
    assert (await ask(f"{path}?after={after}")).status_code == 400


async def test_another_persons_page_shows_nothing_of_theirs(
    written: Visitor, yumi: Visitor
) -> None:
    await called_off(written)
    page = (await written.ask("/me/exports?count=1")).json()["next"]
    found = (await yumi.ask(f"/me/exports?after={page}")).json()
    assert found == {"exports": [], "next": None}
