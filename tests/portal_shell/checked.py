"""A log in memory and the page that shows it, for the page's own check."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from api.support.reading.log_kinds import KindCount
from api.support.reading.log_lines import LogLine
from tests.access_log.synthetic import HANAKO, HOUR, WITNESSES, Event, Log

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = 60_000_000
CHECK = {"participant": str(HANAKO), "witnesses": [str(each.vkey) for each in WITNESSES]}
MORI: dict[str, Any] = {
    "kind": "professional",
    "id": "0190a8c0-0000-7000-8000-00000000a0b1",
    "name": "森 大輔",
    "profession": "physician",
    "facility": {
        "id": "0190a8c0-0000-7000-8000-00000000a0b2",
        "ja": "白川病院",
        "en": "Shirakawa Hospital",
    },
}
REFUSED = {
    "ja": "「白川病院」に見せない設定にしているためです。",
    "en": "Because you do not let Shirakawa Hospital see your records.",
}
HERSELF: dict[str, Any] = {
    "kind": "participant",
    "id": str(HANAKO),
    "name": "熊本 花子",
    "profession": None,
    "facility": None,
}


def about(number: int, event: str, outcome: str = "permitted") -> dict[str, Any]:
    return {
        "v": 1,
        "eid": str(UUID(int=number)),
        "event": event,
        "outcome": outcome,
        "profile": {"id": "synthetic", "version": 1},
    }


def story() -> Log:
    """Hanako changes her settings, Dr Satō reads, Dr Mori is refused; all is counted."""
    log = Log()
    log.pad(5)
    log.append(
        HANAKO,
        actor=HERSELF,
        about=about(1, "consent:provision:changed"),
        resources=None,
        basis=None,
    )
    log.pad(2)
    log.append(HANAKO, after=HOUR)
    log.seal()
    log.append(
        HANAKO,
        after=HOUR,
        actor=MORI,
        about=about(3, "records:record:read", "denied"),
        resources={"types": [], "ids": ""},
        basis={"basis": "directive", "versions": {}, "text": REFUSED, "asked": []},
    )
    log.seal()
    log.pad(3)
    log.count()
    return log


def goes_on(log: Log) -> Log:
    """Dr Satō reads once more, and it is counted."""
    log.append(HANAKO, after=10 * MINUTE)
    log.seal()
    log.pad(2)
    log.count()
    return log


def lines(log: Log, locale: str) -> list[LogLine]:
    return [line(each, locale) for each in reversed(log.events[HANAKO])]


def line(event: Event, locale: str) -> LogLine:
    """As the server would say it."""
    values = event.values
    actor, basis, kinds = values["actor"], values["basis"], values["resources"]
    is_access = actor["kind"] == "professional"
    labels = {"prescription": {"ja": "処方", "en": "Prescriptions"}}
    return LogLine(
        number=event.number,
        event_id=UUID(int=event.number),
        at=EPOCH + timedelta(microseconds=event.at),
        event=values["about"]["event"],
        outcome=values["about"]["outcome"],
        is_access=is_access,
        sentence="「さくら内科クリニック」に見せるようにしました。"
        if locale == "ja"
        else "You let Sakura Clinic see your records.",
        who=actor["name"] if is_access else "",
        profession={"ja": "医師", "en": "physician"}[locale] if is_access else "",
        facility=actor["facility"][locale] if is_access else "",
        purpose={"ja": "診療のため", "en": "Treatment"}[locale] if is_access else "",
        kinds=tuple(
            KindCount(each["category"], labels[each["category"]][locale], each["count"])
            for each in (kinds or {"types": []})["types"]
        ),
        reason=basis["text"][locale] if basis else "",
        is_decided=is_access,
    )
