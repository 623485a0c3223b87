"""OpenID AuthZEN Authorization API 1.0: one question or several, and where to ask."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct, structs

from api.consent import stored
from api.core import runtime
from api.core.actor import Actor, ActorKind
from api.fhir.codes import PURPOSES
from api.identity.guards import API, SETTINGS, anyone, participants_and_reading_systems
from api.records.asking import service as evaluation
from api.records.asking.service import Question, Verdict
from api.records.errors import BadQuestion

MOST_QUESTIONS: Final = 20
LONGEST_REQUEST_ID: Final = 128

ApiRequest = Request[Any, Any, Any]
Name = Annotated[str, Meta(min_length=1, max_length=200)]


class Subject(Struct):
    """Who would see: `professional` by id; `facility` (with `properties.profession`) for a
    participant, `system` (its own client id) for a facility's system."""

    type: Name
    id: Name
    properties: dict[str, Any] = {}


class Action(Struct):
    """`read` is what can be asked about."""

    name: Name
    properties: dict[str, Any] = {}


class Resource(Struct):
    """`record` by id, or `category` by code with `properties.patient`."""

    type: Name
    id: Name
    properties: dict[str, Any] = {}


class Evaluation(Struct):
    """`context.purpose_of_use`: a v3-ActReason code; TREAT, or that of the access token."""

    subject: Subject
    action: Action
    resource: Resource
    context: dict[str, Any] = {}


class PartialEvaluation(Struct):
    subject: Subject | None = None
    action: Action | None = None
    resource: Resource | None = None
    context: dict[str, Any] | None = None


class Options(Struct, frozen=True):
    evaluations_semantic: Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"] = (
        "execute_all"
    )


class Evaluations(PartialEvaluation):
    """What stands here holds for every question that does not say otherwise."""

    evaluations: Annotated[list[PartialEvaluation], Meta(max_length=MOST_QUESTIONS)] = []
    options: Options = Options()


class Answer(Struct):
    """`context.step` is the place in the order of evaluation at which it was decided."""

    decision: bool
    context: dict[str, Any]


class Answers(Struct):
    evaluations: list[Answer]


class AuthzenConfiguration(Struct):
    policy_decision_point: str
    access_evaluation_endpoint: str
    access_evaluations_endpoint: str


class Access(Controller):
    path = "/access/v1"
    opt = API | SETTINGS
    guards = (participants_and_reading_systems,)
    tags = ("Decisions (AuthZEN)",)

    @post("/evaluation", status_code=200, summary="May they see it, and why?")
    async def one(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[Evaluation]
    ) -> Response[Answer]:
        """A participant asks about their own records and gets the whole basis. A facility's system
        asks for its own people; a refusal that would tell of the participant's choices is
        `not_disclosed`, as for somebody unknown. Each question is in the participant's log."""
        return _respond(request, _answer(await _evaluate(actor, data, "")))

    @post("/evaluations", status_code=200, summary="Several questions at once")
    async def several(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[Evaluations]
    ) -> Response[Answers | Answer]:
        """Answered in order, at most 20; nothing is decided when one of them cannot be read."""
        if not data.evaluations:
            return _respond(request, _answer(await _evaluate(actor, _whole(data, data, ""), "")))
        wholes = [
            (_whole(each, data, f"evaluations[{at}]."), f"evaluations[{at}].")
            for at, each in enumerate(data.evaluations)
        ]
        for whole, where in wholes:
            _check(actor, whole, where)
        answers = []
        for whole, where in wholes:
            answers.append(_answer(await _evaluate(actor, whole, where)))
            stops = {"deny_on_first_deny": False, "permit_on_first_permit": True}
            if stops.get(data.options.evaluations_semantic) is answers[-1].decision:
                break
        return _respond(request, Answers(answers))


@get("/.well-known/authzen-configuration", guards=[anyone], opt=API, tags=["Systems"])
async def configuration() -> AuthzenConfiguration:
    """Where decisions are asked for."""
    base = runtime.settings().public_url
    return AuthzenConfiguration(
        base, f"{base}/access/v1/evaluation", f"{base}/access/v1/evaluations"
    )


routes: list[ControllerRouterHandler] = [Access, configuration]


def _whole(part: PartialEvaluation, default: PartialEvaluation, where: str) -> Evaluation:
    found = {
        name: getattr(part, name) or getattr(default, name)
        for name in ("subject", "action", "resource")
    }
    if missing := [f"{where}{name}" for name, value in found.items() if value is None]:
        raise BadQuestion(*missing)
    return Evaluation(**found, context=part.context or default.context or {})


def _check(actor: Actor, asked: Evaluation, where: str) -> str:
    """The purpose asked for, once all codes are known ones."""
    kinds = ("professional", "facility" if actor.kind is ActorKind.PARTICIPANT else "system")
    purpose = asked.context.get("purpose_of_use", actor.purpose_of_use or "TREAT")
    faults = {
        "subject.type": asked.subject.type not in kinds,
        "subject.id": asked.subject.type != "system" and _uuid(asked.subject.id) is None,
        "action.name": asked.action.name != "read",
        "resource.type": asked.resource.type not in ("record", "category"),
        "context.purpose_of_use": not isinstance(purpose, str) or purpose not in PURPOSES,
    }
    match asked.resource.type:
        case "record":
            faults["resource.id"] = _uuid(asked.resource.id) is None
        case "category":
            faults["resource.id"] = asked.resource.id not in stored.network_rules().categories
            faults["resource.properties.patient"] = (
                actor.kind is not ActorKind.PARTICIPANT and _patient(asked) is None
            )
    if "patient" in asked.resource.properties:
        faults["resource.properties.patient"] = _patient(asked) is None
    if asked.subject.type == "facility":
        profession = asked.subject.properties.get("profession")
        known = isinstance(profession, str) and profession in stored.network_rules().matrix
        faults["subject.properties.profession"] = not known
    if asked.subject.type == "system":
        faults["subject.id"] = asked.subject.id != actor.client_id
    if found := [f"{where}{name}" for name, is_wrong in faults.items() if is_wrong]:
        raise BadQuestion(*found)
    return str(purpose)


async def _evaluate(actor: Actor, asked: Evaluation, where: str) -> Verdict:
    purpose = _check(actor, asked, where)
    is_record = asked.resource.type == "record"
    question = Question(
        who=structs.replace(actor, purpose_of_use=purpose),
        patient=_patient(asked),
        category=None if is_record else asked.resource.id,
        record_id=_uuid(asked.resource.id) if is_record else None,
    )
    subject_id = _uuid(asked.subject.id)
    if actor.kind is ActorKind.PARTICIPANT:
        return await evaluation.for_participant(
            actor, question._replace(who=await _someone(actor, asked, purpose))
        )
    if asked.subject.type == "professional" and subject_id != actor.professional_id:
        colleague = structs.replace(
            question.who, professional_id=subject_id, profession=None, name=None
        )
        question = question._replace(who=colleague)
    return await evaluation.for_system(question)


async def _someone(actor: Actor, asked: Evaluation, purpose: str) -> Actor:
    """Whom a participant asks about; somebody unknown has no facility."""
    named = _uuid(asked.subject.id)
    nobody = Actor(kind=ActorKind.PROFESSIONAL, purpose_of_use=purpose)
    if asked.subject.type == "facility":
        profession = asked.subject.properties["profession"]
        return structs.replace(
            nobody, kind=ActorKind.SYSTEM, facility_id=named, profession=profession
        )
    found = await evaluation.who_is(actor, named, purpose) if named else None
    return found or nobody


def _patient(asked: Evaluation) -> UUID | None:
    value = asked.resource.properties.get("patient")
    return _uuid(value.removeprefix("Patient/")) if isinstance(value, str) else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _answer(verdict: Verdict) -> Answer:
    return Answer(verdict.decision, verdict.context)


def _respond(request: ApiRequest, body: Any) -> Response[Any]:
    """AuthZEN 1.0 §10.1: a request id comes back as it was sent."""
    sent = request.headers.get("x-request-id", "")
    is_sound = 0 < len(sent) <= LONGEST_REQUEST_ID and sent.isascii() and sent.isprintable()
    return Response(body, headers={"x-request-id": sent} if is_sound else {})
