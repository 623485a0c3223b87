"""From the paper with the QR code to the log: what the first house promises, through a phone."""

import re
from datetime import datetime

import pytest
from fhirpy import AsyncFHIRClient
from playwright.async_api import Locator, Page, expect

from api import demo
from api.core import clock
from api.fhir.codes import CARD
from api.records.mapping import CATEGORIES_OF_TYPE
from tests.conftest import Deployment
from tests.journeys import emr
from tests.journeys.conftest import OpenPhone
from tests.journeys.people import (
    Newcomer,
    agree,
    enter_by_demo_link,
    newcomer,
    open_the_door,
    participating,
)
from tests.journeys.quality import leads_on
from tests.serving import Served

CLINIC = "さくら内科クリニック"
PRESCRIPTIONS = "処方（医師が出した薬）"


async def carries_a_passkey(page: Page) -> None:
    """The phone checks its owner's finger or face by itself."""
    cdp = await page.context.new_cdp_session(page)
    await cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    by_itself = "PublicKeyCredential.isConditionalMediationAvailable"
    await page.add_init_script(f"{by_itself} = async () => false")  # it waits for the tap


async def registers(page: Page, who: Newcomer) -> None:
    await open_the_door(page, who)
    assert who.code not in page.url
    await expect(page.get_by_text("山本 花子")).to_have_count(0)  # masked until the key is made
    await agree(page)
    await page.get_by_role("button", name="鍵を作る").click()
    await page.wait_for_url("**/home")


async def turns(page: Page, switch: Locator, *, on: bool) -> None:
    """One tap, saved at once."""
    await expect(switch).to_have_attribute("aria-checked", "false" if on else "true")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "true" if on else "false")


async def turns_off(page: Page, name: str) -> None:
    """Looked at first, then saved."""
    switch = page.get_by_role("switch", name=name, exact=True)
    await expect(switch).to_have_attribute("aria-checked", "true")
    await switch.click()
    await page.locator("form[action='/disclosure/save'] button").click()
    await expect(page.locator(".banner-success")).to_be_visible()
    await expect(switch).to_have_attribute("aria-checked", "false")


async def turns_the_clinic(page: Page, *, on: bool) -> None:
    await page.goto("/disclosure/facilities")
    await page.fill("[name=q]", CLINIC)
    await leads_on(page.get_by_role("button", name="さがす", exact=True))
    await turns(page, page.get_by_role("switch", name=CLINIC), on=on)


async def turns_off_all_but(page: Page, section: str, kept: str) -> int:
    await page.goto(f"/disclosure/{section}")
    switches = page.get_by_role("switch")
    on = switches.and_(page.locator("[aria-checked=true]"))
    names = [await each.locator(".strong").inner_text() for each in await on.all()]
    assert kept in names
    for name in names:
        if name != kept:
            await turns_off(page, name)
    await expect(on).to_have_count(1)
    return len(names)


async def leaves(page: Page) -> None:
    await page.goto("/disclosure")
    await leads_on(page.get_by_role("link", name="参加をやめる方はこちら"))
    await page.get_by_role("button", name="参加をやめる").click()
    await expect(page.get_by_text("参加をやめました。")).to_be_visible()


async def reads(client: AsyncFHIRClient, resource_type: str, patient: str) -> list[str]:
    found = await client.resources(resource_type).search(patient=patient).fetch_all()
    assert {each["resourceType"] for each in found} <= {resource_type}
    return [each["id"] for each in found]


async def newest_row(page: Page) -> Locator:
    await page.goto("/access-log")
    return page.locator("main ol > li.card").first


async def refused_in_the_log(page: Page, reason: str) -> None:
    row = await newest_row(page)
    for said in ("断りました", CLINIC, "佐藤 健一（医師）", "何も見せていません。", reason):
        await expect(row).to_contain_text(said)


async def test_a_participant_registers_chooses_and_sees_the_access_in_the_log(
    phone: Page, served: Served, database: Deployment
) -> None:
    settings, who = database.settings, await newcomer()
    await carries_a_passkey(phone)
    await registers(phone, who)
    await expect(phone.get_by_text("まだどの施設にも見せていません")).to_be_visible()
    today = clock.today_in_japan()
    sent = await emr.send_records(served, settings, demo.HOSPITAL, who.card, today)
    assert sent > 40

    sato = await emr.reader(served, settings, "sato")
    by_card = f"{CARD}|{who.card.digits}"
    assert await sato.resources("Patient").search(identifier=by_card).fetch_all() == []

    await turns_the_clinic(phone, on=True)
    assert await turns_off_all_but(phone, "professions", "医師") > 5
    assert await turns_off_all_but(phone, "categories", PRESCRIPTIONS) > 15
    await phone.goto("/disclosure")
    now = f"いま、「{CLINIC}」にいる「医師」が、「{PRESCRIPTIONS}」を見られます。"
    await expect(phone.get_by_text(now)).to_be_visible()

    (patient,) = await sato.resources("Patient").search(identifier=by_card).fetch_all()
    assert patient.keys() & {"name", "gender", "birthDate", "telecom", "address"} == set()
    subject = patient["id"]
    for resource_type in CATEGORIES_OF_TYPE.keys() - {"Patient", "MedicationRequest"}:
        assert await reads(sato, resource_type, subject) == [], resource_type
    nurse = await emr.reader_as(served, settings, demo.CLINIC, "nurse")
    assert await reads(nurse, "MedicationRequest", subject) == []
    pharmacist = await emr.reader(served, settings, "ito")
    assert await reads(pharmacist, "MedicationRequest", subject) == []
    prescriptions = await reads(sato, "MedicationRequest", subject)
    assert len(prescriptions) == 3  # of today's visit: sharing begins on the day of joining

    row = await newest_row(phone)
    for said in (
        "見ました",
        CLINIC,
        "佐藤 健一（医師）",
        "診療のため",
        f"{PRESCRIPTIONS}　3件",
        f"ご本人が「{CLINIC}」に見ることを許しているためです（設定 第",
    ):
        await expect(row).to_contain_text(said)
    told_at = await row.locator("time").get_attribute("datetime")
    assert told_at is not None
    assert abs((clock.now() - datetime.fromisoformat(told_at)).total_seconds()) < 600

    await turns_the_clinic(phone, on=False)
    assert await reads(sato, "MedicationRequest", subject) == []
    await refused_in_the_log(phone, f"ご本人が「{CLINIC}」に見ることを許していないためです")

    await turns_the_clinic(phone, on=True)
    assert await reads(sato, "MedicationRequest", subject) == prescriptions
    await leaves(phone)
    assert await reads(sato, "MedicationRequest", subject) == []
    await refused_in_the_log(phone, "ご本人が参加をやめているためです。")

    await phone.get_by_role("button", name="終了する").click()
    await phone.wait_for_url(f"{served.url}/")
    await phone.goto("/home")
    await phone.wait_for_url("**/sign-in")
    await phone.get_by_role("button", name="鍵で入る").click()  # no name is typed
    await phone.wait_for_url("**/home")
    await expect(phone.get_by_text("いまは参加をやめています")).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "told"),
    [("ja", "用紙の登録コードはそのまま使えます。"), ("en", "code on your paper")],
)
async def test_a_registration_left_too_long_says_so_when_the_key_is_made(
    open_phone: OpenPhone, locale: str, told: str
) -> None:
    page = await open_phone("en" if locale == "ja" else "ja")  # the page's language counts
    await carries_a_passkey(page)
    await page.goto("/")
    await leads_on(page.locator(f"button[name=locale][value={locale}]"))
    await open_the_door(page, await newcomer())
    await agree(page)
    await page.context.clear_cookies(name="tsunagu_enrolment")
    await page.locator("form[data-passkey] button").click()
    await expect(page.locator("[data-passkey-says]")).to_contain_text(told)
    await expect(page.locator("[data-passkey-fault=failed]")).to_be_visible()


async def test_without_javascript_every_switch_works_is_taken_back_and_speaks_english(
    open_phone: OpenPhone, people: dict[str, demo.Cast]
) -> None:
    page = await open_phone(scripts=False)
    _, hanako = await participating()
    assert hanako.account_id
    await enter_by_demo_link(page, hanako.account_id)
    await turns_the_clinic(page, on=True)
    await expect(page.get_by_text(f"「{CLINIC}」に見せるようにしました。")).to_be_visible()
    await page.get_by_role("button", name="元にもどす").click()
    clinic = page.get_by_role("switch", name=CLINIC)
    await expect(clinic).to_have_attribute("aria-checked", "false")
    await expect(page.get_by_text("ひとつ前の設定にもどしました。")).to_be_visible()

    await page.goto("/disclosure/professions")
    await turns_off(page, "看護師")
    await turns(page, page.get_by_role("switch", name="看護師", exact=True), on=True)
    await page.goto("/disclosure/categories")
    await turns_off(page, PRESCRIPTIONS)
    await leads_on(page.get_by_role("button", name="English"))
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    prescriptions = page.locator("#category-prescription").get_by_role("switch")
    await expect(prescriptions).to_have_accessible_name(re.compile("^Prescriptions"))
    await turns(page, prescriptions, on=True)
