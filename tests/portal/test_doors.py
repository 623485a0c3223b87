"""Each page opens for its own people in both languages, and for others it does not exist."""

import pytest

from tests.portal.scene import Visitor

PAGES = {
    "hanako": (
        "/home",
        "/disclosure",
        "/disclosure/participation",
        "/access-log",
        "/access-log/by-file",
        "/inbox",
        "/help",
    ),
    "sato": ("/clinic",),
    "ueda": ("/support", "/support/professions"),
    "desk": ("/facility", "/facility/invite"),
}
BOTH = pytest.mark.parametrize("locale", ["ja", "en"])


@BOTH
async def test_everyone_can_open_all_their_pages(
    hanako: Visitor, sato: Visitor, ueda: Visitor, desk: Visitor, locale: str
) -> None:
    people = {"hanako": hanako, "sato": sato, "ueda": ueda, "desk": desk}
    for key, paths in PAGES.items():
        for path in paths:
            answer = await people[key].get(path, locale=locale)
            assert answer.status_code == 200, (key, path)
            assert f'<html lang="{locale}"' in answer.text


async def test_another_role_finds_no_such_page(
    hanako: Visitor, sato: Visitor, ueda: Visitor, desk: Visitor
) -> None:
    people = {"hanako": hanako, "sato": sato, "ueda": ueda, "desk": desk}
    nowhere = await hanako.get("/no-such-page")
    for key, paths in PAGES.items():
        for path in paths:
            for other, who in people.items():
                if other != key:
                    answer = await who.get(path)
                    assert answer.status_code == 404, (other, path)
                    assert (answer.status_code, "見つからない" in answer.text) == (
                        nowhere.status_code,
                        "見つからない" in nowhere.text,
                    )


async def test_a_stranger_is_led_to_sign_in(open_browser) -> None:
    stranger = await open_browser()
    for paths in PAGES.values():
        for path in paths:
            answer = await stranger.get(path, headers={"accept": "text/html"})
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


async def test_the_front_page_leads_each_person_home(
    hanako: Visitor, sato: Visitor, ueda: Visitor, desk: Visitor, open_browser
) -> None:
    stranger = await (await open_browser()).get("/", headers={"accept": "text/html"})
    assert "はじめて使う" in stranger.text
    homes = ((hanako, "/home"), (sato, "/clinic"), (ueda, "/support"), (desk, "/facility"))
    for who, home in homes:
        answer = await who.get("/")
        assert (answer.status_code, answer.headers["location"]) == (303, home)


@pytest.mark.parametrize(
    "path", ["/me", "/me/disclosure", "/me/facilities", "/me/access-log", "/me/notices"]
)
async def test_the_app_answers_participants_alone(
    hanako: Visitor, sato: Visitor, ueda: Visitor, desk: Visitor, path: str
) -> None:
    assert (await hanako.ask(path)).status_code == 200
    assert (await sato.ask(path)).status_code == 404
    assert (await ueda.ask(path)).status_code == 404
    assert (await desk.ask(path)).status_code == 404
    # the cookie opens no door of the app
    assert (await hanako.browser.get(path)).status_code == 401


@pytest.mark.parametrize("page", ["/access-log?page=0", "/inbox?page=x", "/disclosure?changed=x"])
async def test_a_garbled_address_is_a_clear_refusal(hanako: Visitor, page: str) -> None:
    answer = await hanako.get(page)
    assert answer.status_code == 400
    assert "読み取れませんでした" in answer.text
