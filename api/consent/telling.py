"""Settings in the participant's own words: who can see what now, and what one change did."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from api.consent.facts import NetworkRules, ParticipationState
from api.consent.summary import Summary, Switch
from api.consent.switches import Command, SetCategory, SetFacility, SetProfession
from api.core import i18n
from api.directory.profile import Kind, NetworkProfile

NAMED_IN_A_SENTENCE = 3

Names = Mapping[UUID, str]


def who_sees_now(
    participation: ParticipationState,
    summary: Summary,
    rules: NetworkRules,
    locale: str,
    profile: NetworkProfile,
    names: Names,
) -> str:
    """One sentence. `names` holds the facilities that are on, at least the first three."""
    if participation != "participating":
        return i18n.text(locale, f"now.{participation}")
    everyone = rules.recipient_default == "permit"
    professions = [each for each in summary.professions if each.is_on]
    categories = [each for each in summary.categories if each.is_on]
    if not (summary.facilities or everyone) or not professions or not categories:
        return i18n.text(locale, "now.nobody")
    facilities = (
        i18n.text(locale, "now.facilities.all")
        if everyone
        else _some([names.get(each, "") for each in summary.facility_ids], "facilities", locale)
    )
    return i18n.text(
        locale,
        "now.somebody",
        facilities=facilities,
        professions=_share(professions, summary.professions, "profession", locale, profile),
        categories=_share(categories, summary.categories, "category", locale, profile),
    )


def change_said(command: Command, locale: str, profile: NetworkProfile, names: Names) -> str:
    """What turning this switch did, as a whole sentence."""
    kind: str
    match command:
        case SetFacility(facility_id):
            kind, name = "facility", names.get(facility_id, "")
        case SetProfession(code):
            kind, name = "profession", label(profile, "profession", code, locale)
        case SetCategory(code):
            kind, name = "category", label(profile, "category", code, locale)
        case _:
            return i18n.text(locale, "change.other")
    way = "on" if command.on else "off"
    return i18n.text(locale, f"change.{kind}.{way}", name=name)


def label(profile: NetworkProfile, kind: Kind, code: str, locale: str) -> str:
    """The profile's name; of a code it no longer has, the code."""
    try:
        return profile.name_of(kind, code, locale)
    except LookupError:
        return code


def _share(
    on: Sequence[Switch],
    of: Sequence[Switch],
    kind: Kind,
    locale: str,
    profile: NetworkProfile,
) -> str:
    plural = {"profession": "professions", "category": "categories"}[kind]
    if len(on) == len(of):
        return i18n.text(locale, f"now.{plural}.all")
    return _some([label(profile, kind, each.code, locale) for each in on], plural, locale)


def _some(labels: Sequence[str], plural: str, locale: str) -> str:
    if len(labels) > NAMED_IN_A_SENTENCE:
        return i18n.text(locale, f"now.{plural}.many", count=len(labels))
    quoted = [i18n.text(locale, "now.quoted", name=each) for each in labels]
    return i18n.text(locale, "now.joint").join(quoted)
