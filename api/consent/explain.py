"""A decision as a message key; codes and ids in `params` become names at the border."""

from typing import Final

from msgspec import Struct

from api.consent.facts import Basis, Origin, Provision, Ruling, Step
from api.consent.recipients import NOTICE


class Sentence(Struct, frozen=True):
    """`params` may hold more than the text uses.

    facility, source: facility ids; professional, delegated_by: professional ids; team: a team's
    id; profession, category, facility_type, region, purpose: codes; version, days: numbers;
    date: ISO date.
    """

    key: str
    params: dict[str, str | int]


def sentence(basis: Basis) -> Sentence:
    """Why, for the participant: names the setting that decided, and no record."""
    decided = _deciding_rule(basis)
    named = {
        "facility": basis.facility_id,
        "professional": basis.professional_id,
        "profession": basis.profession,
        "category": basis.category,
        "purpose": basis.purpose_of_use,
        "date": basis.data_from,
        "team": decided and decided.team_id,
        "facility_type": decided and decided.facility_type,
        "region": decided and decided.region,
        "source": decided and decided.source_facility_id,
        "delegated_by": decided and decided.delegated_by,
    }
    params: dict[str, str | int] = {
        name: str(value) for name, value in named.items() if value is not None
    }
    numbers: dict[str, str | int] = {"version": basis.settings_version, "days": NOTICE.days}
    return Sentence(f"consent.basis.{rule(basis)}", params | numbers)


def _deciding_rule(basis: Basis) -> Provision | None:
    ruling = basis.filter if basis.step == "filter" else basis.recipient
    return ruling.provision if ruling is not None else None


_BY_RECIPIENT: Final[frozenset[Step]] = frozenset({"excluded", "shared", "recipient", "granted"})

# A permit that came about in one of these ways is said by the way, not by whom it names.
_ORIGINS: Final[frozenset[Origin]] = frozenset({"desk_code", "delegation", "request"})


def rule(basis: Basis) -> str:
    """What decided, as the key of its sentence names it."""
    if basis.step == "participation":
        return f"participation.{basis.participation}"
    if basis.step in _BY_RECIPIENT and basis.recipient is not None:
        if basis.recipient.by == "nothing_matches" and basis.settings_version == 0:
            return "recipient.nothing_chosen"
        decided = basis.recipient.provision
        if basis.step == "granted" and decided is not None and decided.origin in _ORIGINS:
            return f"granted.{decided.origin}"
        return f"{basis.step}.{_recipient(basis.recipient)}"
    if basis.step == "filter" and basis.filter is not None:
        return f"filter.{_filter(basis.filter)}"
    return basis.step


def _recipient(ruling: Ruling) -> str:
    rule = ruling.provision
    if rule is None or ruling.by != "provision":
        return ruling.by
    if rule.professional_id is not None:
        return "person"
    if rule.facility_id is not None:
        return "facility"
    if rule.team_id is not None:
        return "team"
    if rule.everyone:
        return "everyone"
    area = "region" if rule.region is not None else rule.lived and f"lived_{rule.lived}"
    if rule.facility_type is None:
        return area or ruling.by
    return f"facility_type_in_{area}" if area else "facility_type"


def _filter(ruling: Ruling) -> str:
    rule = ruling.provision
    if rule is None:
        return ruling.by
    if rule.record_ids:
        return "hidden_record"
    if rule.data_from is not None or rule.data_to is not None:
        return "hidden_period"
    if rule.professional_id is not None:
        return "person"
    if rule.facility_id is not None:
        return "facility"
    if rule.source_facility_id is not None:
        return "source"
    if rule.category is None:
        return "profession"
    return "category" if rule.profession is None else "profession_and_category"
