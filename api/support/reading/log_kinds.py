"""What kinds of records an event was about, counted and named."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from api.consent.settings.telling import label
from api.core import i18n
from api.directory.profile import NetworkProfile


class KindCount(msgspec.Struct, frozen=True):
    category: str
    label: str
    count: int


def counted(
    resources: Iterable[dict[str, Any]], locale: str, profile: NetworkProfile
) -> tuple[KindCount, ...]:
    """By category in the profile's order, whatever FHIR types they came as."""
    counts: dict[str, int] = {}
    for each in resources:
        counts[each["category"]] = counts.get(each["category"], 0) + each["count"]
    return in_order(counts, locale, profile)


def in_order(
    counts: Mapping[str, int], locale: str, profile: NetworkProfile
) -> tuple[KindCount, ...]:
    order = [category.code for category in profile.categories]
    order += [code for code in counts if code not in order]
    return tuple(
        KindCount(code, label(profile, "category", code, locale), counts[code])
        for code in order
        if code in counts
    )


def summed(kinds: Sequence[KindCount], locale: str) -> str:
    if not kinds:
        return ""
    key = "log.kinds.one" if len(kinds) == 1 else "log.kinds.many"
    return i18n.text(locale, key, label=kinds[0].label, count=sum(each.count for each in kinds))
