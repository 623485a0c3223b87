"""The support centre enrols from paper: one officer types, another confirms; and look-alikes."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, MultipartBody, QueryParameter
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.core import runtime
from api.core.actor import Actor
from api.core.errors import Problem
from api.directory import service as directory
from api.identity.card import CardNumber
from api.identity.enrolling import look_alikes, paper_enrolment
from api.identity.enrolling.activation_code import ActivationCode
from api.identity.enrolling.enrolment import Birth
from api.identity.enrolling.look_alikes import DECISIONS, LookAlike
from api.identity.enrolling.paper_enrolment import Choice, Waiting
from api.identity.enrolling.paper_form import SEXES, Typed, shown_again
from api.identity.errors import (
    CardOfAnother,
    ClosingGoesOn,
    EnrolmentFaults,
    ScanNotSeen,
    ScanRefused,
    SecondOfficerNeeded,
)
from api.identity.guards import PORTAL, support_only
from web_portal import qr
from web_portal.page import Flash, PageNumber, PortalRequest, pages_of, render, say
from web_portal.pages.proxies.mine import typed as typed_in

HERE = "/support/enrolments"
ALIKE = "/support/look-alikes"
FROM_MATCHES = f"{ALIKE}?from=matches"
SCAN_LIMIT = 12_000_000
ON_A_PAGE = 20
BIRTH = ("birth_era", "birth_year", "birth_month", "birth_day")


CameFrom = Annotated[str, QueryParameter(name="from", max_length=20)]


class Scanned(Struct):
    scan: UploadFile


@get(HERE, guards=[support_only], opt=PORTAL, include_in_schema=False)
async def waiting(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await render(
        request,
        "support/enrolments.html",
        actor,
        path=HERE,
        waiting=[_line(each) for each in await paper_enrolment.waiting(actor)],
    )


@get(f"{HERE}/new", guards=[support_only], opt=PORTAL, include_in_schema=False)
async def new(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await _form(request, actor, {"birth_era": "showa"}, {})


@post(HERE, guards=[support_only], opt=PORTAL, include_in_schema=False)
async def put_down(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    """What was typed comes back to be corrected; nothing is kept before it has no fault."""
    form = await typed_in(request)
    typed = Typed(**{name: form.get(name, "") for name in Typed.__struct_fields__})
    born = Birth(
        form.get("birth_year", ""),
        form.get("birth_month", ""),
        form.get("birth_day", ""),
        form.get("birth_era", "western"),
    )
    try:
        enrolment_id = await paper_enrolment.put_down(
            actor, typed, born, scheme=directory.profile().card_scheme
        )
    except EnrolmentFaults as fault:
        return await _form(request, actor, form, fault.fields)
    return Redirect(f"{HERE}/{enrolment_id}", status_code=303)


@get(f"{HERE}/{{enrolment_id:uuid}}", guards=[support_only], opt=PORTAL, include_in_schema=False)
async def one(
    request: PortalRequest, actor: NamedDependency[Actor], enrolment_id: FromPath[UUID]
) -> Response[bytes]:
    return await _one(request, actor, enrolment_id)


@post(
    f"{HERE}/{{enrolment_id:uuid}}/scan",
    guards=[support_only],
    opt=PORTAL,
    include_in_schema=False,
    request_max_body_size=SCAN_LIMIT,
)
async def attach(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    enrolment_id: FromPath[UUID],
    data: MultipartBody[Scanned],
) -> Response[bytes]:
    try:
        await paper_enrolment.attach(actor, enrolment_id, await data.scan.read())
    except ScanRefused as refusal:
        return await _one(request, actor, enrolment_id, refusal)
    return Redirect(f"{HERE}/{enrolment_id}", status_code=303)


@get(
    f"{HERE}/{{enrolment_id:uuid}}/scan",
    guards=[support_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def scan(actor: NamedDependency[Actor], enrolment_id: FromPath[UUID]) -> Response[bytes]:
    """Who looked is in the log."""
    kind, content = await paper_enrolment.scan(actor, enrolment_id)
    name = f"form.{kind.rpartition('/')[2]}"
    return Response(
        content,
        media_type=kind,
        headers={"content-disposition": f'inline; filename="{name}"'},
    )


@post(
    f"{HERE}/{{enrolment_id:uuid}}/withdraw",
    guards=[support_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def withdraw(actor: NamedDependency[Actor], enrolment_id: FromPath[UUID]) -> Response[bytes]:
    await paper_enrolment.withdraw(actor, enrolment_id)
    return Redirect(HERE, status_code=303)


@post(
    f"{HERE}/{{enrolment_id:uuid}}/confirm",
    status_code=200,
    guards=[support_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def confirm(
    request: PortalRequest, actor: NamedDependency[Actor], enrolment_id: FromPath[UUID]
) -> Response[bytes]:
    """The letter to hand over, in the answer itself, and never again."""
    form = await typed_in(request)
    try:
        choice = Choice(UUID(form["join"]) if form.get("join") else None, form.get("reason", ""))
    except ValueError:
        choice = Choice()
    try:
        done = await paper_enrolment.confirm(actor, enrolment_id, choice)
    except (
        SecondOfficerNeeded,
        ScanNotSeen,
        CardOfAnother,
        ClosingGoesOn,
        EnrolmentFaults,
    ) as refusal:
        return await _one(request, actor, enrolment_id, refusal, form)
    return await letter(request, actor, done.card, done.code, HERE)


@get(ALIKE, guards=[support_only], opt=PORTAL, include_in_schema=False)
async def alike(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    page: PageNumber = 1,
    came_from: CameFrom = "",
) -> Response[bytes]:
    return await _alike(request, actor, page, came_from, {})


@post(
    f"{ALIKE}/{{participant_id:uuid}}/{{other_id:uuid}}",
    guards=[support_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def decide(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    other_id: FromPath[UUID],
    came_from: CameFrom = "",
) -> Response[bytes]:
    form = await typed_in(request)
    try:
        await look_alikes.decide(
            actor, participant_id, other_id, form.get("decision", ""), form.get("reason", "")
        )
    except EnrolmentFaults as fault:
        return await _alike(request, actor, 1, came_from, fault.fields)
    return Redirect(FROM_MATCHES if came_from == "matches" else ALIKE, status_code=303)


async def letter(
    request: PortalRequest, actor: Actor, card: CardNumber, code: ActivationCode | None, back: str
) -> Response[bytes]:
    """`code` is shown this once; the picture leads to where the card's holder makes their key."""
    picture = None
    if code is not None:
        link = f"{runtime.settings().public_url}/register#card={card.digits}&code={code.text}"
        picture = qr.picture(link, say(request, "letter.qr"))
    return await render(
        request,
        "support/letter.html",
        actor,
        path=back,
        back=back,
        card=card.grouped,
        code=code.printed if code else None,
        picture=picture,
    )


async def _form(
    request: PortalRequest, actor: Actor, form: Mapping[str, str], faults: Mapping[str, str]
) -> Response[bytes]:
    return await render(
        request,
        "support/enrolment_new.html",
        actor,
        status=422 if faults else 200,
        path=f"{HERE}/new",
        values={name: shown_again(form.get(name, "")) for name in Typed.__struct_fields__}
        | {name: shown_again(form.get(name, ""))[:10] for name in BIRTH},
        sexes=[(each, say(request, f"sex.{each}")) for each in SEXES],
        errors=_faults(request, faults),
    )


async def _one(
    request: PortalRequest,
    actor: Actor,
    enrolment_id: UUID,
    refusal: Problem | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response[bytes]:
    found = await paper_enrolment.opened(actor, enrolment_id)
    errors, flash = {}, None
    if isinstance(refusal, EnrolmentFaults):
        errors = _faults(request, refusal.fields)
    elif refusal is not None:
        flash = Flash(
            kind="error",
            title=say(request, refusal.key),
            text=say(request, f"{refusal.key}.next"),
        )
    return await render(
        request,
        "support/enrolment.html",
        actor,
        status=refusal.status if refusal else 200,
        flash=flash,
        path=f"{HERE}/{enrolment_id}",
        **_line(found.waiting),
        has_looked=found.has_looked,
        facts=_facts(request, found.waiting),
        alike=[_shown(request, each) for each in found.look_alikes],
        values={
            "join": (typed or {}).get("join", ""),
            "reason": shown_again((typed or {}).get("reason", "")),
        },
        errors=errors,
    )


async def _alike(
    request: PortalRequest, actor: Actor, page: int, came_from: str, faults: Mapping[str, str]
) -> Response[bytes]:
    pairs, total = await look_alikes.waiting(actor, page=page, count=ON_A_PAGE)
    return await render(
        request,
        "support/look_alikes.html",
        actor,
        status=422 if faults else 200,
        path=FROM_MATCHES if came_from == "matches" else ALIKE,
        is_from_matches=came_from == "matches",
        pairs=[
            each._asdict() | {"why": [say(request, f"alike.why.{why}") for why in each.why]}
            for each in pairs
        ],
        decisions=[(each, say(request, f"alike.decision.{each}")) for each in DECISIONS],
        total=total,
        pager={"page": page, "pages": pages_of(total, ON_A_PAGE)},
        errors=_faults(request, faults),
    )


def _line(waiting: Waiting) -> dict[str, Any]:
    return {
        "id": waiting.enrolment_id,
        "name": waiting.form.name,
        "by": waiting.by_name,
        "at": waiting.typed_at,
        "has_scan": waiting.has_scan,
        "is_own": waiting.is_own,
    }


def _facts(request: PortalRequest, waiting: Waiting) -> list[tuple[str, Any]]:
    form, insurance = waiting.form, waiting.form.insurance
    pairs: list[tuple[str, Any]] = [
        ("name", form.name),
        ("name_kana", form.name_kana),
        ("sex", say(request, f"sex.{form.sex}")),
        ("birth", form.birth_on),
        ("card", CardNumber(form.card).grouped),
        ("address", form.address),
        ("phone", form.phone),
        ("email", form.email),
        ("family_doctor", form.family_doctor),
    ]
    if insurance:
        pairs += [
            ("insurer", insurance.insurer),
            ("insurance_symbol", insurance.symbol),
            ("insurance_number", insurance.number),
            ("insurance_branch", insurance.branch),
        ]
    return [(say(request, f"form.{name}"), value) for name, value in pairs if value]


def _shown(request: PortalRequest, alike: LookAlike) -> dict[str, Any]:
    return alike._asdict() | {"why": [say(request, f"alike.why.{each}") for each in alike.why]}


def _faults(request: PortalRequest, faults: Mapping[str, str]) -> dict[str, str]:
    return {
        name: f"{say(request, key)} {say(request, f'{key}.next')}" for name, key in faults.items()
    }


routes: list[ControllerRouterHandler] = [
    waiting,
    new,
    put_down,
    one,
    attach,
    scan,
    withdraw,
    confirm,
    alike,
    decide,
]
