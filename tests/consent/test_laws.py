"""The laws hold for thousands of random settings, and notice when a rule is bent."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from api.consent import decide, filters, recipients
from api.consent.facts import NORMAL, Provision, Request, Ruling
from tests.consent.laws import LAWS


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


def _live(self: Any, request: Request) -> list[tuple[bool, list[tuple[Provision, Ruling]]]]:
    tiers = []
    for has_levels, rows in self._tiers(request.requester, request.now):
        live = [row for row in rows if row[0].applies(request.purpose_of_use, request.now)]
        tiers.append((has_levels, live))
    return tiers


def _any_deny_wins(self: Any, request: Request) -> tuple[Ruling | None, int]:
    rows = [row for _, live in _live(self, request) for row in live]
    rulings = sorted((row[1] for row in rows), key=lambda ruling: ruling.outcome == "permit")
    return (rulings[0] if rulings else None), NORMAL


def _lowest_level(self: Any, request: Request) -> tuple[Ruling | None, int]:
    decided, levels = None, []
    for has_levels, live in _live(self, request):
        for rule, ruling in live:
            decided = decided or ruling
            if rule.kind == "deny":
                return decided, min(levels, default=NORMAL)
            if has_levels:
                levels.append(rule.level)
    return decided, min(levels, default=NORMAL)


def _level_below_a_deny(self: Any, request: Request) -> tuple[Ruling | None, int]:
    rows = [(named, row) for named, live in _live(self, request) for row in live]
    level = max((row[0].level for named, row in rows if named), default=NORMAL)
    return (rows[0][1][1] if rows else None), level


def _one_deny_cancels_another(live: list[Any], by_default: Ruling) -> Ruling:
    denies = [row for row in live if row.rule.kind == "deny"]
    return denies[0].ruling if len(denies) % 2 else by_default


def _matrix_always_wins(live: list[Any], by_default: Ruling) -> Ruling:
    denies = [row for row in live if row.rule.kind == "deny"]
    return denies[0].ruling if denies else by_default


def _nobody_is_excluded(self: Any, request: Request) -> None:
    return None


def _excluded_for_treatment(self: Any, request: Request) -> Ruling | None:
    return EXCLUSION(self, request) if request.purpose_of_use == "TREAT" else None


def _ignores_the_date(self: Any, record: Any) -> bool:
    return False


def _no_sources(self: Any) -> Iterator[Any]:
    return iter(())


def _as_many_names(permit: Any, deny: Any) -> bool:
    return permit.names.bit_count() >= deny.names.bit_count()


EXCLUSION = recipients.Recipients.exclusion
R, P = recipients.Recipients, decide.Policy
WRITTEN = "core_follows_the_written_order"
BESIDE = "a_permit_beside_a_deny_changes_nothing"
PERIOD = "a_rule_is_gone_at_its_end_and_there_at_its_start"
SCOPE = "scope_is_the_decision_for_every_record"

MUTANTS: dict[str, tuple[str, Patch]] = {
    "any deny wins": (WRITTEN, (R, "decide", _any_deny_wins)),
    "permit wins ties": (
        BESIDE,
        (recipients, "rank", lambda row: (row[0].kind == "deny", row[0].id)),
    ),
    "first row listed wins": (
        "order_of_rules_never_matters",
        (recipients, "rank", lambda row: 0),
    ),
    "lowest level counts": ("an_expiring_permit_never_opens", (R, "decide", _lowest_level)),
    "level of a permit under a deny": (BESIDE, (R, "decide", _level_below_a_deny)),
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
    "as many names lift a deny": (WRITTEN, (filters, "is_narrower", _as_many_names)),
    "nobody is excluded": ("an_exclusion_is_absolute", (R, "exclusion", _nobody_is_excluded)),
    "excluded for treatment alone": (
        "an_exclusion_is_absolute",
        (R, "exclusion", _excluded_for_treatment),
    ),
    "own records open to the excluded": (
        "an_exclusion_is_absolute",
        (decide, "_SHUT", decide._SHUT - {"excluded"}),
    ),
    "secret is restricted": (WRITTEN, (decide, "SECRET", 3)),
    "emergency opens by itself": (WRITTEN, (decide, "EMERGENCY", frozenset())),
    "data_from is forgotten": (WRITTEN, (P, "_is_too_old", _ignores_the_date)),
    "scope forgets sources": (SCOPE, (filters.Filters, "named_sources", _no_sources)),
    "scope reaches secret": (SCOPE, (decide, "RESTRICTED", 2)),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_bent_rule_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    law, patch = MUTANTS[name]
    monkeypatch.setattr(*patch)
    with pytest.raises(AssertionError):
        LAWS[law]()
