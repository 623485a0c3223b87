"""Behind the FHIR doors of facilities' systems: a question in, one logged answer out."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from api.access_log.events import EventName
from api.core import runtime
from api.core.actor import Actor
from api.fhir import codes
from api.fhir.bundle import entry_text, searchset_bytes
from api.fhir.prefer import preferences
from api.records import finding, grounds, service
from api.records.asking import service as evaluation
from api.records.errors import BadValue, PatientNeeded, UnknownParameter, UnknownType
from api.records.mapping import Identifier
from api.records.reading import pages, search
from api.records.reading.pages import Place
from api.records.reading.search import PATIENT, STORED, Asked, Search
from api.records.reading.shortened import shortened_entries
from api.records.reading.wire import (
    Answer,
    FhirRequest,
    fhir,
    ignored_entry,
    link,
    not_found,
    patient,
    version_answer,
)
from api.records.service import MOST_ROWS, Page

CONSENT: Final = "Consent"
EVERYTHING: Final = "$everything"
OF_PATIENTS: Final = frozenset({"identifier", "birthdate", "_id", "_count", "_format"})
OF_CONSENTS: Final = frozenset({*search.BY_PATIENT, "_count", "_format"})
OF_EVERYTHING: Final = frozenset({"start", "end", "_since", "_type", "_count", "_page", "_format"})
OF_HISTORY: Final = frozenset({"_since", "_count", "_page", "_format"})
USUAL: Final = 50
# Good once: no system matches by it.
UNSAID: Final = (codes.DESK_CODE,)

Pairs = Sequence[tuple[str, str]]


async def find(
    request: FhirRequest, actor: Actor, resource_type: str | None, pairs: Pairs
) -> Answer:
    """A search of one type, or of several (None)."""
    if resource_type == PATIENT:
        is_posted = request.method == "POST"
        return await _patients(actor, named(pairs, OF_PATIENTS), is_posted=is_posted)
    if resource_type == CONSENT:
        return await _consents(actor, named(pairs, OF_CONSENTS))
    if resource_type is not None and resource_type not in STORED:
        raise UnknownType
    is_lenient = preferences(request.headers.getall("prefer", [])).get("handling") == "lenient"
    asked = search.read(resource_type, pairs, is_lenient=is_lenient)
    if asked.page is not None:
        named(pairs, frozenset({"_page", "_format"}))
        return await _search_on(actor, resource_type or "", asked.page)
    subject = await _subject(actor, asked.who)
    parts = [("patient", str(subject))] if asked.who and asked.who[0] == "patient" else []
    self_link = link(resource_type or "", [*parts, *asked.applied])
    if subject is None:
        page = await service.nothing(actor)
        return _searched(actor, None, page, asked, self_link)
    count = USUAL if asked.count is None else asked.count
    place = Place(
        resource_type or "",
        subject,
        asked.types,
        asked.search,
        count,
        asked.summary,
        asked.elements,
    )
    page = await _page_of(actor, place, is_person=asked.is_person)
    return _searched(actor, place, page, asked, self_link)


async def _search_on(actor: Actor, door: str, token: str) -> Answer:
    place = pages.opened(actor, token, door)
    asked = Asked(place.types, place.search, summary=place.summary, elements=place.elements)
    page = await _page_of(actor, place)
    return _searched(actor, place, page, asked, link(door, [("_page", token)]))


async def _page_of(actor: Actor, place: Place, *, is_person: bool = False) -> Page:
    """The first page of all there is goes the short way; its plan is kept."""
    is_plain = place.search == search.EVERYTHING and place.count > 0 and not is_person
    return await service.read(
        actor,
        place.subject,
        place.types,
        form="everything" if is_person else "bundle",
        only_with_records=is_person,
        count=place.count,
        search=None if is_plain else place.search,
        asked=() if place.types == STORED else None,
    )


def _searched(
    actor: Actor, place: Place | None, page: Page, asked: Asked, self_link: str
) -> Answer:
    found = page.entries
    if asked.is_person and found and page.person is not None and page.person.name is not None:
        text = msgspec.json.encode(patient(page.person, None)).decode()
        whose = entry_text(
            runtime.fhir_base(), PATIENT, str(page.person.participant_id), text, mode="include"
        )
        found = b"%b,%b" % (found, whose.encode())
    entries = shortened_entries(found, asked.summary, asked.elements)
    if asked.ignored:
        entries = b",".join(filter(None, (entries, ignored_entry(asked.ignored))))
    total = page.total if asked.search.is_counted else None
    following = _following(actor, place, page) if place and page.entries else None
    body = searchset_bytes(runtime.fhir_base(), self_link, entries, total, following)
    return fhir(body, page.event, is_shown=bool(page.entries))


def _following(actor: Actor, place: Place, page: Page) -> str | None:
    if page.before is None:
        return None
    narrowed = msgspec.structs.replace(place.search, after_key=page.after_key, after_id=page.before)
    token = pages.seal(actor, msgspec.structs.replace(place, search=narrowed))
    return link(place.door, [("_page", token)])


async def read(request: FhirRequest, actor: Actor, resource_type: str, resource_id: str) -> Answer:
    record_id = search.id_of(resource_id)
    if resource_type == CONSENT:
        held = await evaluation.consent_of(actor, record_id)
        if held.consent is None:
            raise not_found(held.event)
        return fhir(msgspec.json.encode(held.consent), held.event)
    if resource_type == PATIENT:
        found = await finding.show(actor, record_id)
        if found.person is None:
            raise not_found(found.event)
        return fhir(msgspec.json.encode(patient(found.person, None)), found.event)
    return await _version(request, actor, resource_type, record_id, None)


async def version(
    request: FhirRequest, actor: Actor, resource_type: str, resource_id: str, number: str
) -> Answer:
    """One version of a record whoever asks may see as it stands."""
    asked = int(number) if number.isascii() and number.isdecimal() and len(number) < 9 else 0
    record_id = search.id_of(resource_id)
    return await _version(request, actor, resource_type, record_id, Search(version=asked))


async def _version(
    request: FhirRequest,
    actor: Actor,
    resource_type: str,
    record_id: UUID,
    asked: Search | None,
) -> Answer:
    if resource_type not in STORED:
        raise UnknownType
    subject = await finding.owner_of(record_id)
    if subject is None:
        raise not_found((await service.nothing(actor)).event)
    form = "bundle" if asked is None else "history"
    page = await service.read(
        actor, subject, (resource_type,), record_id=record_id, form=form, search=asked
    )
    entries = msgspec.json.decode(b"[%b]" % page.entries, type=list[dict[str, msgspec.Raw]])
    if not entries:
        raise not_found(page.event)
    return version_answer(request, bytes(entries[0]["resource"]), page.event)


async def history(actor: Actor, resource_type: str, resource_id: str, pairs: Pairs) -> Answer:
    """All versions of a record whoever asks may see as it stands, the newest first."""
    if resource_type not in STORED:
        raise UnknownType
    asked = named(pairs, OF_HISTORY)
    record_id = search.id_of(resource_id)
    door = f"{resource_type}/{record_id}/_history"
    subject = await finding.owner_of(record_id)
    if subject is None:
        raise not_found((await service.nothing(actor)).event)
    if "_page" in asked:
        place = _place_asked(actor, asked, door)
    else:
        bounds = search.between("_since", asked["_since"], "ge") if "_since" in asked else {}
        place = Place(door, subject, (resource_type,), Search(**bounds), _count(asked, USUAL))  # type: ignore[arg-type]
    page = await service.read(
        actor,
        subject,
        (resource_type,),
        record_id=record_id,
        form="history",
        count=place.count,
        search=place.search,
    )
    if not page.entries:
        raise not_found(page.event)
    self_link = link(door, [(n, asked[n]) for n in ("_since", "_count", "_page") if n in asked])
    following = _following(actor, place, page)
    body = searchset_bytes(
        runtime.fhir_base(), self_link, page.entries, page.total, following, kind="history"
    )
    return fhir(body, page.event, is_shown=True)


async def everything(actor: Actor, resource_type: str, resource_id: str, pairs: Pairs) -> Answer:
    """Who it is and all records of theirs that may be seen: one question, one answer, one event."""
    if resource_type != PATIENT:
        raise UnknownType
    asked = named(pairs, OF_EVERYTHING)
    subject = search.id_of(resource_id)
    door = f"{PATIENT}/{subject}/{EVERYTHING}"
    if "_page" in asked:
        place = _place_asked(actor, asked, door)
    else:
        place = _everything_asked(asked, subject, door)
    of_records = tuple(name for name in place.types if name != PATIENT)
    page = await service.read(
        actor,
        subject,
        of_records or ("",),
        form="everything",
        count=place.count,
        search=place.search,
        asked=() if place.types == STORED else place.types,
    )
    if page.person is None:
        raise not_found(page.event)
    is_named = PATIENT in place.types or place.types == STORED
    entries = [page.entries] if page.entries else []
    if is_named and place.search.after_id is None:
        text = msgspec.json.encode(patient(page.person, None)).decode()
        entries.insert(0, entry_text(runtime.fhir_base(), PATIENT, str(subject), text).encode())
    shown = ("start", "end", "_since", "_type", "_count", "_page")
    body = searchset_bytes(
        runtime.fhir_base(),
        link(door, [(name, asked[name]) for name in shown if name in asked]),
        b",".join(entries),
        page.total + is_named,
        _following(actor, place, page) if page.entries else None,
    )
    return fhir(body, page.event, is_shown=True)


def _everything_asked(asked: dict[str, str], subject: UUID, door: str) -> Place:
    bounds: dict[str, datetime] = {}
    for name, prefix in (("start", "ge"), ("end", "le"), ("_since", "ge")):
        if name in asked:
            bounds |= search.between(name, asked[name], prefix)
    types = search.types_of(asked.get("_type"))
    wanted = Search(**bounds)  # type: ignore[arg-type]
    return Place(door, subject, types, wanted, max(1, _count(asked, MOST_ROWS)))


def _place_asked(actor: Actor, asked: dict[str, str], door: str) -> Place:
    if others := asked.keys() - {"_page", "_format"}:
        raise UnknownParameter(*sorted(others))
    return pages.opened(actor, asked["_page"], door)


def _count(asked: dict[str, str], usual: int) -> int:
    count = search.count_of(asked)
    return usual if count is None else max(1, count)


async def _consents(actor: Actor, asked: dict[str, str]) -> Answer:
    """At most one: what holds for who asks, now."""
    who = next(((name, asked[name]) for name in search.BY_PATIENT if name in asked), None)
    subject = await _subject(actor, who)
    if subject is None:
        event = await grounds.log_nobody(actor, EventName.CONSENT_READ)
        held = evaluation.Held(None, event)
    else:
        held = await evaluation.consent_of(actor, subject)
    entries = []
    if held.consent is not None:
        text = msgspec.json.encode(held.consent).decode()
        entries = [entry_text(runtime.fhir_base(), CONSENT, str(subject), text)]
    parts = [("patient", str(subject))] if "patient" in asked else []
    body = searchset_bytes(runtime.fhir_base(), link(CONSENT, parts), entries, len(entries))
    return fhir(body, held.event)


async def _patients(actor: Actor, asked: dict[str, str], *, is_posted: bool) -> Answer:
    identifier = None
    if "identifier" in asked:
        identifier = _identifier(asked["identifier"])
        person, event = await _found(actor, identifier, asked, is_posted=is_posted)
    elif "_id" in asked and "birthdate" not in asked:
        person, event = await finding.show(actor, search.id_of(asked["_id"]))
    else:
        raise PatientNeeded
    entries = []
    if person is not None:
        shown = None if identifier is None or identifier.system in UNSAID else identifier
        resource = msgspec.json.encode(patient(person, shown)).decode()
        entries = [entry_text(runtime.fhir_base(), PATIENT, str(person.participant_id), resource)]
    # The identifier stays out of the answer's links: a card number is not for copying about.
    return fhir(searchset_bytes(runtime.fhir_base(), PATIENT, entries, len(entries)), event)


async def _found(
    actor: Actor, identifier: Identifier, asked: dict[str, str], *, is_posted: bool
) -> finding.Found:
    is_insured = identifier.system == codes.INSURANCE_MEMBER
    if ("birthdate" in asked) != is_insured or "_id" in asked:
        raise BadValue(name="birthdate" if "_id" not in asked else "_id")
    if identifier.system == codes.DESK_CODE:
        if not is_posted:  # it opens, and a number in an address is kept by whatever passes it on
            raise BadValue(name="identifier")
        return await finding.find_by_desk_code(actor, identifier.value)
    born_on = None
    if is_insured:
        try:
            born_on = date.fromisoformat(asked["birthdate"].removeprefix("eq"))
        except ValueError:
            raise BadValue(name="birthdate") from None
    return await finding.find(actor, identifier, born_on)


async def _subject(actor: Actor, who: tuple[str, str] | None) -> UUID | None:
    if who is None:
        raise PatientNeeded
    name, value = who
    if name == "patient":
        return search.id_of(value.removeprefix(f"{runtime.fhir_base()}/").removeprefix("Patient/"))
    return await finding.locate(actor, _identifier(value))


def _identifier(text: str) -> Identifier:
    system, bar, value = text.partition("|")
    if not bar or not value:
        raise PatientNeeded
    if system == codes.CARD:
        value = value.replace("-", "").replace(" ", "")
    return Identifier(system, value)


def named(pairs: Pairs, known: frozenset[str]) -> dict[str, str]:
    """Each once, and none we would ignore: it could widen an answer (FHIR R4 §3.1.1)."""
    if len(pairs) > search.MOST_PARAMETERS:
        raise UnknownParameter
    asked = dict(pairs)
    names = [name for name, _ in pairs]
    wrong = [name for name in names if name not in known or names.count(name) > 1]
    if wrong:
        raise UnknownParameter(*wrong)
    return asked
