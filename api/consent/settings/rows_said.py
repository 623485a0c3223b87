"""Each row of a person's settings as one sentence."""

from collections.abc import Mapping
from uuid import UUID

from api.consent.facts import TREATMENT, Provision
from api.consent.settings.telling import label
from api.core import i18n
from api.directory.profile import NetworkProfile

Names = Mapping[UUID, str]


def row_said(rule: Provision, locale: str, profile: NetworkProfile, names: Names) -> str:
    """`names` holds the facilities, professionals and teams the row names."""
    other_purposes = [purpose for purpose in rule.purposes if purpose != TREATMENT]
    if rule.axis == "recipient" and rule.everyone and other_purposes:
        name = label(profile, "purpose", other_purposes[0], locale)
        return i18n.text(locale, f"row.secondary.{rule.kind}", name=name)
    return i18n.text(
        locale,
        f"row.{rule.axis}.{rule.kind}",
        who=_who(rule, locale, profile, names),
        what=_what(rule, locale, profile, names),
    )


def _who(rule: Provision, locale: str, profile: NetworkProfile, names: Names) -> str:
    one = rule.professional_id or rule.facility_id or rule.team_id
    profession = rule.profession and label(profile, "profession", rule.profession, locale)
    if one is not None:
        kind = "team" if rule.team_id else "professional" if rule.professional_id else "facility"
        name = i18n.text(locale, f"row.who.{kind}", name=names.get(one, ""))
        if not profession:
            return name
        return i18n.text(locale, "row.who.profession_of", name=name, profession=profession)
    if profession:
        return i18n.text(locale, "row.who.profession", name=profession)
    kinds = i18n.text(locale, "row.who.facilities")
    if rule.facility_type:
        name = label(profile, "facility_type", rule.facility_type, locale)
        kinds = i18n.text(locale, "row.who.facility_type", name=name)
    if rule.region:
        region = label(profile, "region", rule.region, locale)
        return i18n.text(locale, "row.who.region", region=region, name=kinds)
    if rule.lived:
        return i18n.text(locale, f"row.who.lived.{rule.lived}", name=kinds)
    if rule.facility_type:
        return kinds
    return i18n.text(locale, "row.who.everyone" if rule.everyone else "row.who.anyone")


def _what(rule: Provision, locale: str, profile: NetworkProfile, names: Names) -> str:
    if rule.record_ids:
        return i18n.text(locale, "row.what.records", count=len(rule.record_ids))
    what = i18n.text(locale, "row.what.all")
    if rule.category:
        name = label(profile, "category", rule.category, locale)
        what = i18n.text(locale, "row.what.category", name=name)
    if rule.source_facility_id:
        name = names.get(rule.source_facility_id, "")
        what = i18n.text(locale, "row.what.from", source=name, what=what)
    if rule.data_from:
        what = i18n.text(locale, "row.what.since", day=i18n.day(locale, rule.data_from), what=what)
    if rule.data_to:
        what = i18n.text(locale, "row.what.before", day=i18n.day(locale, rule.data_to), what=what)
    return what
