"""The quarter's figures once more, from participants' access logs alone, without the service."""

from collections import Counter
from typing import Any
from uuid import UUID

from api.access_log import service as access_log
from api.core.actor import Actor

OPENED = ("emergency:session:opened", "emergency:session:approved")


async def sessions_in_logs(people: list[Actor]) -> dict[str, dict[str, Any]]:
    """By session: what its events say. Nothing that is withheld is among them."""
    found: dict[str, dict[str, Any]] = {}
    for person in people:
        before: int | None = None
        while True:
            page = await access_log.page(person, before=before, count=100)
            for row in page.rows:
                session = row.detail.get("emergency")
                if session and row.event.startswith("emergency:"):
                    _add(found.setdefault(session, {"person": person}), row)
            if len(page.rows) < 100:
                break
            before = page.rows[-1].number
    return {name: each for name, each in found.items() if "ground" in each}


def _add(session: dict[str, Any], row: Any) -> None:
    if row.facility_id is not None and row.event.startswith("emergency:session:"):
        session["facility"] = row.facility_id
    if row.event in OPENED:
        session["ground"] = row.detail["ground"]
    for end in ("widened", "renewed"):
        session[end] = session.get(end, False) or row.event == f"emergency:session:{end}"
    if row.event == "emergency:review:judged":
        session["found"] = row.detail["outcome"]


def counted(sessions: dict[str, dict[str, Any]], facility_id: UUID) -> dict[str, Counter[str]]:
    parts: dict[str, Counter[str]] = {}
    for each in sessions.values():
        if each["facility"] != facility_id:
            continue
        for part, code in (
            ("tier", "t2" if each["widened"] else "t1"),
            ("reason", each["ground"]["reason"]),
            ("identification", each["ground"]["by"]),
            ("renewal", "renewed" if each["renewed"] else "once"),
            ("review", each.get("found", "pending")),
        ):
            parts.setdefault(part, Counter())[code] += 1
    return parts
