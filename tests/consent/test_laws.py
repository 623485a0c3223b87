"""The laws hold for thousands of random settings, and notice when a rule is bent."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from api.consent import decide, filters, recipients, residences
from api.consent.facts import NORMAL, Provision, Request, Ruling
from api.consent.recipients import NOTHING_MATCHES, ruling_of
from tests.consent.laws import CATEGORIES, DEEPER, LAWS


@pytest.mark.parametrize("name", LAWS)
def test_a_law_holds(name: str) -> None:
    LAWS[name]()


Patch = tuple[Any, str, Any]


def _applies(
    *, end_is_closed: bool = False, any_purpose: bool = False, starts_at_once: bool = False
) -> Callable[[Provision, str, Any], bool]:
    def applies(self: Provision, purpose_of_use: str, now: Any) -> bool:
        if self.valid_from is not None and now < self.valid_from and not starts_at_once:
            return False
        if self.valid_to is not None and (
            now > self.valid_to if end_is_closed else now >= self.valid_to
        ):
            return False
        if any_purpose:
            return True
        if self.purposes:
            return purpose_of_use in self.purposes
        return self.kind != "permit" or purpose_of_use == "TREAT"

    return applies


def _tiers(self: Any, request: Request, naming: Any) -> list[tuple[bool, list[Provision]]]:
    """The rows in force, tier by tier; True where a permit carries a level."""
    who = request.requester
    everywhere, places = self._around(who, request.now)
    around = [rule for rows in (*places, everywhere) for rule in rows]
    mine = [r for r in around if r.facility_type in (None, who.facility_type)]
    narrow = [r for r in mine if r.facility_type and (r.region or r.lived)]
    wide = [r for r in mine if r not in narrow]
    tiers = [(True, rows) for rows in naming]
    tiers += [(False, rows) for rows in (narrow, wide, self._everyone)]
    return [
        (
            has_levels,
            [
                rule
                for rule in sorted(rows, key=recipients.rank)
                if rule.kind != "exclusion" and rule.applies(request.purpose_of_use, request.now)
            ],
        )
        for has_levels, rows in tiers
    ]


def _any_deny_wins(self: Any, request: Request, naming: Any) -> tuple[Ruling, int]:
    rows = [row for _, live in _tiers(self, request, naming) for row in live]
    rows.sort(key=lambda rule: rule.kind == "permit")
    return (ruling_of(rows[0]) if rows else NOTHING_MATCHES), NORMAL


def _lowest_level(self: Any, request: Request, naming: Any) -> tuple[Ruling, int]:
    decided, levels = None, []
    for has_levels, live in _tiers(self, request, naming):
        for rule in live:
            decided = decided or ruling_of(rule)
            if rule.kind == "deny":
                return decided, min(levels, default=NORMAL)
            if has_levels:
                levels.append(rule.level)
    return decided or NOTHING_MATCHES, min(levels, default=NORMAL)


def _level_below_a_deny(self: Any, request: Request, naming: Any) -> tuple[Ruling, int]:
    rows = [(named, row) for named, live in _tiers(self, request, naming) for row in live]
    level = max((rule.level for named, rule in rows if named), default=NORMAL)
    return (ruling_of(rows[0][1]) if rows else NOTHING_MATCHES), level


def _everyone_before_areas(self: Any, request: Request) -> Ruling:
    for rule in self._everyone:
        if rule.applies(request.purpose_of_use, request.now):
            return ruling_of(rule)
    return WIDER(self, request)


def _one_deny_cancels_another(live: list[Any], by_default: Ruling) -> Ruling:
    denies = [row for row in live if row.rule.kind == "deny"]
    return ruling_of(denies[0].rule) if len(denies) % 2 else by_default


def _matrix_always_wins(live: list[Any], by_default: Ruling) -> Ruling:
    denies = [row for row in live if row.rule.kind == "deny"]
    return ruling_of(denies[0].rule) if denies else by_default


def _as_many_names_lift(live: list[Any], by_default: Ruling) -> Ruling:
    widest = max((row.names.bit_count() for row in live if row.rule.kind == "permit"), default=-1)
    left = [r for r in live if r.rule.kind == "permit" or r.names.bit_count() > widest]
    return WEIGH(left, by_default)


def _excluded_for_treatment(request: Request, naming: Any) -> Provision | None:
    return EXCLUSION(request, naming) if request.purpose_of_use == "TREAT" else None


def _excluded_by_facility_alone(request: Request, naming: Any) -> Provision | None:
    return EXCLUSION(request, ((), naming[1]))


def _never(*_: Any) -> None:
    return None


def _no(*_: Any) -> bool:
    return False


def _no_rows(*_: Any) -> tuple[Provision, ...]:
    return ()


def _no_sources(self: Any) -> Iterator[Any]:
    return iter(())


def _names_no_person(rule: Provision) -> int:
    return NAMES(structs.replace(rule, professional_id=None, profession=rule.profession))


def _hidden_whatever_the_category(self: Any, request: Request, record: Any) -> Ruling | None:
    for category in (record.category, *CATEGORIES):
        found = HIDES(self, request, structs.replace(record, category=category))
        if found is not None:
            return found
    return None


def _mark_only_raises(self: Any, record: Any) -> int:
    return max(record.sensitivity, MARKED(self, record))


def _any_share(shares: Any, record: Any) -> Provision | None:
    return shares[0]


def _shared_with_all(self: Any, request: Request) -> tuple[Provision, ...]:
    rows = [rule for found in self._shares.values() for rule in recipients._rows(found)]
    return tuple(rule for rule in rows if rule.applies(request.purpose_of_use, request.now))


def _ever_lived(self: Any, regions: tuple[str, ...], now: Any) -> str | None:
    return "now" if any(place.region in regions for place in self._places) else None


def _first_written_home(self: Any, regions: tuple[str, ...], now: Any) -> str | None:
    alone = [LAST_LIVED(residences.Residences([each]), regions, now) for each in self._places]
    return next((when for when in alone if when), None)


def _default_serves_all_purposes(self: Any, request: Request, waiting: Any) -> Ruling:
    return BY_DEFAULT(self, structs.replace(request, purpose_of_use="TREAT"), waiting)


def _default_without_notice(self: Any, request: Request, waiting: Any) -> Ruling:
    who = structs.replace(request.requester, facility_joined_at=None)
    return BY_DEFAULT(self, structs.replace(request, requester=who), waiting)


def _asked_is_told(self: Any, set_at: Any, request: Request) -> str | None:
    wait = WAIT(self, set_at, request)
    joined_at = request.requester.facility_joined_at
    is_asked = wait == "asks_first" and request.now >= joined_at + recipients.NOTICE
    return None if is_asked else wait


def _asks_all(self: Any, set_at: Any, request: Request) -> str | None:
    asks = self._asks_first_since is not None
    return "asks_first" if asks else WAIT(self, set_at, request)


def _never_lapses(self: Any, request: Request) -> str:
    return self._participation.state


def _without(*names: str) -> Callable[..., Any]:
    def exceptions(self: Any, *facts: Any) -> Any:
        return structs.replace(EXCEPTIONS(self, *facts), **dict.fromkeys(names, ()))

    return exceptions


EXCLUSION, WEIGH, NAMES = recipients.exclusion, filters.weigh, filters._names
R, P, F = recipients.Recipients, decide.Policy, filters.Filters
LAST_LIVED = residences.Residences.lived
WIDER, BY_DEFAULT, WAIT = R._wider, R._by_default, R._wait
HIDES, MARKED, EXCEPTIONS = F.hidden, P._marked, P._exceptions
WRITTEN = "core_follows_the_written_order"
BESIDE = "a_permit_beside_a_deny_changes_nothing"
PERIOD = "a_rule_is_gone_at_its_end_and_there_at_its_start"
SCOPE = "scope_is_the_decision_for_every_record"
EXCLUDED = "an_exclusion_is_absolute"
YESTERDAY = "a_facility_of_yesterday_is_let_in_by_name_alone"
LIVED = "where_one_lived_is_as_written"
KEPT = "an_answer_stays_as_long_as_it_says"

MUTANTS: dict[str, tuple[str, Patch]] = {
    "any deny wins": (WRITTEN, (R, "decide", _any_deny_wins)),
    "permit wins ties": (
        BESIDE,
        (recipients, "rank", lambda rule: (-recipients._ORDER[rule.kind], rule.id)),
    ),
    "first row listed wins": ("order_of_rules_never_matters", (recipients, "rank", _no)),
    "lowest level counts": ("an_expiring_permit_never_opens", (R, "decide", _lowest_level)),
    "level of a permit under a deny": (BESIDE, (R, "decide", _level_below_a_deny)),
    "everyone before areas": (WRITTEN, (R, "_wider", _everyone_before_areas)),
    "closed interval end": (PERIOD, (Provision, "applies", _applies(end_is_closed=True))),
    "a rule starts at once": (PERIOD, (Provision, "applies", _applies(starts_at_once=True))),
    "a permit serves every purpose": (
        WRITTEN,
        (Provision, "applies", _applies(any_purpose=True)),
    ),
    "one deny cancels another": (
        "adding_a_deny_never_opens",
        (filters, "weigh", _one_deny_cancels_another),
    ),
    "a permit cannot lift the matrix": (WRITTEN, (filters, "weigh", _matrix_always_wins)),
    "as many names lift a deny": (WRITTEN, (filters, "weigh", _as_many_names_lift)),
    "a named person is no narrower": (WRITTEN, (filters, "_names", _names_no_person)),
    "nobody is excluded": (EXCLUDED, (decide, "exclusion", _never)),
    "excluded for treatment alone": (EXCLUDED, (decide, "exclusion", _excluded_for_treatment)),
    "only facilities are excluded": (EXCLUDED, (decide, "exclusion", _excluded_by_facility_alone)),
    "own records open to the excluded": (
        EXCLUDED,
        (decide, "_SHUT", decide._SHUT - {"excluded"}),
    ),
    "secret is restricted": (WRITTEN, (decide, "SECRET", 3)),
    "emergency opens by itself": (WRITTEN, (decide, "EMERGENCY", frozenset())),
    "data_from is forgotten": (WRITTEN, (P, "_is_too_old", _no)),
    "terms never lapse": (WRITTEN, (P, "_state", _never_lapses)),
    "a mark cannot lower": (WRITTEN, (P, "_marked", _mark_only_raises)),
    "shares are forgotten": (WRITTEN, (decide, "_opening", _never)),
    "one share opens all": (WRITTEN, (decide, "_opening", _any_share)),
    "shared with one, shared with all": (WRITTEN, (R, "shares", _shared_with_all)),
    "shares beat secret": (
        "a_share_beats_no_exclusion_no_secret_and_no_first_date",
        (decide, "SECRET", 3),
    ),
    "hidden records are forgotten": (
        "what_is_hidden_is_seen_by_its_writer_or_shared",
        (F, "hidden", _never),
    ),
    "a period hides every category": (WRITTEN, (F, "hidden", _hidden_whatever_the_category)),
    "home is wherever one lived": (LIVED, (residences.Residences, "lived", _ever_lived)),
    "the first home listed counts": (
        LIVED,
        (residences.Residences, "lived", _first_written_home),
    ),
    "one year is recent": (LIVED, (residences, "RECENT_YEARS", 1)),
    "the default serves research": (WRITTEN, (R, "_by_default", _default_serves_all_purposes)),
    "the default waits for no notice": (YESTERDAY, (R, "_by_default", _default_without_notice)),
    "a new facility never waits": (YESTERDAY, (R, "_wait", _never)),
    "who asks first is only told": (WRITTEN, (R, "_wait", _asked_is_told)),
    "every facility is to be asked about": (WRITTEN, (R, "_wait", _asks_all)),
    "notice of a day": (WRITTEN, (recipients, "NOTICE", timedelta(days=1))),
    "an answer of a waiting facility is kept": (
        KEPT,
        (decide, "NOTICE", timedelta()),
    ),
    "scope forgets sources": (SCOPE, (F, "named_sources", _no_sources)),
    "scope reaches secret": (SCOPE, (decide, "RESTRICTED", 2)),
    "scope forgets hidden records": (SCOPE, (P, "_exceptions", _without("hidden"))),
    "scope forgets hidden periods": (SCOPE, (P, "_exceptions", _without("hidden_periods"))),
    "scope forgets raised marks": (SCOPE, (P, "_exceptions", _without("raised"))),
    "scope forgets lowered marks": (SCOPE, (P, "_exceptions", _without("lowered"))),
    "scope forgets what was unsealed": (SCOPE, (P, "_exceptions", _without("unsealed"))),
    "scope shares what was sealed": (SCOPE, (P, "_exceptions", _without("sealed"))),
    "scope forgets shares": (
        SCOPE,
        (P, "_exceptions", _without("shared", "shared_categories")),
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_bent_rule_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    law, patch = MUTANTS[name]
    monkeypatch.setattr(*patch)
    with pytest.raises(AssertionError):
        DEEPER[law]()
