"""The only wiring point: routes, doors, security headers, and errors made plain."""

import asyncio
import gc
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import msgspec
from litestar import Litestar, Request, Response, get
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import MutableScopeHeaders
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.exceptions import (
    HTTPException,
    InternalServerException,
    MethodNotAllowedException,
    ValidationException,
)
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import BaseRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.static_files import create_static_files_router
from litestar.types import Message, Scope

from api import demo_outbox, demo_provider, forms
from api.access_log import service as access_log
from api.access_log.receipts import origin_of
from api.access_log.sealing import service as sealing
from api.admission import admitting
from api.bodies import in_time
from api.consent.agreeing.routes import routes as asking_routes
from api.consent.errors import ConsentNotTaken
from api.consent.exchange.routes import routes as receipt_routes
from api.consent.lifecycle.enrolment_routes import routes as consent_routes
from api.consent.lifecycle.family_routes import routes as family_routes
from api.consent.lifecycle.routes import routes as lifecycle_routes
from api.consent.settings.routes import routes as disclosure_routes
from api.core import database, i18n, runtime
from api.core.crypto import KeyRing, new_token
from api.core.errors import NotFound, Problem, SignInNeeded, TooManyAttempts, Unavailable
from api.core.logging import configure, frames, log
from api.core.provisioning import app_dsn
from api.core.settings import ROOT, SettingFault, Settings, from_environment
from api.directory import service as directory
from api.directory.errors import StaffFaults
from api.directory.staff_routes import routes as staff_routes
from api.emergency.errors import CardFaults, LogNotWritten
from api.fhir.outcome import Issue, operation_outcome
from api.identity import demo_door
from api.identity.app_links import routes as app_link_routes
from api.identity.errors import EnrolmentFaults, PasswordFaults, StepUpNeeded, TokenRequestRefused
from api.identity.guards import PORTAL, Connection, anyone, provide_actor
from api.identity.keys.own_routes import routes as own_key_routes
from api.identity.national.routes import routes as my_number_routes
from api.identity.routes import routes as identity_routes
from api.identity.staff.invitation_routes import routes as invitation_routes
from api.openapi import PublishedSchema
from api.phr.child.routes import routes as child_routes
from api.phr.directives.routes import routes as wish_routes
from api.phr.entries.errors import EntryFaults
from api.phr.immunization.routes import routes as immunization_routes
from api.phr.maternal.routes import routes as maternal_routes
from api.phr.notes.routes import routes as notebook_routes
from api.phr.routes import MyBooks
from api.phr.vitals.routes import routes as vitals_routes
from api.proxies.doors import acting_guard
from api.proxies.errors import ProxyFaults
from api.proxies.hiding import hiding
from api.proxies.routes import routes as proxy_routes
from api.records.apps.routes import routes as app_routes
from api.records.asking.routes import routes as access_routes
from api.records.bringing_in import jobs as own_files
from api.records.bringing_in.routes import routes as bringing_in_routes
from api.records.bulk import running as exports
from api.records.bulk.routes import routes as bulk_routes
from api.records.checkup_xml.routes import routes as checkup_routes
from api.records.checkups.routes import routes as checkups_routes
from api.records.emergency.card_routes import routes as emergency_card_routes
from api.records.emergency.routes import routes as emergency_routes
from api.records.errors import BadQuestion
from api.records.incoming.routes import routes as records_routes
from api.records.linking.routes import routes as linking_routes
from api.records.matching import delivering
from api.records.matching.routes import routes as matching_routes
from api.records.own import following
from api.records.own.routes import routes as my_records_routes
from api.records.own.vaccine_routes import routes as my_vaccine_routes
from api.records.own.wish_routes import routes as wish_reader_routes
from api.records.previewing.routes import routes as preview_routes
from api.records.summary.routes import routes as summary_routes
from api.records.taking_out.routes import routes as taking_out_routes
from api.support.closing import carrying_out as closings
from api.support.closing.counter_routes import routes as counter_closing_routes
from api.support.closing.routes import routes as closing_routes
from api.support.errors import FilterFaults, QuestionFaults
from api.support.me_routes import routes as me_routes
from api.support.notice_address_routes import routes as notice_address_routes
from api.support.notice_routes import routes as notice_routes
from api.support.proof_routes import routes as proof_routes
from api.support.questions.routes import routes as question_routes
from api.support.reading.fhir_routes import routes as audit_routes
from api.support.reading.routes import routes as log_routes
from api.support.receipt_routes import routes as reconciling_routes
from api.support.recovery_routes import routes as recovery_routes
from notifications import rounds
from notifications import service as notifications
from web_portal.page import CSRF_COOKIE
from web_portal.pages import demo_pages, pages
from web_portal.pages.account import keep_form, step_up_page
from web_portal.pages.error import error_page
from web_portal.pages.sign_in import sign_in_first
from web_portal.too_large import PageWhenSent

JSON_DOORS = (
    "/fhir",
    "/oauth/token",
    "/oauth/revoke",
    "/me",
    "/enrolments",
    "/sessions",
    "/recoveries",
    "/invitations",
    "/health",
    "/schema",
    "/.well-known",
    "/access/v1",
    "/log/v1",
    "/facility/receipts",
    "/support-centre",
    "/closing-certificates",
    "/emergency",
)
EMERGENCY_DOORS = ("/clinic/emergency", "/emergency/")
# What an emergency needs, from signing in to the records; served however many others come.
RESERVED_DOORS = (
    "/clinic/emergency",
    "/emergency/",
    "/health/",
    "/oauth/token",
    "/sign-in",
    "/static/",
    "/step-up",
)
OAUTH_DOORS = ("/oauth/token", "/oauth/revoke")
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
# Where a QR code may be read with the camera; nowhere else may a page ask for it.
CAMERA_PAGES = ("/card", "/clinic", "/clinic/desk-code", "/clinic/emergency", "/clinic/find")
WITH_CAMERA = "camera=(self), geolocation=(), microphone=()"
DELIVERY_SECONDS = 1.0
LONGEST_FILE_NAME = 200


@get("/health/live", guards=[anyone], opt=PORTAL, tags=["Health"])
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@get("/health/ready", guards=[anyone], opt=PORTAL, tags=["Health"])
async def ready() -> dict[str, str]:
    """The database answers too; 503 otherwise."""
    await database.ping()
    return {"status": "ready"}


def create_app(settings: Settings, keys: KeyRing, dsn: str) -> Litestar:
    """The whole service; `dsn` is the application role's."""
    configure()
    forms.read_as_utf8()
    runtime.start(settings, keys)
    doors = [
        *identity_routes,
        *app_link_routes,
        *own_key_routes,
        *my_number_routes,
        *invitation_routes,
        *staff_routes,
        *consent_routes,
        *disclosure_routes,
        *asking_routes,
        *receipt_routes,
        *lifecycle_routes,
        *me_routes,
        *notice_routes,
        *notice_address_routes,
        *proxy_routes,
        *family_routes,
        *recovery_routes,
        *log_routes,
        *proof_routes,
        *reconciling_routes,
        *question_routes,
        *audit_routes,
        *my_records_routes,
        *my_vaccine_routes,
        *wish_reader_routes,
        MyBooks,
        *checkup_routes,
        *notebook_routes,
        *wish_routes,
        *checkups_routes,
        *child_routes,
        *vitals_routes,
        *maternal_routes,
        *immunization_routes,
        *linking_routes,
        *matching_routes,
        *app_routes,
        *records_routes,
        *access_routes,
        *emergency_routes,
        *emergency_card_routes,
        *preview_routes,
        *summary_routes,
        *bulk_routes,
        *taking_out_routes,
        *closing_routes,
        *counter_closing_routes,
        *bringing_in_routes,
        *pages,
    ]
    if settings.is_demo:
        doors += [*demo_pages, *demo_outbox.routes]
    login = settings.national_login
    if login is not None and login.is_demo:
        doors += demo_provider.routes
    app = Litestar(
        route_handlers=[
            live,
            ready,
            create_static_files_router(
                "/static",
                [ROOT / "web_portal" / "static"],
                guards=[anyone, _names_a_file],
                opt=PORTAL,
                include_in_schema=False,
                cache_control=None,
            ),
            *doors,
        ],
        guards=[acting_guard],
        dependencies={"actor": Provide(provide_actor)},
        lifespan=[_serving(dsn)],
        exception_handlers={Exception: _answer},
        middleware=[admitting(RESERVED_DOORS), hiding],
        before_request=keep_form,
        before_send=[_harden, _note],
        csrf_config=CSRFConfig(
            secret=keys.csrf,
            cookie_name=CSRF_COOKIE,
            cookie_secure=settings.is_https,
            cookie_httponly=True,
            cookie_samesite="lax",
            exclude=[
                *(f"^{door}(/|$)" for door in JSON_DOORS),
                f"^{demo_provider.TOKEN_PATH}$",  # asked by a client with its own proof
                f"^{demo_outbox.PAGE}/(token|fcm|push)$",
            ],
        ),
        openapi_config=OpenAPIConfig(
            title="Tsunagu",
            version="0.1.0",
            path="/schema",
            render_plugins=[PublishedSchema(path=["/", "/openapi.json"])],
        ),
        request_max_body_size=1_000_000,
        logging_config=None,
    )
    app.asgi_handler = in_time(app.asgi_handler, settings.body_seconds)
    return app


async def _names_a_file(connection: Connection, _: BaseRouteHandler) -> None:
    """A name no file system can hold is simply not there."""
    name = str(connection.path_params["file_path"])
    if "\0" in name or len(name) > LONGEST_FILE_NAME:
        raise NotFound


def app_from_environment() -> Litestar:
    """What a server process imports; the database was provisioned before it started."""
    settings = from_environment()
    keys = KeyRing(settings.home / "keys")
    dsn = settings.app_database_url
    if dsn is None:
        if settings.database_url is None:
            raise SettingFault("Set DATABASE_URL, or start with `make run`.")
        dsn = app_dsn(settings.database_url, keys)
    return create_app(settings, keys, dsn)


def _serving(dsn: str) -> Any:
    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        settings = runtime.settings()
        await database.open_database(dsn, runtime.keys())
        try:
            await directory.adopt_profile(settings.profile)
            await access_log.prepare()
            await demo_door.declare_deployment(is_demo=settings.is_demo)
            origin = origin_of(settings.public_url, directory.profile().id)
            tasks = [
                asyncio.create_task(_deliver()),
                asyncio.create_task(exports.run()),
                asyncio.create_task(own_files.run()),
                asyncio.create_task(closings.run()),
                asyncio.create_task(delivering.run()),
                asyncio.create_task(rounds.run()),
                asyncio.create_task(following.run()),
                asyncio.create_task(sealing.run(dsn, runtime.keys(), settings.home, origin)),
            ]
            # What stands now stays: the collector need not walk it at every full round.
            gc.collect()
            gc.freeze()
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task
        finally:
            await database.close_database()

    return lifespan


async def _deliver() -> None:
    """Fills inboxes where the worker is away; a fault is noted and tried again."""
    while True:
        try:
            await notifications.deliver_overdue()
        except (Problem, asyncpg.PostgresError, OSError) as error:
            log.error("notices:delivery:failed", error=type(error).__name__)
        await asyncio.sleep(DELIVERY_SECONDS)


async def _harden(message: Message, scope: Scope) -> None:
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    for name, value in SECURITY_HEADERS.items():
        headers[name] = value
    if scope["path"] in CAMERA_PAGES:
        headers["permissions-policy"] = WITH_CAMERA
    # A form's answer may lead to where its page said it would, and nowhere else.
    target = scope["state"].get("form_target")
    if target:
        policy = CONTENT_SECURITY_POLICY.replace(
            "form-action 'self'", f"form-action 'self' {target}"
        )
        headers["content-security-policy"] = policy
    if runtime.settings().is_https:
        headers["strict-transport-security"] = "max-age=63072000; includeSubDomains"
    if scope["path"].startswith("/static/"):
        headers["cache-control"] = "public, max-age=3600"
    else:
        headers.setdefault("cache-control", "no-store")


async def _note(message: Message, scope: Scope) -> None:
    if message["type"] != "http.response.start" or scope["type"] != ScopeType.HTTP:
        return
    log.info(
        "http:request:answered",
        route=scope.get("path_template") or "unknown",
        method=scope["method"],
        status=message["status"],
    )


def _answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Every refusal and fault, in the form its door speaks."""
    problem = _problem(error)
    if type(problem) is Unavailable and request.url.path.startswith(EMERGENCY_DOORS):
        problem = LogNotWritten()
    reference = None
    if problem.status >= 500:
        reference = new_token()[:8]
        log.error(
            "http:request:failed",
            reference=reference,
            route=request.scope.get("path_template") or "unknown",
            error=type(error).__name__,
            cause=type(error.__cause__).__name__ if error.__cause__ else None,
            frames=frames(error),
        )
    path = request.url.path
    if path.startswith(OAUTH_DOORS):
        return _oauth(problem)
    if path.startswith("/fhir"):
        return _outcome(problem)
    if not _is_json(path) and "text/html" in request.headers.get("accept", ""):
        if isinstance(problem, SignInNeeded):
            return Response(b"", status_code=303, headers={"location": sign_in_first(request)})
        if isinstance(problem, StepUpNeeded):
            return step_up_page(request, request.scope["state"].get("actor"))
        page = error_page(request, problem, reference)
        page.headers.update(_headers(problem))
        return PageWhenSent(lambda _: page) if type(error) is RequestEntityTooLarge else page
    return _problem_json(request, problem, reference)


def _is_json(path: str) -> bool:
    """By whole parts of the path: /emergency-card is a page."""
    return any(path == door or path.startswith(f"{door}/") for door in JSON_DOORS)


class BadRequest(Problem):
    """`where` names the parts of the request that were refused, never what they held."""

    key = "error.bad_request"

    def __init__(self, where: list[str]) -> None:
        super().__init__()
        self.where = where


# What only a request can bring: text PostgreSQL cannot hold (NUL, lone surrogates), bytes that are
# no UTF-8, JSON nested deeper than any reader goes.
UNREADABLE = (asyncpg.CharacterNotInRepertoireError, UnicodeError, RecursionError)


# As Litestar says that whoever sent was gone before the end: nothing is broken here.
CUT_OFF = "client disconnected prematurely"


# As msgspec says it.
_UNKNOWN = re.compile(r"unknown field `([a-z][a-z0-9_]{0,39})`", re.ASCII)


# The database is stopping, starting, gone, or out of disk, memory or connections.
AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)


def _problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, UNREADABLE):
        return BadRequest([])
    if isinstance(error, ValidationException):
        extra = error.extra if isinstance(error.extra, list) else []
        return BadRequest([_part(e) for e in extra if isinstance(e, dict) and "key" in e])
    if isinstance(error, AWAY):
        return Unavailable()
    if isinstance(error, InternalServerException) and error.detail == CUT_OFF:
        return BadRequest([])
    problem = Problem()
    problem.status = error.status_code if isinstance(error, HTTPException) else 500
    problem.key = {
        403: "error.forbidden",
        404: "error.not_found",
        405: "error.method",
        413: "error.too_large",
        415: "error.media_type",
        500: "error.internal",
    }.get(problem.status, "error.bad_request")
    if isinstance(error, MethodNotAllowedException):
        problem.headers = dict(error.headers or {})
    return problem


def _part(refused: dict[str, Any]) -> str:
    """A member nobody knows by its own name, where that looks like one."""
    key = str(refused["key"])
    unknown = _UNKNOWN.search(str(refused.get("message", "")))
    if unknown is None:
        return key
    return unknown[1] if key == "data" else f"{key}.{unknown[1]}"


def _headers(problem: Problem) -> dict[str, str]:
    headers = dict(problem.headers)
    if isinstance(problem, TooManyAttempts):
        headers["retry-after"] = str(problem.retry_after)
    if problem.status == 401:
        headers.setdefault("www-authenticate", "Bearer")
    if problem.status == 503:
        headers["retry-after"] = "5"
    return headers


def _problem_json(
    request: Request[Any, Any, Any], problem: Problem, reference: str | None
) -> Response[bytes]:
    """RFC 9457; `next` says what is safe and what to do."""
    locale = "en" if request.headers.get("accept-language", "ja").startswith("en") else "ja"
    body: dict[str, Any] = {
        "type": f"urn:tsunagu:problem:{problem.key}",
        "title": i18n.text(locale, problem.key, **problem.params),
        "status": problem.status,
    }
    if i18n.has_text(locale, f"{problem.key}.next"):
        body["next"] = i18n.text(locale, f"{problem.key}.next", **problem.params)
    if reference:
        body["reference"] = reference
    if isinstance(problem, BadRequest | BadQuestion | ConsentNotTaken) and problem.where:
        body["where"] = problem.where
    if isinstance(
        problem,
        EnrolmentFaults
        | PasswordFaults
        | ConsentNotTaken
        | FilterFaults
        | QuestionFaults
        | ProxyFaults
        | StaffFaults
        | CardFaults,
    ):
        body["fields"] = {field: i18n.text(locale, key) for field, key in problem.fields.items()}
    if isinstance(problem, EntryFaults):
        for name, found in (("fields", problem.faults), ("odd", problem.odd)):
            body[name] = {
                field: i18n.text(locale, key, **problem.params_of(field, locale))
                for field, key in found.items()
            }
        body |= {"sure": problem.sure, "place": problem.place}
    body |= problem.members
    return Response(
        msgspec.json.encode(body),
        status_code=problem.status,
        media_type="application/problem+json",
        headers=_headers(problem),
    )


def _outcome(problem: Problem) -> Response[bytes]:
    issues = getattr(problem, "issues", None) or [
        Issue(
            code={
                401: "login",
                403: "forbidden",
                404: "not-found",
                405: "not-supported",
                408: "timeout",
                409: "conflict",
                410: "deleted",
                413: "too-long",
                415: "not-supported",
                429: "throttled",
                503: "transient",
            }.get(problem.status, "invalid" if problem.status < 500 else "exception"),
            key=problem.key,
            text=i18n.text("ja", problem.key, **problem.params)
            + " / "
            + i18n.text("en", problem.key, **problem.params),
        )
    ]
    return Response(
        msgspec.json.encode(operation_outcome(issues)),
        status_code=problem.status,
        media_type="application/fhir+json",
        headers=_headers(problem),
    )


def _oauth(problem: Problem) -> Response[bytes]:
    """RFC 6749 §5.2."""
    code, text = "invalid_request", i18n.text("en", problem.key, **problem.params)
    if isinstance(problem, TokenRequestRefused):
        code, text = problem.code, problem.description
    elif problem.status >= 500:
        code = "temporarily_unavailable"
    return Response(
        msgspec.json.encode({"error": code, "error_description": text}),
        status_code=problem.status,
        media_type="application/json",
        headers=_headers(problem) | {"cache-control": "no-store"},
    )
