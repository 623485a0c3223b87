"""Who walks through the portal: newcomers with their paper, and people with a session."""

import secrets
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from playwright.async_api import Page, expect

from api import demo
from api.consent import service as consent
from api.consent.facts import Team
from api.consent.lifecycle import leaving
from api.consent.settings.switches import (
    Exclude,
    SetAskFirst,
    SetCategory,
    SetCell,
    SetFacility,
    SetFacilityType,
    SetProfession,
    SetProfessional,
    SetRegion,
    SetTeam,
)
from api.core import clock
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.directory import registry
from api.directory import service as directory
from api.directory.registry import NewFacility
from api.identity import demo_door
from api.identity import service as identity
from api.identity.card import CardNumber, issue
from api.identity.enrolling import intake

BORN_ON = date(1968, 5, 3)


class Newcomer(NamedTuple):
    """Somebody with a card and a code on paper, and nothing else yet."""

    participant_id: UUID
    card: CardNumber
    code: str

    @property
    def qr_link(self) -> str:
        return f"/register#card={self.card.digits}&code={self.code}"


def unused_card() -> CardNumber:
    payload = f"7{secrets.randbelow(10**13):013}"
    return issue(payload, directory.profile().card_scheme)


async def newcomer() -> Newcomer:
    card = unused_card()
    paper = intake.Paper("山本 花子", "ヤマモト ハナコ", "female", BORN_ON)
    participant_id = await intake.admit(OPERATOR, paper, card)
    code = await intake.issue_code(OPERATOR, participant_id)
    return Newcomer(participant_id, card, code.text)


async def participating() -> tuple[Newcomer, Actor]:
    """A newcomer who joined on paper, and has an account."""
    who, account_id = await newcomer(), uuid7()
    await intake.open_account(
        OPERATOR, account_id=account_id, kind="participant", person_id=who.participant_id
    )
    actor = Actor(
        kind=ActorKind.PARTICIPANT,
        account_id=account_id,
        participant_id=who.participant_id,
        name="山本 花子",
    )
    await leaving.take_part(actor, "participating")
    return who, actor


async def everything_chosen(actor: Actor) -> None:
    """Something of every kind of setting, and a facility that waits."""
    clinic, pharmacy, *_ = await directory.facilities(actor)
    ((sato, *_), _), ((ito, *_), _) = [
        await directory.search_people(actor, name, limit=1) for name in ("佐藤", "伊藤")
    ]
    team = Team(uuid7(), "在宅のチーム", (sato.professional_id, ito.professional_id))
    await consent.change(
        actor,
        [
            SetFacility(clinic.facility_id, True, until=clock.now() + timedelta(days=9)),
            SetFacilityType("dental_clinic", True),
            SetRegion("aso", True),
            SetFacilityType("pharmacy", False, "aso"),
            SetProfessional(sato.professional_id, True, level=1),
            SetTeam(team, True),
            Exclude(True, professional_id=ito.professional_id),
            SetProfession("clerk", False),
            SetCategory("maternal", False),
            SetCell("deny", category="lab", facility_id=clinic.facility_id),
            SetCell("deny", profession="nurse", source_facility_id=pharmacy.facility_id),
            SetAskFirst(True),
        ],
        expected_version=0,
    )
    code = f"43{secrets.randbelow(10**8):08}"
    await registry.add_facility(
        OPERATOR, NewFacility(code, "あらた医院", "アラタイイン", "Arata Clinic", "clinic", "aso")
    )


async def session_of(actor: Actor) -> str:
    async with unit_of_work(actor) as tx:
        return (await identity.open_session(tx, actor)).token


def as_actor(person: demo.Cast) -> Actor:
    kind = ActorKind(person.role)
    return Actor(
        kind=kind,
        account_id=person.account_id,
        participant_id=person.person_id if kind is ActorKind.PARTICIPANT else None,
        name=person.name,
    )


async def enter_by_demo_link(page: Page, account_id: UUID) -> None:
    token = await demo_door.make_demo_link(account_id)
    await page.goto(f"/demo/sign-in/{token}")
    await page.locator("main form button").click()
    await expect(page.locator(".site-nav")).to_be_visible()


async def open_the_door(page: Page, who: Newcomer) -> None:
    """By the QR link and the birth date, as far as what taking part means."""
    await page.goto(who.qr_link)
    await expect(page.locator("[name=code]")).not_to_have_value("")
    await page.select_option("[name=birth_era]", "showa")
    await page.fill("[name=birth_year]", "43")
    await page.fill("[name=birth_month]", "5")
    await page.fill("[name=birth_day]", "3")
    await page.locator("#register button").click()
    await page.wait_for_url("**/register/agree")


async def agree(page: Page) -> None:
    await page.locator("button[value=accept]").click()
    await page.wait_for_url("**/register/passkey")
