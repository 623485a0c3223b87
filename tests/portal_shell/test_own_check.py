"""The log page checks itself in the browser: what it says of good, bad and missing proof."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, BrowserContext, Page, Request, Route, expect

from api.access_log import verifier as v
from api.core import i18n
from tests.access_log.cases import copied, embargo
from tests.access_log.synthetic import HANAKO, WITNESSES, Log, drawn
from tests.journeys.quality import axe_violations
from tests.pace import slowness
from tests.portal_shell.checked import MORI, goes_on, lines, story
from tests.portal_shell.contexts import ONE_PAGE, render
from tests.portal_shell.serve import CSP

PHONE = {"width": 390, "height": 844}
NOT_FOR_SURE = ".mark-good, .checked"
DAY = 24 * 3600 * 1_000_000
BOTH = pytest.mark.parametrize("locale", ["ja", "en"])

Bundle = dict[str, Any]


class Phone:
    """One browser with its memory, in front of a server that answers as each test wishes."""

    def __init__(self, page: Page, address: str, locale: str) -> None:
        self.page, self.address, self.locale = page, address, locale
        self.rows: list[Any] = []
        self.log = Log()
        self.answer: Callable[[Route], Awaitable[None]] = self.truly
        self.asked: list[dict[str, str]] = []

    async def opens(self, log: Log) -> None:
        """Until the page has made up its mind."""
        await self.begins(log)
        await expect(self.page.locator("#check progress")).to_have_count(0)

    async def begins(self, log: Log, *, wait_until: str = "load") -> None:
        self.log, self.rows = log, self.rows or lines(log, self.locale)
        await self.page.clock.set_fixed_time(log.now / 1_000_000)
        await self.page.goto(f"{self.address}/{self.locale}/log", wait_until=wait_until)  # type: ignore[arg-type]

    async def told(self, route: Route) -> None:
        if route.request.url.endswith("/log"):
            page = render("access-log", self.locale, rows=self.rows, pager=ONE_PAGE)
            headers = {"content-security-policy": CSP, "content-type": "text/html; charset=utf-8"}
            await route.fulfill(body=page, headers=headers)
        else:
            self.asked.append(_query(route.request))
            await self.answer(route)

    def bundle(self, **changes: Any) -> Bundle:
        asked = self.asked[-1]
        since, before = int(asked["since"]), int(asked["from"])
        options = {"since": since or None, "before": before, "witnesses": WITNESSES} | changes
        return self.log.bundle(**options)

    async def truly(self, route: Route) -> None:
        await self.sends(route, self.bundle())

    async def sends(self, route: Route, bundle: Bundle | str, seconds: float = 0) -> None:
        body = bundle if isinstance(bundle, str) else json.dumps(bundle, ensure_ascii=False)
        at = self.log.now / 1_000_000 + seconds
        date = v.datetime.fromtimestamp(at, v.UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        await route.fulfill(body=body, headers={"content-type": "application/json", "date": date})

    def lies(self, change: Callable[[Bundle], None]) -> None:
        async def answer(route: Route) -> None:
            bundle = self.bundle()
            change(bundle)
            await self.sends(route, bundle)

        self.answer = answer

    async def memory(self) -> str | None:
        return await self.page.evaluate("localStorage.getItem('tsunagu-log')")  # type: ignore[no-any-return]

    async def is_praised(self, *words: str, marks: int) -> None:
        await expect(self.page.locator(".banner-success")).to_contain_text(words[0])
        for each in words:
            await expect(self.page.locator("#check")).to_contain_text(each)
        await expect(self.page.locator("li > .mark-good")).to_have_count(marks)
        await expect(self.page.get_by_role("alert")).to_have_count(0)

    async def is_alarmed(self, code: str, *words: str) -> None:
        alarm = self.page.get_by_role("alert")
        await expect(self.page.locator("#check")).to_have_attribute("data-code", code)
        for each in words:
            await expect(alarm).to_contain_text(each)
        await expect(alarm).to_contain_text("096-000-0000")
        await expect(self.page.locator(NOT_FOR_SURE)).to_have_count(0)


def _query(request: Request) -> dict[str, str]:
    return dict(pair.split("=") for pair in request.url.partition("?")[2].split("&"))


OpenPhone = Callable[..., Awaitable[Phone]]


@pytest.fixture
async def open_phone(browser: Browser, address: str) -> AsyncIterator[OpenPhone]:
    contexts: list[BrowserContext] = []

    async def opened(locale: str = "ja", *, scripts: bool = True) -> Phone:
        context = await browser.new_context(viewport=PHONE, java_script_enabled=scripts)
        contexts.append(context)
        phone = Phone(await context.new_page(), address, locale)
        await context.route("**/log", phone.told)
        await context.route("**/access-log/bundle*", phone.told)
        return phone

    yield opened
    for context in contexts:
        await context.close()


@pytest.fixture
async def phone(open_phone: OpenPhone) -> Phone:
    return await open_phone()


SAID = {
    "ja": (
        "だれが見たかの記録は、全部で3件です。この端末で確かめました。抜けも書きかえもありません。",
        "2025年5月3日(土) 11:00に数えた全体の一覧でも、ご本人のものは3件でした。",
        "外部の立会人2者",
    ),
    "en": (
        "Your log has 3 entries in all. This device checked them",
        "The overall count of Sat 3 May 2025, 11:00 also has 3 entries of yours.",
        "signed it: 2.",
    ),
}


@BOTH
async def test_a_log_that_holds_is_praised_row_by_row(open_phone: OpenPhone, locale: str) -> None:
    phone = await open_phone(locale)
    await phone.opens(story())
    await phone.is_praised(*SAID[locale], marks=3)
    assert phone.asked == [{"since": "0", "from": "0"}]
    assert await axe_violations(phone.page) == []
    await phone.page.locator("#check summary").click()
    assert await axe_violations(phone.page) == []


async def test_nothing_is_praised_before_the_browser_itself_has_checked(phone: Phone) -> None:
    may_answer = asyncio.Event()

    async def later(route: Route) -> None:
        await may_answer.wait()
        await phone.truly(route)

    phone.answer = later
    await phone.begins(story())
    await expect(phone.page.locator("#check")).to_contain_text("この端末で確かめています")
    await expect(phone.page.locator(NOT_FOR_SURE)).to_have_count(0)
    assert await axe_violations(phone.page) == []
    may_answer.set()
    await phone.is_praised(SAID["ja"][0], marks=3)


async def test_without_javascript_nothing_is_claimed(open_phone: OpenPhone) -> None:
    for locale, said in (
        ("ja", "自動では確かめられません"),
        ("en", "does not check the log by itself"),
    ):
        phone = await open_phone(locale, scripts=False)
        phone.rows = lines(story(), locale)
        await phone.page.goto(f"{phone.address}/{locale}/log")
        await expect(phone.page.locator("#check")).to_contain_text(said)
        await expect(phone.page.locator("#check a")).to_have_attribute(
            "href", "/access-log/by-file"
        )
        await expect(phone.page.locator(NOT_FOR_SURE)).to_have_count(0)
        assert phone.asked == []


@BOTH
async def test_a_browser_without_ed25519_says_that_it_cannot_check(
    open_phone: OpenPhone, locale: str
) -> None:
    phone = await open_phone(locale)
    await phone.page.add_init_script(
        """const own = crypto.subtle.importKey.bind(crypto.subtle);
        crypto.subtle.importKey = async (format, key, algorithm, ...rest) => {
          if (algorithm === "Ed25519") throw new DOMException("", "NotSupportedError");
          return own(format, key, algorithm, ...rest);
        }"""
    )
    await phone.opens(story())
    said = {"ja": "この端末では確かめられません", "en": "This device cannot check the log"}
    await expect(phone.page.locator("#check")).to_contain_text(said[locale])
    await expect(phone.page.locator(NOT_FOR_SURE)).to_have_count(0)
    assert await axe_violations(phone.page) == []


def alters(bundle: Bundle) -> None:
    fields = dict(bundle["events"][1]["fields"])
    fields["actor"] = fields["actor"].replace("佐藤 健", "鈴木 一")
    bundle["events"][1]["fields"] = [list(each) for each in fields.items()]


def leaves_one_out(bundle: Bundle) -> None:
    del bundle["events"][1]


def miscounts(bundle: Bundle) -> None:
    bundle["head_map"]["number"] = 2


def signs_otherwise(bundle: Bundle) -> None:
    origin, size, rest = bundle["checkpoint"].split("\n", 2)
    bundle["checkpoint"] = f"{origin}\n{int(size) + 1}\n{rest}"


def moves(bundle: Bundle) -> None:
    bundle["nodes"][next(iter(bundle["nodes"]))] = v.to_base64url(drawn("another node"))


LIES = {
    alters: ("altered", "event_altered", "4-2"),
    leaves_one_out: ("gap", "gap", "3-2"),
    miscounts: ("count", "head_mismatch", "6"),
    signs_otherwise: ("signature", "bad_signature", "1"),
    moves: ("outside", "not_included", "5"),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_lie_in_the_proof_is_an_alarm_and_no_check_stands_anywhere(
    open_phone: OpenPhone, lie: Callable[[Bundle], None]
) -> None:
    kind, code, number = LIES[lie]
    for locale in ("ja", "en"):
        phone = await open_phone(locale)
        phone.lies(lie)
        await phone.opens(story())
        title = i18n.text(locale, "access_log.check.failed")
        await phone.is_alarmed(
            code, title, i18n.text(locale, f"access_log.check.failed.{kind}"), number
        )
        assert await axe_violations(phone.page) == []
        assert await phone.memory() is None


async def test_the_altered_row_is_marked_and_the_alarm_leads_to_it(phone: Phone) -> None:
    phone.lies(alters)
    await phone.opens(story())
    await expect(phone.page.locator("#access-2 > .mark-differs")).to_be_visible()
    await phone.page.get_by_role("link", name="合わない記録を見る").click()
    assert phone.page.url.endswith("#access-2")


async def test_an_event_counted_and_not_told_is_an_alarm(phone: Phone) -> None:
    log = story()
    del log.events[HANAKO][-1]
    await phone.opens(log)
    await phone.is_alarmed("missing", "記録に抜けがあります", "番号「3-3」")


async def test_half_a_file_is_an_alarm(phone: Phone) -> None:
    async def half(route: Route) -> None:
        text = json.dumps(phone.bundle())
        await phone.sends(route, text[: len(text) // 2])

    phone.answer = half
    await phone.opens(story())
    await phone.is_alarmed("malformed", "正しく読めません", "番号「7」")


async def test_the_failing_file_can_be_saved_and_is_evidence(phone: Phone, tmp_path: Any) -> None:
    await phone.opens(story())
    phone.log = log = rewritten(story())
    phone.rows = lines(log, "ja")
    await phone.opens(log)
    await phone.is_alarmed("forked", "つながりません")
    saved = []
    for name in ("証明ファイルを保存する", "前の控えも保存する"):
        async with phone.page.expect_download() as download:
            await phone.page.get_by_role("button", name=name).click()
        path = tmp_path / (await download.value).suggested_filename
        await (await download.value).save_as(path)
        saved.append(path)
    assert [path.name for path in saved] == [
        "tsunagu-access-log-2025-05-03.json",
        "tsunagu-remembered-2025-05-03.json",
    ]
    bundle, kept = [path.read_text(encoding="utf-8") for path in saved]
    verdict = v.verify_bundle(bundle, [], [], v.read_remembered(kept), log.now)
    assert "forked" in [each.code for each in verdict.findings]


def rewritten(log: Log) -> Log:
    """The same log, but that Dr Mori was never there."""
    other = Log()
    other.pad(5)
    for each in log.events[HANAKO]:
        other.now = each.at - 1_000_000
        other.append(HANAKO, **(each.values if each.number < 3 else {}))
        other.seal()
    other.pad(log.size + 3 - other.size)
    other.count()
    return other


async def test_what_was_checked_is_remembered_and_the_next_check_is_held_to_it(
    phone: Phone,
) -> None:
    log = story()
    await phone.opens(log)
    await phone.is_praised("はじめて", marks=3)
    size = log.size
    phone.rows = []
    await phone.opens(goes_on(log))
    await phone.is_praised("全部で4件", "とぎれずに続いています", marks=4)
    assert phone.asked[-1] == {"since": str(size), "from": "0"}
    phone.rows = lines(log, "ja")[:1]  # a page that shows the newest alone needs no older proof
    await phone.opens(log)
    await phone.is_praised("全部で4件", marks=1)
    assert phone.asked[-1]["from"] == "3"
    kept = await phone.memory()
    assert kept is not None
    assert "佐藤" not in kept
    assert "花子" not in kept


async def test_a_log_that_goes_back_is_an_alarm(phone: Phone) -> None:
    log = story()
    earlier = copied(log)
    await phone.opens(goes_on(log))
    kept = await phone.memory()
    phone.rows = lines(earlier, "ja")

    async def back(route: Route) -> None:
        await phone.sends(route, earlier.bundle(witnesses=WITNESSES))

    phone.answer = back
    await phone.opens(earlier)
    await phone.is_alarmed("rolled_back", "前にこの端末で確かめた記録と、つながりません")
    assert await phone.memory() == kept
    await expect(phone.page.get_by_role("button", name="前の控えも保存する")).to_be_visible()


async def test_a_server_cannot_leave_out_what_this_browser_never_checked(phone: Phone) -> None:
    async def later_alone(route: Route) -> None:
        await phone.sends(route, phone.bundle(before=2))

    phone.answer = later_alone
    phone.rows = lines(story(), "ja")[:1]
    await phone.opens(story())
    await phone.is_alarmed("gap", "記録に抜けがあります")


async def test_somebody_elses_file_is_an_alarm(phone: Phone) -> None:
    async def other(route: Route) -> None:
        log = copied(phone.log)
        log.append(OTHER)
        log.seal()
        log.count()
        await phone.sends(route, log.bundle(OTHER))

    phone.answer = other
    phone.rows = [lines(story(), "ja")[0]]
    await phone.opens(story())
    await phone.is_alarmed("gap", "記録に抜けがあります")


OTHER = v.UUID(int=7)


ROW_LIES: dict[str, Callable[[str], str]] = {
    "name": lambda page: page.replace("佐藤 健", "鈴木 一"),
    "facility": lambda page: page.replace("さくら内科クリニック</h2>", "あおば薬局</h2>"),
    "time": lambda page: page.replace("10:00</time>", "9:00</time>"),
    "reason": lambda page: page.replace("処方を見せる設定", "すべてを見せる設定"),
    "refusal": lambda page: page.replace('data-outcome="denied"', 'data-outcome="permitted"'),
    "kind": lambda page: page.replace("prescription:2", "prescription:1"),
    "event": lambda page: page.replace("consent:provision:changed", "identity:session:opened"),
    "a row more": lambda page: page.replace('data-number="3"', 'data-number="4"'),
}


@pytest.mark.parametrize("lie", ROW_LIES)
async def test_a_row_that_says_other_than_its_event_is_an_alarm(phone: Phone, lie: str) -> None:
    log = story()
    phone.rows = lines(log, "ja")
    true = render("access-log", "ja", rows=phone.rows, pager=ONE_PAGE)
    changed = ROW_LIES[lie](true)
    assert changed != true

    async def page(route: Route) -> None:
        headers = {"content-security-policy": CSP, "content-type": "text/html; charset=utf-8"}
        await route.fulfill(body=changed, headers=headers)

    await phone.page.context.route("**/log", page)
    await phone.opens(log)
    await phone.is_alarmed("rows", "画面に出ている記録が、元の記録とちがいます")
    await expect(phone.page.locator(".mark-differs")).to_have_count(1)
    assert await phone.memory() is None


@BOTH
async def test_what_waits_for_the_tree_is_said_to_wait(open_phone: OpenPhone, locale: str) -> None:
    log = story()
    log.append(HANAKO)
    phone = await open_phone(locale)
    await phone.opens(log)
    said = {
        "ja": (
            "だれが見たかの記録3件を、この端末で確かめました。",
            "新しい1件は、まもなく確かめられます。",
        ),
        "en": ("This device checked 3 entries", "The newest 1 can be checked soon."),
    }
    await phone.is_praised(*said[locale], marks=3)
    await expect(phone.page.locator("#access-4 > .mark-waits")).to_be_visible()
    assert await axe_violations(phone.page) == []


async def test_what_is_withheld_for_a_time_is_no_difference(phone: Phone) -> None:
    log = story()
    log.append(HANAKO, embargo=embargo("actor", "purpose", "resources"))
    log.seal()
    log.count()
    newest, *rest = lines(log, "ja")
    hidden = {"who": "", "profession": "", "facility": "", "purpose": "", "kinds": ()}
    phone.rows = [replace(newest, **hidden), *rest]
    await phone.opens(log)
    await phone.is_praised("全部で4件", marks=4)
    phone.rows = [newest, *rest]  # what is not told must not be shown either
    await phone.opens(log)
    await phone.is_alarmed("rows")


async def test_a_log_that_was_never_counted_is_not_said_to_be_all(phone: Phone) -> None:
    log = Log()
    log.append(HANAKO)
    log.seal()
    await phone.opens(log)
    await phone.is_praised(
        "だれが見たかの記録1件を", "全部で何件あるかは、2時間ほどのうちに", marks=1
    )


async def test_a_file_that_does_not_come_is_no_alarm_and_no_praise(phone: Phone) -> None:
    for answer in (
        lambda route: route.abort(),
        lambda route: route.fulfill(status=503, body="{}"),
        lambda route: route.fulfill(status=303, headers={"location": "/sign-in"}),
    ):
        phone.answer = answer
        await phone.opens(story())
        await expect(phone.page.locator("#check")).to_contain_text("いまは確かめられませんでした")
        await expect(phone.page.locator(NOT_FOR_SURE)).to_have_count(0)
        await expect(phone.page.get_by_role("alert")).to_have_count(0)
        assert await axe_violations(phone.page) == []


async def test_a_wrong_clock_is_not_taken_for_a_lie(phone: Phone) -> None:
    log = story()
    phone.rows = lines(log, "ja")
    slow = copied(log)
    slow.now -= 3 * DAY
    answered = phone.sends

    async def answer(route: Route) -> None:
        phone.log = log
        await answered(route, log.bundle())

    phone.answer = answer
    await phone.opens(slow)
    await expect(phone.page.locator("#check")).to_contain_text("時計が合っていない")
    await expect(phone.page.locator(NOT_FOR_SURE)).to_have_count(0)

    async def also_slow(route: Route) -> None:
        phone.log = log
        await answered(route, log.bundle(), -3 * DAY / 1_000_000)

    phone.answer = also_slow
    await phone.opens(slow)
    await phone.is_alarmed("future")


@BOTH
async def test_the_browser_writes_every_time_as_the_server_does(
    open_phone: OpenPhone, locale: str
) -> None:
    log = Log()
    for _ in range(15):
        log.append(HANAKO, after=27 * DAY + 13 * 3600 * 1_000_000 + 61_000_000)
    log.seal()
    log.count()
    phone = await open_phone(locale)
    await phone.opens(log)
    await phone.is_praised("15", marks=15)


async def test_a_memory_that_is_none_is_forgotten(phone: Phone) -> None:
    await phone.page.add_init_script("localStorage.setItem('tsunagu-log', '{}')")
    await phone.opens(story())
    await phone.is_praised("はじめて", marks=3)


@pytest.fixture(scope="module")
def thousand() -> Log:
    log = Log()
    for number in range(1000):
        log.append(HANAKO, **({"actor": MORI} if number % 3 else {}))
        log.pad(7)
        if number % 100 == 0:
            log.seal()
    log.seal()
    log.count()
    return log


async def test_a_thousand_events_are_checked_in_two_seconds(phone: Phone, thousand: Log) -> None:
    phone.rows = lines(thousand, "ja")[:20]
    await phone.opens(thousand)
    await phone.is_praised("全部で1000件", marks=20)
    text = json.dumps(thousand.bundle(witnesses=WITNESSES), ensure_ascii=False)
    took = await phone.page.evaluate(
        """async ([text, now]) => {
          const { verify } = await import("/static/access-log-verifier.js");
          const times = [];
          for (let round = 0; round < 3; round++) {
            const begun = performance.now();
            const { outcome } = await verify(text, { now });
            if (outcome !== "verified") throw new Error(outcome);
            times.push(performance.now() - begun);
          }
          return Math.min(...times);
        }""",
        [text, thousand.now],
    )
    assert took / slowness() <= 2000
