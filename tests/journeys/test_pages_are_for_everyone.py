"""Every page of the running portal before axe, in Japanese; Lighthouse as a phone.

Its English is before axe as a sample page (tests/portal_shell/test_in_the_browser.py)."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from api import demo
from api.consent import service as consent
from api.consent.agreeing import amending, desk_code, requests
from api.consent.agreeing.asking import agreed
from api.core.actor import Actor
from api.identity import service as identity
from api.support import service as support
from api.support.questions import service as questions
from notifications import service as notifications
from tests.conftest import Deployment
from tests.journeys import emr
from tests.journeys.conftest import OpenPhone
from tests.journeys.people import (
    agree,
    as_actor,
    everything_chosen,
    newcomer,
    open_the_door,
    participating,
    session_of,
    unused_card,
)
from tests.journeys.quality import axe_violations, leads_on, lighthouse
from tests.portal import scene
from tests.records.checkup_files import Examined, checkup
from tests.serving import Served

WIDER = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"

Visit = Callable[[Page], Awaitable[Any]]


def at(path: str) -> Visit:
    async def visit(page: Page) -> None:
        await page.goto(path)

    return visit


def found(card: Callable[[], str]) -> Visit:
    async def visit(page: Page) -> None:
        await page.goto("/clinic")
        await page.fill("[name=card]", card())
        async with page.expect_navigation():  # a notice above has a button of its own
            await page.locator("form:has([name=card]) button").click()
        await expect(page.locator("[name=card]:visible")).to_have_count(0)

    return visit


def about_hanako(tail: str, *parts: str) -> Visit:
    """A page of hers, and where the first link with each of these leads from there."""

    async def visit(page: Page) -> None:
        await found(lambda: demo.card_of("hanako").digits)(page)
        own = (
            await page.get_by_role("link", name="Labs")
            .or_(page.get_by_role("link", name="検査", exact=True))
            .get_attribute("href")
        )
        await page.goto((own or "").removesuffix("/labs") + tail)
        for part in parts:
            async with page.expect_navigation():
                await page.locator(
                    f'main [aria-labelledby] a[href*="{part}"]:not(.alert-box a)'
                ).first.click()

    return visit


async def asking_from_a_refusal(page: Page) -> None:
    await found(lambda: unused_card().digits)(page)
    async with page.expect_navigation():
        await page.locator("main form[action='/clinic/ask/start'] button").click()


async def a_register_form_filled_wrongly(page: Page) -> None:
    await page.goto("/register")
    await page.fill("[name=card]", "1234")
    async with page.expect_navigation():
        await page.locator("#register button").click()


async def what_taking_part_means(page: Page) -> None:
    await open_the_door(page, await newcomer())


async def making_the_key(page: Page) -> None:
    await open_the_door(page, await newcomer())
    await agree(page)


async def a_switch_just_turned(page: Page) -> None:
    await page.goto("/disclosure/facilities")
    async with page.expect_navigation():
        await page.get_by_role("switch").first.click()
    await expect(page.locator(".banner-success form")).to_be_visible()


def behind(path: str, *parts: str) -> Visit:
    """The page that the first link with each of these in its address leads to."""

    async def visit(page: Page) -> None:
        await page.goto(path)
        for part in parts:
            async with page.expect_navigation():
                await page.locator(f'main a[href*="{part}"]').first.click()

    return visit


async def two_versions(page: Page) -> None:
    """The same page open twice: the second tap meets what the first one did."""
    await page.goto("/disclosure/categories")
    other = await page.context.new_page()
    await other.goto("/disclosure/facilities")
    async with other.expect_navigation():
        await other.get_by_role("switch").first.click()
    closed = page.locator("[role=switch][aria-checked=false]").first
    async with page.expect_navigation():
        await closed.click()
    await expect(page.locator("main form[action='/disclosure/save']")).to_be_visible()


async def an_end_that_cannot_be(page: Page) -> None:
    await behind("/disclosure/people?q=佐藤", "/disclosure/people/")(page)
    await page.locator("[name=until][value=day]").check()
    await page.fill("[name=day]", "")
    async with page.expect_navigation():
        await page.locator("#limits button").click()


async def a_team_being_made(page: Page) -> None:
    await page.goto("/disclosure/teams?q=佐藤")
    await page.fill("[name=name]", " ")
    async with page.expect_navigation():
        await page.locator("form.card button").click()


async def a_doctor_s_eyes(page: Page) -> None:
    await page.goto("/disclosure/see-as?q=佐藤")
    async with page.expect_navigation():
        await page.locator("main a[href*='/see-as/people/']").first.click()


async def a_facility_s_eyes(page: Page) -> None:
    await page.goto("/disclosure/see-as")
    async with page.expect_navigation():
        await page.locator("main a[href*='/see-as/facilities/']").first.click()


async def a_region_to_be_confirmed(page: Page) -> None:
    await page.goto("/disclosure/areas")
    async with page.expect_navigation():
        await page.locator("form[action='/disclosure/confirm'] button").last.click()


async def a_wish_without_a_number(page: Page) -> None:
    await page.goto("/help")
    async with page.expect_navigation():
        await page.locator("main form button").click()


async def a_code_just_made(page: Page) -> None:
    await page.goto("/disclosure/desk-code")
    async with page.expect_navigation():
        await page.locator("main form .button:not(.button-line)").click()
    await expect(page.locator(".spoken-code")).to_be_visible()


async def somebody_just_invited(page: Page) -> None:
    await page.goto("/facility/invite")
    await page.fill("[name=name]", "事務担当")
    await page.fill("[name=name_kana]", "ジムタントウ")
    await page.select_option("[name=profession]", "clerk")
    async with page.expect_navigation():
        await page.locator("main form button").click()
    await expect(page.locator("main code").first).to_be_visible()


async def an_invitation_filled_wrongly(page: Page) -> None:
    await page.goto("/facility/invite")
    async with page.expect_navigation():
        await page.locator("main form button").click()


async def a_request_filled_wrongly(page: Page) -> None:
    await page.goto("/clinic/ask")
    async with page.expect_navigation():
        await page.locator("main form .button").click()


async def handing_on(page: Page) -> None:
    await found(lambda: demo.card_of("hanako").digits)(page)
    await leads_on(page.locator("a[href$='/hand-on']"))
    await page.fill("[name=q]", "森")
    async with page.expect_navigation():
        await page.locator("main form .button").first.click()
    await expect(page.locator("[name=professional_id]").first).to_be_visible()


async def this_month(page: Page) -> None:
    await page.goto("/access-log")
    async with page.expect_navigation():
        await page.locator("main a[href^='/access-log/months/']").first.click()


async def asking_about_the_newest(page: Page) -> None:
    await page.goto("/access-log")
    async with page.expect_navigation():
        await page.locator("main a[href$='/question']").first.click()
    await expect(page.locator("textarea")).to_be_visible()


async def a_question_just_asked(page: Page) -> None:
    await page.goto("/access-log/2/question")
    if await page.locator("[name=reason]").count():
        await page.locator("[name=reason][value=not_mine]").check()
        async with page.expect_navigation():
            await page.locator("main form .button").click()
    await expect(page.locator(".banner").first).to_be_visible()


async def a_question_to_answer(page: Page) -> None:
    await page.goto("/support")
    while not await page.locator("main a[href^='/support/questions/']").count():
        await leads_on(page.locator(".pager a").last)
    async with page.expect_navigation():
        await page.locator("main a[href^='/support/questions/']").first.click()
    await expect(page.locator("textarea")).to_be_visible()


async def who_saw_a_record(page: Page) -> None:
    await a_record(page)
    await page.goto(f"{page.url.partition('?')[0].partition('#')[0]}/accesses")


async def a_read_decided_again(page: Page) -> None:
    await page.goto("/access-log")
    async with page.expect_navigation():
        await page.locator("main li a[href^='/access-log/']:not([href$='/question'])").first.click()
    await expect(page.locator(".banner-success")).to_be_visible()


async def a_record(page: Page) -> None:
    await page.goto("/records")
    async with page.expect_navigation():
        await page.locator("main section .link-row").first.click()
    await expect(page.get_by_role("switch")).to_have_count(2)


async def a_record_just_hidden(page: Page) -> None:
    await a_record(page)
    async with page.expect_navigation():
        await page.get_by_role("switch").first.click()
    await expect(page.locator(".banner-success form")).to_be_visible()


async def sharing_with_nobody_chosen(page: Page) -> None:
    await a_record(page)
    await page.goto(f"{page.url.partition('?')[0].partition('#')[0]}/share?q=あじさい")
    async with page.expect_navigation():
        await page.locator("main form[method=post] button").click()


async def a_checkup_looked_at(page: Page) -> None:
    hers = Examined("ヤマモト　ハナコ", date(1968, 5, 3))
    await page.goto("/records/checkup-file")
    file = {"name": "kenshin.xml", "mimeType": "text/xml", "buffer": checkup(hers)}
    await page.set_input_files("[name=file]", files=[file])
    async with page.expect_navigation():
        await page.locator("main form button").click()
    await expect(page.get_by_text("54.0 kg")).to_be_visible()


async def a_checkup_refused(page: Page) -> None:
    await page.goto("/records/checkup-file")
    file = {"name": "kenshin.xml", "mimeType": "text/xml", "buffer": b"<html/>"}
    await page.set_input_files("[name=file]", files=[file])
    async with page.expect_navigation():
        await page.locator("main form button").click()


async def hanako_at_hand(page: Page) -> None:
    """Identified by card and birth date, to write about her."""
    born = demo._BIRTHS["hanako"][0]
    await page.goto("/clinic/write")
    await page.fill("[name=card]", demo.card_of("hanako").digits)
    for part, number in (("year", born.year), ("month", born.month), ("day", born.day)):
        await page.fill(f"[name=birth_{part}]", str(number))
    async with page.expect_navigation():
        await page.locator("main form button").click()
    await expect(page.locator("a[href$='/new/note']")).to_be_visible()


def an_entry_form(kind: str) -> Visit:
    async def visit(page: Page) -> None:
        await hanako_at_hand(page)
        async with page.expect_navigation():
            await page.locator(f"a[href$='/new/{kind}']").click()

    return visit


async def an_odd_value(page: Page) -> None:
    await an_entry_form("vitals")(page)
    await page.fill("[name=temperature]", "41.2")
    async with page.expect_navigation():
        await page.locator("main form button").click()
    await expect(page.locator("#odd")).to_be_visible()


async def an_entry(page: Page) -> None:
    await an_entry_form("note")(page)
    await page.fill("[name=text]", "足のむくみが減った。")
    async with page.expect_navigation():
        await page.locator("main form button").click()
    await expect(page.locator("a[href$='/withdraw']")).to_be_visible()


async def an_entry_to_withdraw(page: Page) -> None:
    await an_entry(page)
    async with page.expect_navigation():
        await page.locator("a[href$='/withdraw']").click()


async def at_the_counter(page: Page) -> None:
    await page.goto("/support/counter")
    await page.fill("[name=card]", demo.card_of("taro").digits)
    born = date(1941, 2, 11)
    await page.select_option("[name=birth_era]", "western")
    await page.fill("[name=birth_year]", str(born.year))
    await page.fill("[name=birth_month]", str(born.month))
    await page.fill("[name=birth_day]", str(born.day))
    await page.locator("[name=way]").first.check()
    async with page.expect_navigation():
        await page.locator("main form button").click()


PAGES: Mapping[str, tuple[str, Visit]] = {
    "welcome": ("", at("/")),
    "register": ("", at("/register")),
    "register_faults": ("", a_register_form_filled_wrongly),
    "register_agree": ("", what_taking_part_means),
    "register_passkey": ("", making_the_key),
    "sign_in": ("", at("/sign-in")),
    "demo_link": ("", at("/demo/sign-in/nobody")),
    "error": ("", at("/nowhere")),
    "home": ("hanako", at("/home")),
    "apps_empty": ("hanako", at("/account/apps")),
    "disclosure": ("hanako", at("/disclosure")),
    "disclosure_needs": ("chooser", at("/disclosure")),
    "facilities": ("chooser", at("/disclosure/facilities")),
    "facilities_search": ("chooser", at("/disclosure/facilities?q=さくら&type=clinic")),
    "facilities_none": ("chooser", at("/disclosure/facilities?q=みつからない")),
    "facility": ("chooser", behind("/disclosure/facilities", "/disclosure/facilities/")),
    "facility_categories": (
        "chooser",
        behind("/disclosure/facilities?q=さくら", "/disclosure/facilities/", "/categories"),
    ),
    "people_of_a_facility": (
        "chooser",
        behind("/disclosure/facilities?q=さくら", "/disclosure/facilities/", "/disclosure/people?"),
    ),
    "disclosure_conflict": ("chooser", two_versions),
    "areas": ("chooser", at("/disclosure/areas")),
    "kinds_in_region": ("chooser", at("/disclosure/areas/aso")),
    "professions": ("chooser", at("/disclosure/professions")),
    "categories": ("chooser", at("/disclosure/categories")),
    "people": ("chooser", at("/disclosure/people")),
    "people_search": ("chooser", at("/disclosure/people?q=佐藤")),
    "person": ("chooser", behind("/disclosure/people?q=佐藤", "/disclosure/people/")),
    "person_fault": ("chooser", an_end_that_cannot_be),
    "teams": ("chooser", at("/disclosure/teams")),
    "teams_fault": ("chooser", a_team_being_made),
    "team": ("chooser", behind("/disclosure/teams", "/disclosure/teams/")),
    "details": ("chooser", at("/disclosure/details")),
    "new_facilities": ("chooser", at("/disclosure/new-facilities")),
    "research": ("chooser", at("/disclosure/research")),
    "desk_code": ("hanako", at("/disclosure/desk-code")),
    "desk_code_made": ("fresh", a_code_just_made),
    "requests_empty": ("hanako", at("/disclosure/requests")),
    "requests": ("fresh", at("/disclosure/requests")),
    "see_as": ("hanako", at("/disclosure/see-as")),
    "see_as_found": ("hanako", at("/disclosure/see-as?q=さとう")),
    "see_as_nobody": ("hanako", at("/disclosure/see-as?q=んんん")),
    "seen_as_doctor": ("hanako", a_doctor_s_eyes),
    "seen_as_facility": ("hanako", a_facility_s_eyes),
    "confirm": ("hanako", a_region_to_be_confirmed),
    "seen_as_no_records": ("fresh", a_facility_s_eyes),
    "participation": ("hanako", at("/disclosure/participation")),
    "residence": ("hanako", at("/disclosure/residence")),
    "terms": ("hanako", at("/participation/terms")),
    "campaigns": ("ueda", at("/support/campaigns")),
    "papers": ("ueda", at("/support/papers")),
    "enrolments": ("ueda", at("/support/enrolments")),
    "enrolment_new": ("ueda", at("/support/enrolments/new")),
    "look_alikes": ("ueda", at("/support/look-alikes")),
    "counter": ("ueda", at("/support/counter")),
    "visit": ("ueda", at_the_counter),
    "for_someone": ("fresh", at("/register/for-someone")),
    "registration": ("fresh", at("/account/registration")),
    "notice_addresses": ("fresh", at("/account/notices")),
    "letters": ("ueda", at("/support/letters")),
    "demo_outbox": ("fresh", at("/demo/outbox")),
    "receipts": ("hanako", at("/disclosure/receipts")),
    "access_log": ("hanako", at("/access-log")),
    "access_log_by_file": ("hanako", at("/access-log/by-file")),
    "access_log_narrowed": ("hanako", at("/access-log?kind=reads&q=%E8%96%AC")),
    "access_log_none_found": ("hanako", at("/access-log?q=みつからない")),
    "access_log_fault": ("hanako", at("/access-log?kind=planet")),
    "month": ("hanako", this_month),
    "question": ("hanako", asking_about_the_newest),
    "question_asked": ("keeper", a_question_just_asked),
    "questions": ("keeper", at("/access-log/questions")),
    "record_accesses": ("hanako", who_saw_a_record),
    "decided_again": ("hanako", a_read_decided_again),
    "inbox_empty": ("hanako", at("/inbox")),
    "help_waiting": ("hanako", at("/help")),
    "records": ("hanako", at("/records")),
    "records_narrowed": ("hanako", at("/records?category=lab&q=hba1c")),
    "records_none_found": ("hanako", at("/records?q=みつからない")),
    "record": ("hanako", a_record),
    "record_hidden": ("keeper", a_record_just_hidden),
    "record_share": ("keeper", sharing_with_nobody_chosen),
    "records_incoming": ("hanako", at("/records/incoming")),
    "records_empty": ("fresh", at("/records")),
    "checkup_file": ("hanako", at("/records/checkup-file")),
    "checkup_looked_at": ("keeper", a_checkup_looked_at),
    "checkup_refused": ("keeper", a_checkup_refused),
    "home_with_needs": ("fresh", at("/home")),
    "disclosure_changed": ("fresh", a_switch_just_turned),
    "inbox": ("fresh", at("/inbox")),
    "notice_settings": ("fresh", at("/notices/settings")),
    "notice_settings_changed": ("fresh", at("/notices/settings?was=turn.access.mail.yes")),
    "undelivered": ("ueda", at("/support/notices")),
    "help": ("fresh", at("/help")),
    "help_fault": ("fresh", a_wish_without_a_number),
    "clinic_find": ("sato", at("/clinic")),
    "clinic_read": ("sato", found(lambda: demo.card_of("hanako").digits)),
    "clinic_refusal": ("sato", found(lambda: unused_card().digits)),
    **{
        f"clinic_{tab}": ("sato", about_hanako(f"/{tab}"))
        for tab in ("medication", "labs", "vitals", "documents", "timeline", "ask")
    },
    "clinic_narrowed": ("sato", about_hanako("/timeline?category=lab&months=12")),
    "clinic_none_found": ("sato", about_hanako("/timeline?category=school")),
    "clinic_record": ("sato", about_hanako("/timeline?category=lab", "/records/")),
    "clinic_document": ("sato", about_hanako("/documents", "/records/")),
    "clinic_untold": ("sato", about_hanako("/timeline?category=condition", "/records/")),
    "clinic_one_test": ("sato", about_hanako("/labs", "test=")),
    "clinic_ask_by_card": ("sato", asking_from_a_refusal),
    "clinic_ask": ("sato", at("/clinic/ask?done=yes")),
    "clinic_ask_faults": ("sato", a_request_filled_wrongly),
    "clinic_hand_on": ("sato", handing_on),
    "clinic_write": ("sato", at("/clinic/write")),
    "clinic_entries": ("sato", hanako_at_hand),
    "clinic_note": ("sato", an_entry_form("note")),
    "clinic_life": ("sato", an_entry_form("life")),
    "clinic_odd_vitals": ("sato", an_odd_value),
    "clinic_entry": ("sato", an_entry),
    "clinic_entry_withdraw": ("sato", an_entry_to_withdraw),
    "support": ("ueda", at("/support")),
    "support_question": ("ueda", a_question_to_answer),
    "auditor": ("auditor", at("/auditor")),
    "join": ("", at("/join")),
    "facility_staff": ("desk", at("/facility")),
    "facility_invite": ("desk", at("/facility/invite")),
    "facility_invite_faults": ("desk", an_invitation_filled_wrongly),
    "facility_code": ("desk", somebody_just_invited),
    "facility_person": ("desk", behind("/facility", "/facility/people/")),
    "facility_leave": ("desk", behind("/facility", "/facility/people/", "/leave")),
    "profession": ("sato", at("/account/profession")),
    "support_professions": ("ueda", at("/support/professions")),
}

SAY_A_FAULT = (
    "error",
    "access_log_fault",
    "register_faults",
    "help_fault",
    "person_fault",
    "teams_fault",
    "record_share",
    "clinic_ask_faults",
    "checkup_refused",
    "facility_invite_faults",
)


async def ask_and_open(sato: Actor, fresh: Actor, card: str) -> None:
    """A request waits, a code told at the desk opened, and one before it was ended."""
    wish = requests.Wish("facility", 30, 1, "medication", "お薬を確かめさせてください。")
    await requests.ask(sato, card, wish)
    for is_first in (True, False):
        code = await desk_code.make(fresh, level=1)
        await desk_code.redeem(sato, code.digits)
        if is_first:
            (row,) = agreed((await consent.settings(fresh)).directive)
            await amending.end(fresh, row.id)


@pytest_asyncio.fixture(scope="module")
async def visitors(
    served: Served, database: Deployment, people: dict[str, demo.Cast]
) -> dict[str, Actor]:
    """Who looks, by name. Somebody has looked, somebody was refused, and somebody waits for a call,
    so that no page shows its empty state alone."""
    for person in ("sato", "mori"):
        client = await emr.reader(served, database.settings, person)
        hanako = str(people["hanako"].person_id)
        await client.resources("MedicationRequest").search(patient=hanako).fetch()
    await support.ask_for_call(as_actor(people["hanako"]), "03-1234-5678")
    joined, fresh = await participating()
    _, chooser = await participating()
    await everything_chosen(chooser)
    _, keeper = await participating()
    place = await scene.place("あじさい内科", "アジサイナイカ", "Ajisai Clinic", "clinic")
    await scene.wrote(place, keeper, "lab", "HbA1c")
    while await notifications.deliver():
        pass
    await questions.ask(keeper, 1, "not_mine", "")
    keys = ("hanako", "sato", "ueda", "auditor", "desk")
    who = {key: as_actor(people[key]) for key in keys}
    sato = await identity.actor_of(await session_of(who["sato"]))
    await ask_and_open(sato, fresh, joined.card.digits)
    return who | {"fresh": fresh, "chooser": chooser, "keeper": keeper}


async def come_in(visitors: dict[str, Actor], person: str) -> str:
    """A session of this minute: with an older one, what opens records asks who is there first."""
    return await session_of(visitors[person]) if person else ""


@pytest.mark.parametrize("name", PAGES)
async def test_axe_finds_nothing_on_the_page_and_it_fits_a_phone(
    open_phone: OpenPhone, visitors: dict[str, Actor], name: str
) -> None:
    person, visit = PAGES[name]
    page = await open_phone("ja", session=await come_in(visitors, person))
    await visit(page)
    assert await page.locator("html").get_attribute("lang") == "ja"
    assert await page.locator(".site-nav").count() == bool(person)
    assert await page.locator(".banner-error:visible").count() == (name in SAY_A_FAULT)
    assert await axe_violations(page) == []
    assert not await page.evaluate(WIDER)


@pytest.mark.parametrize(("path", "person"), [("/", ""), ("/home", "hanako")])
async def test_lighthouse_gives_at_least_95_in_every_category(
    served: Served, visitors: dict[str, Actor], path: str, person: str
) -> None:
    cookie = f"locale=ja; tsunagu_session={await come_in(visitors, person)}"
    scores = await lighthouse(f"{served.url}{path}", cookie)
    assert scores.keys() == {"performance", "accessibility", "best-practices", "seo"}
    assert {key: score for key, score in scores.items() if score < 95} == {}
