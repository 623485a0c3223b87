"""FHIR operations that find a person, and the participant's own numbers and merges as JSON."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.access_log import receipts
from api.core import i18n, runtime
from api.core.actor import Actor
from api.directory import service as directory
from api.fhir import codes
from api.identity.guards import API, SETTINGS, participants_only, systems_that_read
from api.records.errors import (
    MatchNeedsPatient,
    NotStored,
    PatientNeeded,
    UnknownParameter,
    WrongMediaType,
)
from api.records.mapping import Identifier
from api.records.matching import lookups, merging, numbers
from api.records.matching.lookups import Graded
from api.records.matching.patients import demographics_of
from api.records.parse import Json, Refused, as_object, as_objects, as_text, decode

FHIR_JSON = "application/fhir+json"
GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"
LONGEST_BODY = 64 * 1024
MOST = 5

ApiRequest = Request[Any, Any, Any]


class FhirMatching(Controller):
    """Whom the asker may not know is not found, as nobody is."""

    path = "/fhir/R4/Patient"
    opt = {"door": "fhir"}  # noqa: RUF012 - Litestar's own declaration
    tags = ["FHIR R4"]  # noqa: RUF012

    @post(
        "/$match",
        guards=[systems_that_read],
        status_code=200,
        request_max_body_size=LONGEST_BODY,
        media_type=FHIR_JSON,
    )
    async def match(self, request: ApiRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        """Parameters: `resource` (a Patient), `onlyCertainMatches`, `count`."""
        patient, only_certain, count = _asked(request, await request.body())
        found = await lookups.match(
            actor, demographics_of(patient), only_certain=only_certain, count=count
        )
        entries = [_entry(each) for each in found.found]
        bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
        return _fhir(bundle | ({"entry": entries} if entries else {}), found.event)

    @get("/$ihe-pix", guards=[systems_that_read], media_type=FHIR_JSON)
    async def pix(self, request: ApiRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        """`sourceIdentifier` (system|value): the asking facility's own number, or a card. The
        answer is Parameters with `targetId` and `targetIdentifier` (IHE PIXm), or empty."""
        asked = list(request.query_params.multi_items())
        names = [name for name, _ in asked]
        known = ("sourceIdentifier", "_format")
        if wrong := [each for each in names if each not in known or names.count(each) > 1]:
            raise UnknownParameter(*wrong)
        system, _, value = dict(asked).get("sourceIdentifier", "").partition("|")
        if not value:
            raise PatientNeeded
        if system == codes.CARD:
            value = value.replace("-", "").replace(" ", "")
        found = await lookups.cross_reference(actor, Identifier(system, value))
        parameters: list[Json] = []
        if found.participant_id is not None and actor.facility_id is not None:
            place = (await directory.named(actor, [actor.facility_id]))[actor.facility_id]
            target = f"{runtime.fhir_base()}/Patient/{found.participant_id}"
            parameters = [{"name": "targetId", "valueReference": {"reference": target}}]
            parameters += [
                {
                    "name": "targetIdentifier",
                    "valueIdentifier": {
                        "system": codes.patient_in_facility(place.code),
                        "value": number,
                    },
                }
                for number in found.numbers
            ]
        answer = {"resourceType": "Parameters"} | ({"parameter": parameters} if parameters else {})
        return _fhir(answer, found.event)


class KnownNumber(Struct):
    """A facility that knows me, by its own number. `way`: entered, desk, card, insurance, score or
    officer."""

    facility_id: UUID
    facility: str
    number: str
    way: str
    linked_at: datetime


class KnownNumbers(Struct):
    numbers: list[KnownNumber]


class NotMine(Struct, forbid_unknown_fields=True):
    facility_id: UUID
    number: str


class SetAside(Struct):
    set_aside: int


class OwnMerge(Struct):
    """`state` confirmed waits for the answer of who remains; accepted is in force."""

    id: UUID
    remains: bool
    state: str
    other_card_end: str | None
    asked_at: datetime


class OwnMerges(Struct):
    merges: list[OwnMerge]


class MergeAnswer(Struct, forbid_unknown_fields=True):
    yes: bool


class OwnNumbers(Controller):
    path = "/me/known-numbers"
    opt = API | SETTINGS
    guards = (participants_only,)
    tags = ("Settings",)

    @get("/", summary="Facilities that know me, and by which number")
    async def known(self, request: ApiRequest, actor: NamedDependency[Actor]) -> KnownNumbers:
        locale = i18n.preferred(request.headers.get("accept-language", "ja"))
        return KnownNumbers(
            [
                KnownNumber(
                    each.facility_id,
                    each.facility[locale],
                    each.number,
                    each.way,
                    each.linked_at,
                )
                for each in await numbers.known_as(actor)
            ]
        )

    @post("/not-mine", status_code=200, summary="This number is not mine")
    async def disown(self, actor: NamedDependency[Actor], data: JSONBody[NotMine]) -> SetAside:
        return SetAside(await numbers.disown(actor, data.facility_id, data.number))


class Merges(Controller):
    path = "/me/merges"
    opt = API
    guards = (participants_only,)
    tags = ("Settings",)

    @get("/", summary="Registrations of mine that are to be, or are, one")
    async def own(self, actor: NamedDependency[Actor]) -> OwnMerges:
        return OwnMerges([OwnMerge(*each) for each in await merging.own(actor)])

    @post("/{merge_id:uuid}/answer", status_code=204, summary="Yes, or no")
    async def answer(
        self,
        actor: NamedDependency[Actor],
        merge_id: FromPath[UUID],
        data: JSONBody[MergeAnswer],
    ) -> None:
        await merging.answer(actor, merge_id, is_yes=data.yes)

    @post("/{merge_id:uuid}/split", status_code=204, summary="Take them apart again")
    async def split(self, actor: NamedDependency[Actor], merge_id: FromPath[UUID]) -> None:
        await merging.split(actor, merge_id)


routes: list[ControllerRouterHandler] = [FhirMatching, OwnNumbers, Merges]


def _asked(request: ApiRequest, body: bytes) -> tuple[Json, bool, int]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (FHIR_JSON, "application/json"):
        raise WrongMediaType
    try:
        asked = decode(body, max_bytes=LONGEST_BODY)
    except Refused as refused:
        raise NotStored([refused.fault]) from None
    if asked["resourceType"] != "Parameters":
        raise MatchNeedsPatient
    patient: Json = {}
    only_certain, count = False, MOST
    for each in as_objects(asked.get("parameter")):
        match as_text(each.get("name")):
            case "resource":
                patient = as_object(each.get("resource"))
            case "onlyCertainMatches":
                only_certain = each.get("valueBoolean") is True
            case "count":
                count = _count(each.get("valueInteger"))
            case other:
                raise UnknownParameter(other)
    if patient.get("resourceType") != "Patient":
        raise MatchNeedsPatient
    return patient, only_certain, count


def _count(value: object) -> int:
    if not isinstance(value, int) or value < 1:
        raise UnknownParameter("count")
    return min(value, MOST)


def _entry(each: Graded) -> Json:
    person = each.person
    patient: Json = {"resourceType": "Patient", "id": str(person.participant_id)}
    if person.name is not None:
        patient["name"] = [{"text": person.name}, {"text": person.name_kana}]
        patient["gender"] = person.sex
        patient["birthDate"] = person.birth_on.isoformat() if person.birth_on else None
    return {
        "fullUrl": f"{runtime.fhir_base()}/Patient/{person.participant_id}",
        "resource": patient,
        "search": {
            "extension": [{"url": GRADE, "valueCode": each.grade}],
            "mode": "match",
            "score": each.score,
        },
    }


def _fhir(body: Json, event: Any) -> Response[bytes]:
    return Response(
        msgspec.json.encode(body),
        media_type=FHIR_JSON,
        headers={receipts.HEADER: receipts.header(event)},
    )
