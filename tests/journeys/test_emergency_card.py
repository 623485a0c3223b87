"""Hanako's card from her phone to paper, to a stranger's phone without a network, to Dr Mori."""

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from api import demo
from api.core import clock, i18n
from api.core.actor import Actor
from tests.emergency.carrying import medicine, recorded, whole
from tests.journeys import qr
from tests.journeys.conftest import LANGUAGES, PHONE, OpenPhone
from tests.journeys.people import Newcomer, as_actor, participating, session_of
from tests.journeys.qr import Spoilt
from tests.journeys.quality import CHROMIUM, PATIENCE_MS, QUIET, axe_violations
from tests.portal import scene
from tests.portal.scene import Place
from tests.serving import Served

BOTH = pytest.mark.parametrize("locale", ["ja", "en"])
A4 = {"width": 794, "height": 1123}  # CSS pixels
WIDER = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
SHAKY = [
    Spoilt(),
    Spoilt(turn=7, scale=0.8),
    Spoilt(turn=-23, scale=0.9, faint=0.25),
    Spoilt(turn=180, scale=0.75, faint=0.4),
]


class Carrier(NamedTuple):
    who: Newcomer
    actor: Actor
    page: Page

    async def composes(self, **typed: str) -> None:
        await self.page.goto("/emergency-card/new")
        for name, value in typed.items():
            if name in ("pregnancy", "directive"):
                await self.page.select_option(f"[name={name}]", value)
            else:
                await self.page.fill(f"[name={name}]", value)
        await self.presses("card.compose.go")
        await self.presses("card.preview.go")

    async def presses(self, key: str) -> None:
        locale = await self.page.evaluate("document.documentElement.lang")
        async with self.page.expect_navigation():
            await self.page.get_by_role("button", name=i18n.text(locale, key), exact=True).click()

    async def prints(self) -> bytes:
        """The sheet as a printer at 200 dots an inch would have it."""
        await self.page.goto("/emergency-card")
        await self.presses("card.paper.go")
        await self.page.set_viewport_size(A4)
        await self.page.emulate_media(media="print")
        return await self.page.screenshot(full_page=True)


@pytest_asyncio.fixture
async def surgery(people: dict[str, demo.Cast]) -> AsyncIterator[Place]:
    place = await scene.place("すずらん医院", "スズランイイン", "Suzuran Clinic", "clinic")
    yield place
    await scene.left(place)


OpenCarrier = Callable[..., Awaitable[Carrier]]


@pytest_asyncio.fixture
async def open_carrier(
    browser: Browser, served: Served, surgery: Place
) -> AsyncIterator[OpenCarrier]:
    async with AsyncExitStack() as stack:

        async def opened(locale: str = "ja") -> Carrier:
            who, actor = await participating()
            await whole(surgery, actor)
            context = await browser.new_context(
                base_url=served.url, viewport=PHONE, device_scale_factor=2, locale=LANGUAGES[locale]
            )
            stack.push_async_callback(context.close)
            cookie = {
                "name": "tsunagu_session",
                "value": await session_of(actor),
                "url": served.url,
            }
            await context.add_cookies([cookie])
            return Carrier(who, actor, await context.new_page())

        yield opened


@pytest_asyncio.fixture
async def hanako(open_carrier: OpenCarrier) -> Carrier:
    return await open_carrier()


# Paper


async def test_a_printed_card_is_read_by_another_reader(
    hanako: Carrier, phone: Page, served: Served
) -> None:
    """As it is, turned, faint and upside down."""
    await hanako.composes(note="耳が遠いです")
    picture = await hanako.prints()
    found = [await qr.read(phone, picture, spoilt) for spoilt in SHAKY]
    assert found == [found[0]] * len(SHAKY)
    (text,) = found[0]
    assert text.startswith(f"{served.url}/card#")
    assert len(text) > 800


@BOTH
async def test_the_sheet_is_one_page_and_nothing_of_it_is_cut(
    open_carrier: OpenCarrier, surgery: Place, locale: str
) -> None:
    hanako = await open_carrier(locale)
    """As much as there may be of everything."""
    for at in range(34):
        name = f"とても長い名前の薬その{at:02}" * 3
        await recorded(surgery, hanako.actor, "prescription", medicine(name))
    await hanako.composes(
        note="耳が遠いので、紙に書いて見せてください。" * 5,
        pregnancy="yes",
        directive="yes",
        due_on=(clock.today_in_japan() + timedelta(days=90)).isoformat(),
        contact_name_1="アレクサンドラ・マリア・フェルナンデス・山本・由美子",
        contact_phone_1="+81 90-1234-5678",
        contact_name_2="山本 健一",
        contact_phone_2="090-8765-4321",
    )
    picture = await hanako.prints()
    if folder := os.environ.get("SCREENSHOTS"):
        (Path(folder) / f"sheet-{locale}.png").write_bytes(picture)
    cut = await hanako.page.evaluate(
        """() => [...document.querySelectorAll(".panel, .columns")]
          .filter((each) => each.scrollHeight > each.clientHeight + 1
            || each.scrollWidth > each.clientWidth + 1)
          .map((each) => each.textContent.trim().slice(0, 30))"""
    )
    assert cut == []
    pdf = await hanako.page.pdf(prefer_css_page_size=True)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page/") == 1
    side = await hanako.page.evaluate(
        "() => document.querySelector('.panel-code svg').getBoundingClientRect().width"
    )
    assert side >= 60 / 25.4 * 96, "a code of version 25 is read from 6 cm"


@BOTH
async def test_the_pages_of_the_card_are_for_everyone(
    open_carrier: OpenCarrier, open_phone: OpenPhone, locale: str
) -> None:
    hanako = await open_carrier(locale)
    page = hanako.page

    async def is_for_everyone() -> None:
        if folder := os.environ.get("SCREENSHOTS"):
            name = f"{locale}{page.url.rpartition(':')[2].replace('/', '-')}.png"
            await page.screenshot(path=f"{folder}/{name}", full_page=True)
        assert await axe_violations(page) == [], page.url
        assert not await page.evaluate(WIDER), page.url

    await page.goto("/emergency-card")
    await is_for_everyone()
    await page.goto("/emergency-card/new")
    await is_for_everyone()
    await hanako.presses("card.compose.go")
    await is_for_everyone()
    await hanako.presses("card.preview.go")
    await is_for_everyone()
    await hanako.presses("card.phone.show")
    await is_for_everyone()
    await page.goto("/emergency-card")
    await hanako.presses("card.paper.go")
    await is_for_everyone()
    await page.goto("/card")
    await is_for_everyone()


async def test_all_of_it_works_without_javascript(open_phone: OpenPhone, surgery: Place) -> None:
    _, actor = await participating()
    await whole(surgery, actor)
    page = await open_phone(session=await session_of(actor), scripts=False)
    await page.goto("/emergency-card/new")
    for key in ("card.compose.go", "card.preview.go", "card.phone.show"):
        async with page.expect_navigation():
            await page.get_by_role("button", name=i18n.text("ja", key), exact=True).click()
    await expect(page.locator(".codes svg")).to_be_visible()


# A stranger's phone, without a network


class Reader(NamedTuple):
    page: Page

    async def pastes(self, text: str) -> None:
        await self.page.fill("#text", text)
        await self.page.locator("#typed button").click()
        await expect(self.page.locator("#answer")).not_to_be_empty()

    async def says(self, *texts: str) -> None:
        for text in texts:
            await expect(self.page.locator("#answer")).to_contain_text(text)


OpenReader = Callable[..., Awaitable[Reader]]


@pytest_asyncio.fixture
async def open_reader(
    browser: Browser, served: Served, phone: Page, tmp_path: Path
) -> AsyncIterator[OpenReader]:
    """The saved file, opened from the disk of a phone that reaches nothing."""
    answer = await phone.request.get(f"{served.url}/card/file")
    file = tmp_path / "reader.html"
    file.write_bytes(await answer.body())
    async with AsyncExitStack() as stack:

        async def opened(locale: str = "ja") -> Reader:
            context = await browser.new_context(
                viewport=PHONE, locale=LANGUAGES[locale], offline=True
            )
            stack.push_async_callback(context.close)
            page = await context.new_page()
            await page.goto(file.as_uri())
            await expect(page.locator("body[data-ready]")).to_be_visible()
            return Reader(page)

        yield opened


async def scanned(hanako: Carrier, phone: Page) -> str:
    return " ".join(await qr.read(phone, await hanako.prints(), Spoilt()))


@BOTH
async def test_a_stranger_checks_the_card_without_a_network(
    hanako: Carrier, phone: Page, open_reader: OpenReader, locale: str
) -> None:
    await hanako.composes(
        note="耳が遠いです", contact_name_1="由美", contact_phone_1="090-1234-5678"
    )
    reader = await open_reader(locale)
    await reader.pastes(await scanned(hanako, phone))
    say = lambda key, **params: i18n.text(locale, key, **params)  # noqa: E731
    await reader.says("山本 花子", "ペニシリン", "耳が遠いです", "090-1234-5678")
    await reader.says(say("card.kind.allergy"), say("card.mark.high"))
    for name in ("revoked", "changed", "bearer"):
        await reader.says(say(f"card.reader.unknown.{name}"))
    assert await axe_violations(reader.page) == []
    assert not await reader.page.evaluate(WIDER)


@BOTH
async def test_one_digit_changed_and_the_page_says_it_is_not_genuine(
    hanako: Carrier, phone: Page, open_reader: OpenReader, locale: str
) -> None:
    """In the header, the body and the signature."""
    await hanako.composes()
    text = await scanned(hanako, phone)
    reader = await open_reader(locale)
    start = text.index("#") + 1
    for at in (0.2, 0.5, 0.95):
        place = start + int((len(text) - start) * at) // 2 * 2 + 1
        changed = text[:place] + ("3" if text[place] != "3" else "4") + text[place + 1 :]
        await reader.pastes(text)
        await reader.says("山本 花子")
        await reader.pastes(changed)
        await expect(reader.page.locator("#answer .notice-bad")).to_be_visible()
        await expect(reader.page.locator("#answer")).not_to_contain_text("山本 花子")


async def test_the_age_of_a_card_is_said(
    hanako: Carrier, phone: Page, open_reader: OpenReader
) -> None:
    await hanako.composes()
    text = await scanned(hanako, phone)
    reader = await open_reader()
    now = await reader.page.evaluate("Date.now()")
    for days, said in ((10, None), (200, "card.reader.old"), (400, "card.reader.over")):
        await reader.page.clock.set_fixed_time(now / 1000 + days * 86_400)
        await reader.pastes(text)
        await reader.says(f"（{days}日前）")
        if said:
            await reader.says(i18n.text("ja", said))
        else:
            await expect(reader.page.locator("#answer .notice-good")).to_be_visible()


async def test_a_photo_of_the_print_is_read_too(
    hanako: Carrier, phone: Page, open_reader: OpenReader, tmp_path: Path
) -> None:
    await hanako.composes()
    photo = tmp_path / "photo.png"
    photo.write_bytes(await hanako.prints())
    reader = await open_reader()
    await reader.page.set_input_files("#picture", photo)
    await reader.says("山本 花子", "ペニシリン")


async def test_a_card_of_keys_the_page_does_not_know_is_not_called_genuine_until_it_does(
    hanako: Carrier, phone: Page, open_reader: OpenReader, served: Served, tmp_path: Path
) -> None:
    await hanako.composes()
    text = await scanned(hanako, phone)
    keys = await (
        await phone.request.get(f"{served.url}/.well-known/emergency-card/jwks.json")
    ).body()
    reader = await open_reader()
    bare = tmp_path / "bare.html"
    saved = (tmp_path / "reader.html").read_text()
    begin = saved.index('id="keys">') + len('id="keys">')
    end = saved.index("</script>", begin)
    book = json.loads(saved[begin:end]) | {"keys": []}
    bare.write_text(saved[:begin] + json.dumps(book, ensure_ascii=False) + saved[end:])
    await reader.page.goto(bare.as_uri())
    await expect(reader.page.locator("body[data-ready]")).to_be_visible()
    await reader.pastes(text)
    await expect(reader.page.locator("#answer .notice-bad")).to_be_visible()
    await expect(reader.page.locator("#answer")).not_to_contain_text("山本 花子")
    file = tmp_path / "jwks.json"
    file.write_bytes(keys)
    await reader.page.set_input_files("#book", file)
    await reader.says(i18n.text("ja", "card.reader.keys_read"))
    await reader.pastes(text)
    await reader.says("山本 花子", i18n.text("ja", "card.reader.by_loaded", issuer=served.url))
    await expect(reader.page.locator("#answer .notice-good")).to_have_count(0)


async def test_a_telephones_own_camera_opens_the_page_and_leaves_nothing_in_the_address(
    hanako: Carrier, phone: Page
) -> None:
    await hanako.composes()
    text = await scanned(hanako, phone)
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    await phone.goto(text)
    await expect(phone.locator("#answer")).to_contain_text("山本 花子")
    assert phone.url.endswith("/card")
    digits = text.partition("#")[2]
    assert not [url for url in asked[1:] if digits[:50] in url]
    assert await axe_violations(phone) == []


# Cameras


OpenCamera = Callable[[list[str], Actor | None], Awaitable[Page]]


@pytest_asyncio.fixture
async def open_camera(served: Served, tmp_path: Path) -> AsyncIterator[OpenCamera]:
    """A browser whose camera sees these codes, one after the other."""
    async with AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(async_playwright())

        async def opened(texts: list[str], actor: Actor | None) -> Page:
            seen = qr.film(texts, tmp_path / "camera.y4m")
            flags = [
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={seen}",
            ]
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=[*QUIET, *flags]
            )
            stack.push_async_callback(browser.close)
            context = await browser.new_context(
                base_url=served.url, viewport=PHONE, locale="ja-JP", permissions=["camera"]
            )
            context.set_default_timeout(PATIENCE_MS)
            if actor is not None:
                token = await session_of(actor)
                cookie = {"name": "tsunagu_session", "value": token, "url": served.url}
                await context.add_cookies([cookie])
            return await context.new_page()

        yield opened


async def begins(page: Page) -> None:
    await page.get_by_role("button", name=i18n.text("ja", "card.scan.go")).click()


async def test_dr_sato_finds_hanako_by_the_camera(
    open_camera: OpenCamera, people: dict[str, demo.Cast]
) -> None:
    page = await open_camera([demo.card_of("hanako").digits], as_actor(people["sato"]))
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    await page.goto("/clinic")
    assert not [url for url in loaded if "vendor" in url], "only once the camera is opened"
    assert await axe_violations(page) == []
    async with page.expect_navigation(url="**/clinic/participants/*"):
        await begins(page)
    await expect(page.get_by_text("ペニシリン系抗菌薬").first).to_be_visible()


@pytest.mark.parametrize("is_long", [False, True], ids=["one code", "two codes"])
async def test_dr_mori_opens_by_the_camera(
    hanako: Carrier,
    phone: Page,
    surgery: Place,
    open_camera: OpenCamera,
    people: dict[str, demo.Cast],
    is_long: bool,
) -> None:
    if is_long:
        for at in range(24):
            name = "".join(chr(0x4E00 + (at * 40 + i) * 97 % 20_000) for i in range(38))
            await recorded(surgery, hanako.actor, "prescription", medicine(name))
    await hanako.composes()
    texts = await qr.read(phone, await hanako.prints(), Spoilt())
    assert len(texts) == 1 + is_long
    page = await open_camera(texts, as_actor(people["mori"]))
    await page.goto("/clinic/emergency")
    assert await axe_violations(page) == []
    assert not await page.evaluate(WIDER)
    if folder := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=f"{folder}/emergency.png", full_page=True)
    await begins(page)
    await expect(page.get_by_text(i18n.text("ja", "card.scan.read"))).to_be_visible()
    assert await page.evaluate("document.activeElement.name") == "reason"
    await page.select_option("[name=reason]", "unconscious")
    await page.fill("[name=words]", "路上で倒れていた")
    async with page.expect_navigation(url="**/clinic/emergency/*"):
        await page.get_by_role("button", name=i18n.text("ja", "emergency.open.go")).click()
    await expect(page.get_by_text("ペニシリン").first).to_be_visible()


async def test_a_stranger_reads_the_card_by_the_camera(
    hanako: Carrier, phone: Page, open_camera: OpenCamera
) -> None:
    await hanako.composes()
    texts = await qr.read(phone, await hanako.prints(), Spoilt())
    page = await open_camera(texts, None)
    await page.goto("/card")
    await page.locator("#camera").click()
    await expect(page.locator("#answer")).to_contain_text("ペニシリン")
    await expect(page.locator("#screen")).to_be_hidden()
    if folder := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=f"{folder}/reader.png", full_page=True)


async def test_without_a_camera_everything_is_typed_as_ever(
    open_phone: OpenPhone, people: dict[str, demo.Cast]
) -> None:
    page = await open_phone(session=await session_of(as_actor(people["sato"])))
    await page.add_init_script("delete Navigator.prototype.mediaDevices")
    await page.goto("/clinic")
    await expect(page.locator("[data-scan]")).to_be_hidden()
    await page.goto("/card")
    await expect(page.locator("#camera")).to_be_hidden()
    await expect(page.locator("#picture")).to_be_visible()
