"""An event as its ten fields: canonical JSON, and the one hash that binds all of them.

The bytes are those of docs/reference/access-log-format.md. What many events have in common is
written down once (`Common`); an event then costs its salts and hashes alone.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from api.access_log import bodies
from api.access_log.bodies import Body
from api.access_log.verifier import (
    field_tail,
    inner_hash,
    salts,
    tail_digest,
    to_base64url,
)
from api.core.actor import Actor

FIELDS: Final = (
    "about",
    "actor",
    "on_behalf",
    "way",
    "purpose",
    "basis",
    "resources",
    "detail",
    "embargo",
    "other",
)
SHARED: Final = ("actor", "on_behalf", "way", "purpose", "basis", "detail", "embargo")
_DISCLOSED: Final = (*SHARED, "about", "resources")
# Members of today's details that are fields of their own.
_BASIS: Final = ("asked", "basis", "text", "versions")
_OWN_FIELDS: Final = frozenset({"actor", "resources", "ids", *_BASIS})
MAY_BE_WITHHELD: Final = frozenset(FIELDS) - {"embargo", "other"}
NULL: Final = "null"


class Profile(NamedTuple):
    """The network profile in force."""

    id: str
    version: int


class OnBehalf(NamedTuple):
    """For whom a proxy acted."""

    id: UUID
    name: str


def principal_of(actor: Actor) -> OnBehalf | None:
    """None for whoever acts for themselves: both names of a proxy's act follow from the actor."""
    if actor.powers is None or actor.participant_id is None:
        return None
    return OnBehalf(actor.participant_id, actor.principal_name or "")


class Way(NamedTuple):
    """How somebody came in. `facility_seq` is the facility's own number for the access."""

    client: str | None = None
    session: str | None = None
    emergency: str | None = None
    facility_seq: int | None = None


# Withheld by a hold of emergency notices: told as soon as nothing is held any more, at the latest
# on its day. Nobody else gives this reason, which does not say that it is an emergency.
WHILE_HELD: Final = "own_safety"
LONGEST_HOLD: Final = timedelta(hours=72)


class Embargo(msgspec.Struct, frozen=True):
    """`fields` are withheld from the participant until a day, for a reason that is told."""

    fields: tuple[str, ...]
    reason: str
    until: date


class Resources(NamedTuple):
    """`types`: objects of type, category and count, as canonical JSON joined by commas. `ids`: 16
    bytes each, in ascending order."""

    types: str
    ids: bytes

    @property
    def text(self) -> str:
        return f'{{"ids":"{to_base64url(self.ids)}","types":[{self.types}]}}'


NONE: Final = Resources("", b"")


class Common(NamedTuple):
    """What events have in common: texts by field, as they are hashed and as they are sealed."""

    texts: Mapping[str, str]
    tails: tuple[bytes, ...]
    profile: str
    packed: bytes


class Composed(NamedTuple):
    """`inner` for PostgreSQL to chain, `body` to be sealed."""

    eid: UUID
    inner: bytes
    body: Body


def common(
    actor: Actor,
    said: Mapping[str, Any],
    profile: Profile,
    *,
    on_behalf: OnBehalf | None = None,
    way: Way | None = None,
    embargo: Embargo | None = None,
) -> Common:
    """All but `about`, `resources` and `other`. `said` is a detail as services give it."""
    basis = {name: said.get(name) for name in _BASIS}
    detail = {name: value for name, value in said.items() if name not in _OWN_FIELDS}
    values = {
        "actor": _actor(actor, said.get("actor") or {}),
        "on_behalf": (behalf := on_behalf or principal_of(actor)) and behalf._asdict(),
        "way": _way(actor, said.get("actor") or {}, way or Way()),
        "purpose": actor.purpose_of_use,
        "basis": None if all(value is None for value in basis.values()) else basis,
        "detail": detail or None,
        "embargo": embargo,
    }
    texts = {name: text_of(values[name]) for name in SHARED}
    tails = tuple(field_tail(name, text) for name, text in texts.items())
    named = text_of(profile._asdict())
    kept = {name: text for name, text in texts.items() if text != NULL}
    return Common(kept, tails, named, bodies.deflated(kept | {"profile": named}))


def compose(
    eid: UUID,
    event: str,
    outcome: str,
    shared: Common,
    resources: Resources | None,
    other: Resources,
) -> Composed:
    about = about_text(eid, event, outcome, shared.profile)
    told = NULL if resources is None else resources.text
    keys = os.urandom(64)
    ek, ek_other = keys[:32], keys[32:]
    tails = (*shared.tails, field_tail("about", about), field_tail("resources", told))
    digests = list(map(tail_digest, salts(ek, _DISCLOSED), tails))
    (salted,) = salts(ek_other, ("other",))
    digests.append(tail_digest(salted, field_tail("other", other.text)))
    varying = {}
    if resources is not None:
        varying["resources"] = f"[{resources.types}]"
    if other.types:
        varying["other"] = f"[{other.types}]"
    if "embargo" in shared.texts:
        varying["about"] = about  # the row's columns do not say it
    told_ids = b"" if resources is None else resources.ids
    body = Body(ek, ek_other, shared.packed, told_ids, other.ids, varying)
    return Composed(eid, inner_hash(digests), body)


def texts_of(opened: bodies.Opened, eid: UUID, event: str, outcome: str) -> dict[str, str]:
    """The ten fields of a row, as they were hashed; the rest of the arguments are its columns."""
    sealed = opened.texts
    texts = dict.fromkeys(FIELDS, NULL) | {name: sealed[name] for name in SHARED if name in sealed}
    texts["about"] = sealed.get("about") or about_text(eid, event, outcome, sealed["profile"])
    if "resources" in sealed:
        texts["resources"] = Resources(sealed["resources"][1:-1], opened.told_ids).text
    texts["other"] = Resources(sealed.get("other", "[]")[1:-1], opened.untold_ids).text
    return texts


def about_text(eid: UUID, event: str, outcome: str, profile: str) -> str:
    return f'{{"eid":"{eid}","event":"{event}","outcome":"{outcome}","profile":{profile},"v":1}}'


def resources_of(lines: Sequence[Mapping[str, Any]], ids: Sequence[UUID]) -> Resources:
    return Resources(
        ",".join(map(text_of, lines)), b"".join(sorted(record_id.bytes for record_id in ids))
    )


def text_of(value: object) -> str:
    """Canonical JSON, for what `api.core.canonical` is for."""
    return msgspec.json.encode(value, order="sorted").decode()


def _actor(actor: Actor, said: Mapping[str, Any]) -> dict[str, Any]:
    names = said.get("facility") or {}
    facility = {"id": actor.facility_id, "ja": names.get("ja"), "en": names.get("en")}
    return {
        "kind": actor.kind,
        "id": actor.professional_id or actor.account_id,
        "name": said.get("name") or actor.name,
        "profession": said.get("profession") or actor.profession,
        "facility": facility if any(facility.values()) else None,
    }


def _way(actor: Actor, said: Mapping[str, Any], way: Way) -> dict[str, Any] | None:
    came = way._replace(client=way.client or said.get("client") or actor.client_id)
    return None if came == Way() else came._asdict()
