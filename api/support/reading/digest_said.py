"""A month summed up, in sentences."""

from collections.abc import Mapping
from uuid import UUID

from msgspec import Struct

from api.core import i18n
from api.directory.profile import NetworkProfile
from api.support.reading import log_kinds
from api.support.reading.digest import Digest, Looked
from api.support.reading.log_lines import label_or_system


class LookedSaid(Struct, frozen=True, kw_only=True):
    """One profession at one facility, in `sentences`; the counts stand beside them."""

    facility_id: str | None
    facility: str
    profession: str
    times: int
    checked: int
    denied: int
    emergency: int
    records: int
    is_first: bool
    sentences: list[str]


def looked_said(
    each: Looked, locale: str, profile: NetworkProfile, names: Mapping[UUID, str]
) -> LookedSaid:
    """`names`: of facilities, for events that do not say it themselves any more."""
    facility = each.facility.get(locale) or (
        names.get(each.facility_id) if each.facility_id else ""
    )
    facility = facility or i18n.text(locale, "log.facility.withheld")
    profession = label_or_system(profile, each.profession, locale)
    if not each.facility and each.profession is None:
        profession = i18n.text(locale, "log.who.withheld")
    who = {"facility": facility, "profession": profession}
    kinds = log_kinds.in_order(each.kinds, locale, profile)
    sentences = []
    if each.times:
        joint = i18n.text(locale, "digest.joint")
        listed = joint.join(
            i18n.text(locale, "digest.kind", label=kind.label, count=kind.count) for kind in kinds
        )
        sentences.append(
            i18n.text(locale, "digest.saw", times=each.times, kinds=listed, **who)
            if kinds
            else i18n.text(locale, "digest.saw_something", times=each.times, **who)
        )
    if each.checked:
        sentences.append(i18n.text(locale, "digest.checked", times=each.checked, **who))
    if each.denied:
        sentences.append(i18n.text(locale, "digest.denied", times=each.denied, **who))
    if each.emergency:
        sentences.append(i18n.text(locale, "digest.emergency", times=each.emergency))
    if each.is_first:
        sentences.append(i18n.text(locale, "digest.first"))
    return LookedSaid(
        facility_id=str(each.facility_id) if each.facility_id else None,
        facility=facility,
        profession=profession,
        times=each.times,
        checked=each.checked,
        denied=each.denied,
        emergency=each.emergency,
        records=sum(each.kinds.values()),
        is_first=each.is_first,
        sentences=sentences,
    )


def summary(found: Digest, locale: str) -> list[str]:
    """What happened beside that, and in one sentence what the month was."""
    seen = sum(each.times for each in found.looked)
    places = len({each.facility_id for each in found.looked if each.times})
    said = [
        i18n.text(locale, "digest.total", times=seen, facilities=places)
        if seen
        else i18n.text(locale, "digest.total.none")
    ]
    counts = {
        "digest.refused_in_all": found.denied,
        "digest.changes": found.changes,
        "digest.changes_by_others": found.changes_by_others,
        "digest.refused_sign_ins": found.refused_sign_ins,
        "digest.received": found.received,
        "digest.exports": found.exports,
        "digest.support": found.support,
        "digest.operator": found.operator,
        "digest.law": found.law,
        "digest.proxies": found.proxies,
        "digest.missing": found.missing,
        "digest.withheld": found.withheld,
    }
    return said + [i18n.text(locale, key, times=times) for key, times in counts.items() if times]
