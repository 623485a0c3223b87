"""A clinic, a pharmacy and their people, and someone fresh to sign in as, for each test."""

import html
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

import httpx
import msgspec

from api.consent import queries as consent_queries
from api.consent import service as consent
from api.consent.facts import Provision
from api.consent.settings.switches import Command, SetCategory, SetFacility, SetProfession
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.directory import registry
from api.directory import service as directory
from api.directory.registry import NewFacility
from api.identity import service as identity
from api.identity.card import CardNumber, issue
from api.identity.enrolling import intake
from api.identity.guards import SESSION_COOKIE


@dataclass(frozen=True)
class Place:
    facility_id: UUID
    code: str
    name: str
    name_en: str


@dataclass
class Visitor:
    """Somebody signed in, with a browser (`get`, `post`) and an app (`ask`, `tell`)."""

    actor: Actor
    browser: httpx.AsyncClient
    token: str
    card: CardNumber | None = None

    async def get(self, path: str, *, locale: str = "ja") -> httpx.Response:
        self.browser.cookies.set("locale", locale)
        return await self.browser.get(path, headers={"accept": "text/html"})

    async def post(
        self, path: str, fields: Mapping[str, object] = MappingProxyType({}), **more: object
    ) -> httpx.Response:
        if "tsunagu_csrf" not in self.browser.cookies:
            await self.get("/")
        form = {name: str(value) for name, value in {**fields, **more}.items()}
        form["_csrf_token"] = self.browser.cookies["tsunagu_csrf"]
        return await self.browser.post(path, data=form, headers={"accept": "text/html"})

    async def follow(self, answer: httpx.Response, *, locale: str = "ja") -> str:
        assert answer.status_code == 303, answer.text
        return (await self.get(answer.headers["location"].partition("#")[0], locale=locale)).text

    async def find(self, **typed: str) -> httpx.Response:
        """Looks for a patient; of whoever is found, the page it leads to."""
        answer = await self.post("/clinic/find", typed)
        where = answer.headers.get("location", "")
        if answer.status_code != 303 or not where.startswith("/clinic/participants/"):
            return answer
        return await self.browser.get(where, headers={"accept": "text/html"})

    async def ask(self, path: str, *, language: str = "ja") -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}", "accept-language": language}
        return await self.browser.get(path, headers=headers)

    async def tell(self, path: str, body: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"}
        return await self.browser.post(path, json=body, headers=headers)

    async def version(self) -> int:
        """The settings version the pages show."""
        page = (await self.get("/disclosure/professions")).text
        found = re.search(r'name="version" value="(\d+)"', page)
        assert found
        return int(found.group(1))

    async def wish(
        self, *commands: Command, version: int | None = None, back: str = ""
    ) -> httpx.Response:
        """As a settings page posts it; of the newest version where none is given."""
        if version is None:
            version = await self.version()
        return await self.post(
            "/disclosure/save", change=wish(*commands), version=version, back=back
        )

    async def turn(self, axis: str, code: object, permit: str, version: int) -> httpx.Response:
        turned: dict[str, Command] = {
            "facility": SetFacility(code, permit == "yes"),  # type: ignore[arg-type]
            "profession": SetProfession(str(code), permit == "yes"),
            "category": SetCategory(str(code), permit == "yes"),
        }
        pages = {"facility": "facilities", "profession": "professions", "category": "categories"}
        back = f"/disclosure/{pages[axis]}#{axis}-{code}"
        return await self.wish(turned[axis], version=version, back=back)

    async def tap(self, path: str, place: str, *, locale: str = "ja") -> str:
        """Turns the switch that stands at this place of the page; the page that follows."""
        page = (await self.get(path, locale=locale)).text
        (form,) = (form for form in forms(page) if f'id="{place}"' in form)
        return await self.follow(await self.send(*sent(form)), locale=locale)

    async def press(self, path: str, button: str, **typed: object) -> httpx.Response:
        """Fills in and sends the first form of the page that has this button."""
        page = (await self.get(path)).text
        form = next(form for form in forms(page) if f">{button}<" in form)
        action, fields = sent(form)
        return await self.send(action, fields | typed)

    async def send(self, action: str, fields: Mapping[str, object]) -> httpx.Response:
        """A wish to be looked at first is looked at, and saved."""
        answer = await self.post(action, fields)
        if action == "/disclosure/confirm":
            assert answer.status_code == 200, answer.text
            (form,) = (each for each in forms(answer.text) if "/disclosure/save" in each)
            answer = await self.post(*sent(form))
        return answer

    async def log(self) -> list[dict[str, Any]]:
        return list((await self.ask("/me/access-log?count=100")).json()["events"])


def wish(*commands: Command) -> str:
    """As a settings page carries it."""
    return msgspec.json.encode(commands).decode()


def forms(page: str) -> list[str]:
    return re.findall(r"<form[^>]*method=\"post\".*?</form>", page, re.DOTALL)


def sent(form: str) -> tuple[str, dict[str, object]]:
    """Where a form goes, and the fields it holds before anything is typed."""
    action = re.search(r'action="([^"]+)"', form)
    assert action
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return html.unescape(action.group(1)), {name: html.unescape(value) for name, value in fields}


async def visitor(
    browser: httpx.AsyncClient, actor: Actor, card: CardNumber | None = None
) -> Visitor:
    async with unit_of_work(actor) as tx:
        session = await identity.open_session(tx, actor)
    browser.cookies.set(SESSION_COOKIE, session.token)
    return Visitor(actor, browser, session.token, card)


async def participant(name: str, kana: str) -> tuple[Actor, CardNumber]:
    """Admitted, with an account; has answered nothing yet."""
    scheme = directory.profile().card_scheme
    payload = str(secrets.randbelow(10**13) + 5 * 10**13)
    card = issue(payload.ljust(16 - scheme.check_length, "0"), scheme)
    paper = intake.Paper(name, kana, "female", date(1940, 4, 9))
    participant_id, account_id = await intake.admit(OPERATOR, paper, card), uuid7()
    await intake.open_account(
        OPERATOR, account_id=account_id, kind="participant", person_id=participant_id
    )
    return (
        Actor(
            kind=ActorKind.PARTICIPANT,
            account_id=account_id,
            participant_id=participant_id,
            name=name,
        ),
        card,
    )


async def professional(place: Place, name: str, profession: str) -> Actor:
    person_id, account_id = (
        await registry.add_professional(
            OPERATOR,
            place.facility_id,
            name=name,
            name_kana="カナ",
            profession=profession,
            trained_on=date(2026, 4, 1),
        ),
        uuid7(),
    )
    await intake.open_account(
        OPERATOR, account_id=account_id, kind="professional", person_id=person_id
    )
    return Actor(
        kind=ActorKind.PROFESSIONAL,
        account_id=account_id,
        professional_id=person_id,
        facility_id=place.facility_id,
        profession=profession,
        purpose_of_use="TREAT",
        name=name,
    )


async def officer(name: str) -> Actor:
    person_id, account_id = (
        await registry.add_officer(
            OPERATOR, name=name, name_kana="カナ", trained_on=date(2026, 4, 1)
        ),
        uuid7(),
    )
    await intake.open_account(OPERATOR, account_id=account_id, kind="support", person_id=person_id)
    return Actor(kind=ActorKind.SUPPORT, account_id=account_id, name=name)


async def auditor() -> Actor:
    """The auditor's desk: an account without a person's name."""
    person_id, account_id = (
        await registry.add_officer(OPERATOR, name="監査担当", name_kana="カンサタントウ"),
        uuid7(),
    )
    await intake.open_account(OPERATOR, account_id=account_id, kind="auditor", person_id=person_id)
    return Actor(kind=ActorKind.AUDITOR, account_id=account_id, name="監査担当")


async def administrator(place: Place, name: str = "管理担当") -> Actor:
    """The desk that invites a facility's people: a role, no person."""
    made, _ = await registry.appoint_administrator(
        OPERATOR, place.facility_id, name=name, name_kana="カンリタントウ"
    )
    return Actor(
        kind=ActorKind.FACILITY_ADMIN,
        account_id=made.account_id,
        facility_id=place.facility_id,
        name=name,
    )


async def place(name: str, kana: str, name_en: str, kind: str) -> Place:
    code = f"43{secrets.randbelow(10**8):08}"
    facility_id = await registry.add_facility(
        OPERATOR, NewFacility(code, name, kana, name_en, kind, "aso")
    )
    return Place(facility_id, code, name, name_en)


async def left(at: Place) -> None:
    """The facility leaves the network."""
    async with unit_of_work(OPERATOR) as tx:
        await tx.execute(
            "UPDATE facility SET is_active = false WHERE facility_id = $1", at.facility_id
        )


async def wrote(
    at: Place,
    about: Actor,
    category: str,
    title: str,
    *,
    marks: tuple[str, ...] = (),
    days_ahead: int = 1,
    sensitivity: int = 0,
    **body: Any,
) -> UUID:
    """A record of this facility about the participant, dated tomorrow unless said otherwise."""
    kinds = {
        "prescription": "MedicationRequest",
        "dispensing": "MedicationDispense",
        "lab": "Observation",
        "condition": "Condition",
        "allergy": "AllergyIntolerance",
        "contraindication": "AllergyIntolerance",
        "immunization": "Immunization",
    }
    async with unit_of_work(OPERATOR, subject=about.participant_id) as tx:
        await tx.execute(
            "INSERT INTO record (participant_id, record_id, version, resource_type, category,"
            " sensitivity, source_facility_id, effective_on, marks, title, body)"
            " VALUES (app.subject(), $1, 1, $2, $3, $4, $5,"
            " (now() AT TIME ZONE 'Asia/Tokyo')::date + $6::integer, $7, $8,"
            " $9)",
            record_id := uuid7(),
            kinds[category],
            category,
            sensitivity,
            at.facility_id,
            days_ahead,
            list(marks),
            title,
            msgspec.json.encode({"resourceType": kinds[category], **body}).decode(),
        )
    return record_id


async def decided(about: Actor, *rules: Provision) -> None:
    """The participant's settings as these rows say, however they came to be."""
    now = await consent.settings(about)
    async with unit_of_work(about) as tx:
        await consent_queries.add_directive(
            tx,
            now.directive.version + 1,
            (msgspec.json.encode(rules).decode(), "[]", "[]", 0, None, ()),
            "[]",
            (directory.profile().id, directory.profile().version),
            about.account_id,
        )


async def insured(about: Actor, insurer: str, number: str) -> None:
    """Of the symbol くま, branch 01."""
    async with unit_of_work(about) as tx:
        await tx.execute(
            "INSERT INTO registration (participant_id, address, phone, email, family_doctor,"
            " insurer, insurance_symbol, insurance_number, insurance_branch)"
            " VALUES (app.subject(), '', '', '', '', $1, 'くま', $2, '01')",
            insurer,
            number,
        )


async def knows_as(at: Place, about: Actor, local_id: str) -> None:
    async with unit_of_work(OPERATOR, subject=about.participant_id) as tx:
        await tx.execute(
            "INSERT INTO facility_patient (participant_id, facility_id, local_id)"
            " VALUES (app.subject(), $1, $2)",
            at.facility_id,
            local_id,
        )
