"""A row of the log made readable again: its fields, and what of them the participant may know."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.access_log import bodies, commitments
from api.access_log.commitments import MAY_BE_WITHHELD, WHILE_HELD, Embargo
from api.access_log.queries import Record
from api.access_log.rows import LogRow, Withheld
from api.access_log.verifier import from_base64url


class OpenedEvent(NamedTuple):
    """The ten fields as canonical JSON, and the keys of their salts."""

    ek: bytes
    ek_other: bytes
    texts: dict[str, str]
    embargo: Embargo | None

    def withheld(self, today: date, is_held: bool = True) -> tuple[Withheld, ...]:
        """Besides `other`, which never is disclosed. `is_held`: emergency notices have been held
        back ever since the event."""
        if self.embargo is None or today >= self.embargo.until:
            return ()
        if self.embargo.reason == WHILE_HELD and not is_held:
            return ()
        return tuple(
            Withheld(name, self.embargo.reason, self.embargo.until)
            for name in self.embargo.fields
            if name in MAY_BE_WITHHELD
        )


def opened(row: Record, ciphers: Mapping[int, AESGCM]) -> OpenedEvent | None:
    """None for a body that was erased. `row` has the columns `queries.page` asks for.

    Raises `InvalidTag` for a body that is not the one that was sealed here.
    """
    if row["sealed"] is None:
        return None
    cipher = ciphers.get(row["key_version"])
    if cipher is None:
        raise InvalidTag
    body = bodies.unseal(cipher, row["participant_id"], row["key_version"], row["sealed"])
    texts = commitments.texts_of(body, row["eid"], row["event"], row["outcome"])
    embargo = msgspec.json.decode(texts["embargo"], type=Embargo | None)
    return OpenedEvent(body.ek, body.ek_other, texts, embargo)


def waits_for_a_hold(events: Iterable[OpenedEvent | None]) -> bool:
    """Whether it matters to any of these if emergency notices are held back now."""
    return any(
        event is not None and event.embargo is not None and event.embargo.reason == WHILE_HELD
        for event in events
    )


def log_row(row: Record, event: OpenedEvent | None, today: date, is_held: bool = True) -> LogRow:
    found = LogRow(
        number=row["pseq"],
        eid=row["eid"],
        at=row["at"],
        event=row["event"],
        outcome=row["outcome"],
        actor_kind=row["actor_kind"],
        actor_id=row["actor_id"],
        facility_id=row["facility_id"],
        purpose_of_use=row["purpose_of_use"],
        detail={},
        is_erased=event is None,
        commit=row["commit"],
    )
    if event is None:
        return found
    withheld = event.withheld(today, is_held)
    hidden = {"other", *(each.name for each in withheld)}
    values = {
        name: msgspec.json.decode(text) for name, text in event.texts.items() if name not in hidden
    }
    if event.embargo is not None:
        found = found._replace(**_columns(values))
    resources = values.get("resources") or {}
    return found._replace(
        detail=_detail(values), record_ids=_ids(resources.get("ids", "")), withheld=withheld
    )


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the row's own columns left open while it was not to be told."""
    about, actor = values.get("about"), values.get("actor")
    said: dict[str, Any] = {"purpose_of_use": values.get("purpose")}
    if about is not None:
        said |= {"event": about["event"], "outcome": about["outcome"]}
    if actor is not None:
        facility = actor["facility"] or {}
        said |= {"actor_id": _uuid(actor["id"]), "facility_id": _uuid(facility.get("id"))}
    return said


def _detail(values: Mapping[str, Any]) -> dict[str, Any]:
    """In the shape services gave it."""
    detail: dict[str, Any] = dict(values.get("detail") or {})
    actor, way = values.get("actor"), values.get("way") or {}
    # Oneself needs no name, but whoever acted for somebody else has one.
    if actor is not None and (actor["kind"] != "participant" or values.get("on_behalf")):
        facility = actor["facility"] or {}
        detail["actor"] = {
            "name": actor["name"],
            "profession": actor["profession"],
            "facility": {locale: facility.get(locale) for locale in ("ja", "en")},
            "client": way.get("client"),
        }
    elif way.get("client") is not None:
        detail["actor"] = {"client": way["client"]}
    detail |= {name: v for name, v in (values.get("basis") or {}).items() if v is not None}
    if values.get("resources") is not None:
        detail["resources"] = values["resources"]["types"]
    if values.get("on_behalf") is not None:
        detail["on_behalf"] = values["on_behalf"]
    if way.get("emergency") is not None:
        detail["emergency"] = way["emergency"]
    return detail


def _ids(text: str) -> tuple[UUID, ...]:
    raw = from_base64url(text)
    return tuple(UUID(bytes=raw[at : at + 16]) for at in range(0, len(raw), 16))


def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
