"""Vaccines in words: what comes next, what was given, and what is over."""

from datetime import date
from typing import Any, Final

from msgspec.structs import replace

from api.core import i18n
from api.phr.entries.kinds import Kind
from api.phr.immunization.editions import EDITIONS
from api.phr.immunization.engine import is_had
from api.phr.immunization.plans import Dose, Given, Plan, Status
from api.phr.immunization.schedule import edition_on
from api.phr.immunization.service import Vaccinations
from api.phr.law_age import age_of
from web_portal.page import PortalRequest, preferences, say
from web_portal.pages.book import saying

Shown = dict[str, Any]
# What begins later than this stands folded up.
FAR: Final = 400
# Longer for some of those born then alone: who they are, only the municipality says.
_PERHAPS: Final = frozenset({"mr_short"})
ADULT: Final = 18
# Which vaccine a form begins with, where a rule is not named like it.
_FIRST_OF: Final = {"mr1": "mr", "mr2": "mr", "je1": "je", "je2": "je", "rota": "", "hpv": "hpv9"}


def context(request: PortalRequest, found: Vaccinations) -> Shown:
    """What the page and the printed table show."""
    plans = _concerning(found)
    ahead = sorted(
        (each for each in plans if each.next), key=lambda each: _order(each, found.today)
    )
    edition = edition_on(EDITIONS, found.today)
    return {
        "whose": {
            "id": str(found.whose.book_id or ""),
            "name": found.whose.name,
            "birth_on": found.whose.person.birth_on,
        },
        "soon": [_ahead(request, each, found.today) for each in ahead if not _is_far(each, found)],
        "far": [_ahead(request, each, found.today) for each in ahead if _is_far(each, found)],
        "asked": [_asked(request, each) for each in plans if _is_for_a_doctor(each)],
        "groups": [_group(request, each, found) for each in plans if each.given]
        + _beside(request, found),
        "over": [
            {"title": title(request, each.target), "is_done": each.status is Status.DONE}
            for each in plans
            if each.status in (Status.DONE, Status.CLOSED) and not is_had(each, found.today)
        ],
        "rules_since": edition.valid_from,
        "source": edition.source,
    }


def soon(request: PortalRequest, found: Vaccinations, most: int) -> list[Shown]:
    """The first of what is ahead, without what is far."""
    ahead = sorted(
        (each for each in _concerning(found) if each.next),
        key=lambda each: _order(each, found.today),
    )
    near = [each for each in ahead if not _is_far(each, found)]
    return [_ahead(request, each, found.today) for each in near[:most]]


def title(request: PortalRequest, target: str) -> str:
    return say(request, f"vaccine.target.{target}")


def named(request: PortalRequest, vaccine: str, name: str = "") -> str:
    return name or say(request, f"own.vaccination.vaccine.{vaccine}")


def day(request: PortalRequest, on: date) -> str:
    return i18n.day(preferences(request).locale, on)


def _concerning(found: Vaccinations) -> list[Plan]:
    """An adult is shown no list of what they are too old for; of a child nothing missed is left
    out."""
    born = found.whose.person.birth_on
    none = {Status.NOT_FOR}
    if age_of(born, found.today) >= ADULT:
        none.add(Status.CLOSED)
    return [each for each in found.plans if each.given or each.status not in none]


def _order(plan: Plan, today: date) -> tuple[bool, date]:
    assert plan.next is not None
    begins = plan.next.usual_from or plan.next.earliest
    ends = plan.next.usual_until or plan.next.latest
    # What may be given long before its usual time waits among what is to come.
    is_now = plan.status is Status.OPEN and begins <= today
    return (not is_now, ends if is_now else begins)


def _is_far(plan: Plan, found: Vaccinations) -> bool:
    if plan.next is None:
        return False
    begins = plan.next.usual_from or plan.next.earliest
    return (begins - found.today).days > FAR


def _is_for_a_doctor(plan: Plan) -> bool:
    return plan.status in (Status.OLDER, Status.MIXED) or plan.is_doubtful


def _ahead(request: PortalRequest, plan: Plan, today: date) -> Shown:
    ahead = plan.next
    assert ahead is not None
    usual_from, usual_until = ahead.usual_from, ahead.usual_until
    state, waits, left = "later", 0, 0
    if plan.status is Status.OPEN:
        state = "now"
        if usual_from and usual_from > today:
            state, waits = "may", (usual_from - today).days
        elif usual_until and usual_until < today:
            state, left = "late", (ahead.latest - today).days
        else:
            left = ((usual_until or ahead.latest) - today).days
        if plan.extended_by in _PERHAPS:
            state, usual_from, usual_until = "perhaps", None, None
    else:
        waits = (ahead.earliest - today).days
    return {
        "name": plan.target,
        "title": title(request, plan.target),
        "which": _which(request, plan),
        "state": state,
        "waits": waits,
        "left": left,
        "first": ahead.earliest,
        "last": ahead.latest,
        "usual_from": usual_from,
        "usual_until": usual_until,
        "notes": _notes(request, plan),
        "vaccine": _first_vaccine(plan),
    }


def _which(request: PortalRequest, plan: Plan) -> str:
    assert plan.next is not None
    if plan.next.is_booster:
        return say(request, "vaccine.which.booster")
    if plan.of == 0:
        return say(request, "vaccine.which.open", number=plan.next.number)
    if plan.of == 1:
        return say(request, "vaccine.which.only")
    return say(request, "vaccine.which", number=plan.next.number, of=plan.of)


def _notes(request: PortalRequest, plan: Plan) -> list[str]:
    notes = []
    if i18n.has_text(preferences(request).locale, f"vaccine.note.{plan.target}"):
        notes.append(say(request, f"vaccine.note.{plan.target}"))
    if plan.extended_by:
        notes.append(say(request, f"vaccine.extended.{plan.extended_by}"))
    if plan.course_until and not plan.given:
        notes.append(say(request, "vaccine.course_until", day=day(request, plan.course_until)))
    if plan.changes_on:
        notes.append(say(request, "vaccine.changes_on", day=day(request, plan.changes_on)))
    return notes


def _first_vaccine(plan: Plan) -> str:
    """What the form begins with: what was given before, or what the rule names."""
    counted = [each.dose.vaccine for each in plan.given if each.number]
    return counted[-1] if counted else _FIRST_OF.get(plan.target, plan.target)


def _asked(request: PortalRequest, plan: Plan) -> Shown:
    why = plan.status.value if plan.status in (Status.OLDER, Status.MIXED) else "doubtful"
    return {"title": title(request, plan.target), "why": say(request, f"vaccine.ask.{why}")}


def _group(request: PortalRequest, plan: Plan, found: Vaccinations) -> Shown:
    return {
        "title": title(request, plan.target),
        "doses": [_dose(request, each, found, plan.target) for each in plan.given],
    }


def _beside(request: PortalRequest, found: Vaccinations) -> list[Shown]:
    if not found.beside:
        return []
    doses = sorted(found.beside, key=lambda each: each.on)
    lines = [_dose(request, Given(each, 0), found, "") for each in doses]
    return [{"title": say(request, "vaccine.beside"), "doses": lines}]


def _dose(request: PortalRequest, given: Given, found: Vaccinations, target: str) -> Shown:
    dose = given.dose
    entry = found.entry(dose)
    values = entry.values if entry else {}
    number = ""
    if given.number:
        number = say(request, "vaccine.nth", number=given.number)
    elif not target:
        number = named(request, dose.vaccine, values.get("named", ""))
    return {
        "id": dose.of,
        "on": dose.on,
        "label": number,
        "product": "" if not target else _product(request, dose, target, values.get("named", "")),
        "why": say(request, f"vaccine.why.{given.why}") if given.why else "",
        "facts": _facts(request, found, dose),
        "lot": values.get("lot", ""),
        "maker": values.get("maker", ""),
        "given_at": values.get("given_at", ""),
        "remark": values.get("remark", ""),
        "is_elsewhere": entry is None,
    }


def _product(request: PortalRequest, dose: Dose, target: str, name: str) -> str:
    """Where one rule has several vaccines it is said which."""
    if name:
        return name
    is_plain = dose.vaccine == target or target.startswith(dose.vaccine)
    return "" if is_plain else named(request, dose.vaccine)


def _facts(request: PortalRequest, found: Vaccinations, dose: Dose) -> list[tuple[str, str]]:
    entry = found.entry(dose)
    if entry is None:
        return []
    values = {k: v for k, v in entry.values.items() if k not in ("vaccine", "named")}
    return saying.facts_of(request, as_shown(found.whose.kind), values)


def as_shown(kind: Kind) -> Kind:
    """Of oneself everything is called as of a child."""
    return replace(kind, name="vaccination")
