"""Hanako turns switches: each gives one next version, says it once, and can be taken back."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from api.consent.facts import Directive, NetworkRules, Provision
from api.consent.settings.summary import summary
from api.consent.settings.switches import (
    Command,
    Exclude,
    HideRecords,
    SetCategory,
    SetFacility,
    SetProfession,
    apply,
)
from tests.consent.commands import (
    AREA_SWITCHES,
    COMMANDS,
    LATER,
    NETWORKS,
    RECIPIENT_SWITCHES,
    SWITCHES,
    quickly,
)
from tests.consent.difference import difference
from tests.consent.laws import Case, cases
from tests.consent.scene import (
    BLANKET,
    CLINIC,
    DR_SATO,
    JOINED,
    MORI,
    NETWORK,
    NOW,
    PHARMACIST_ITO,
    PHARMACY,
    allow,
    ask,
    decide,
    directive,
    exclude,
    hide,
    record,
    refuse,
    show,
)


def turn(start: Directive, *commands: Command, network: NetworkRules = NETWORK) -> Directive:
    for command in commands:
        start = apply(start, command, network, NOW)
    return start


def outcome(settings_now: Directive, network: NetworkRules = NETWORK) -> str:
    return decide(network, JOINED, settings_now, ask(), record()).outcome


def test_one_clinic_doctors_and_prescriptions_only() -> None:
    chosen = turn(
        Directive(),
        SetFacility(CLINIC, on=True, until=LATER),
        SetProfession("pharmacist", on=False),
        SetCategory("lab", on=False),
        SetCategory("care", on=False),
    )
    assert chosen.version == 4
    assert outcome(chosen) == "permit"
    shown = summary(chosen, NETWORK, NOW)
    assert [(row.facility_id, row.valid_to) for row in shown.facilities] == [(CLINIC, LATER)]
    assert [(each.code, each.is_on, each.by) for each in shown.professions] == [
        ("physician", True, "network"),
        ("pharmacist", False, "settings"),
        ("clerk", False, "network"),
    ]
    assert [switch.code for switch in shown.categories if switch.is_on] == ["prescription"]


def test_a_switch_turned_twice_makes_one_version() -> None:
    once = turn(Directive(), SetFacility(CLINIC, on=True))
    assert turn(once, SetFacility(CLINIC, on=True)) is once


def test_turning_a_clinic_off_leaves_nothing_that_matches() -> None:
    off = turn(Directive(), SetFacility(CLINIC, on=True), SetFacility(CLINIC, on=False))
    assert (off.version, off.provisions) == (2, ())
    assert outcome(off) == "deny"


@pytest.mark.parametrize(
    ("network", "start"),
    [(BLANKET, Directive()), (NETWORK, directive(allow(region="43")))],
    ids=["blanket network", "region on"],
)
def test_a_clinic_off_stays_off_where_something_wider_is_on(
    network: NetworkRules, start: Directive
) -> None:
    assert outcome(start, network) == "permit"
    off = turn(start, SetFacility(CLINIC, on=False), network=network)
    assert outcome(off, network) == "deny"
    on = turn(off, SetFacility(CLINIC, on=True), network=network)
    assert outcome(on, network) == "permit"


def test_a_new_end_replaces_the_old_one() -> None:
    first = turn(Directive(), SetFacility(CLINIC, on=True, is_endless=True))
    ending = turn(first, SetFacility(CLINIC, on=True, until=LATER))
    change = difference(first, ending)
    assert [rule.valid_to for rule in change.added] == [LATER]
    assert [rule.valid_to for rule in change.removed] == [None]


def test_an_ended_permit_shows_as_off() -> None:
    ended = directive(allow(facility_id=CLINIC, valid_to=NOW))
    assert summary(ended, NETWORK, NOW).facilities == ()
    assert summary(ended, NETWORK, NOW - timedelta(seconds=1)).facilities != ()


@pytest.mark.parametrize("block", [exclude, refuse], ids=["excluded", "refused"])
def test_a_blocked_facility_never_shows_as_on(block: type) -> None:
    settings_now = directive(allow(facility_id=CLINIC), block(facility_id=CLINIC))
    assert summary(settings_now, NETWORK, NOW).facilities == ()


def test_a_switch_does_not_lift_an_exclusion() -> None:
    excluded = directive(exclude(facility_id=CLINIC))
    assert outcome(turn(excluded, SetFacility(CLINIC, on=True))) == "deny"


def test_a_switch_leaves_finer_rows_and_research_alone() -> None:
    rows = (
        allow(facility_id=CLINIC, purposes=("HRESCH",)),
        hide(category="lab", profession="clerk"),
        show(category="lab", profession="physician"),
    )
    start = directive(*rows)
    after = turn(start, SetFacility(CLINIC, on=False), SetCategory("lab", on=True))
    assert after is start


def test_a_temporary_deny_becomes_a_lasting_one() -> None:
    start = directive(hide(category="lab", valid_to=LATER))
    off = turn(start, SetCategory("lab", on=False))
    assert [rule.valid_to for rule in off.provisions] == [None]


@quickly
@given(cases, COMMANDS, NETWORKS)
def test_a_command_said_twice_changes_nothing_more(
    case: Case, command: Command, network: NetworkRules
) -> None:
    once = apply(directive(*case.rules), command, network, NOW)
    assert apply(once, command, network, NOW + timedelta(minutes=5)) is once


@quickly
@given(st.lists(COMMANDS, max_size=5), SWITCHES, NETWORKS)
def test_a_switch_turned_and_turned_back_is_as_before(
    history: list[Command], command: Command, network: NetworkRules
) -> None:
    start = turn(Directive(), *history, network=network)
    is_hiding = isinstance(command, HideRecords | Exclude)
    off = turn(start, structs.replace(command, on=is_hiding), network=network)
    there = turn(off, structs.replace(command, on=not is_hiding), network=network)
    back = turn(there, structs.replace(command, on=is_hiding), network=network)
    assert difference(_own(off), _own(back)) == difference(off, off)


def _own(directive: Directive) -> Directive:
    """Whoever turned it back said so themselves: where a rule came from before is not asked."""
    rules = (structs.replace(each, origin="participant") for each in directive.provisions)
    return structs.replace(directive, provisions=tuple(rules))


@quickly
@given(st.lists(COMMANDS, max_size=6), NETWORKS)
def test_each_version_says_what_changed(history: list[Command], network: NetworkRules) -> None:
    start = Directive()
    for command in history:
        after = apply(start, command, network, NOW)
        change = difference(start, after)
        assert bool(change.added or change.removed or change.changed) == (after is not start)
        assert after.version == start.version + (after is not start)
        start = after


@quickly
@given(cases, RECIPIENT_SWITCHES)
def test_turning_something_off_opens_nothing(case: Case, command: Command) -> None:
    before = directive(*case.rules)
    after = apply(before, structs.replace(command, on=False), case.network, NOW)
    for facts in case.questions():
        if decide(case.network, case.participation, after, *facts).outcome == "permit":
            first = decide(case.network, case.participation, before, *facts)
            assert first.outcome == "permit"


@quickly
@given(st.lists(COMMANDS, max_size=4), AREA_SWITCHES)
def test_an_area_turned_off_lets_nobody_in_but_by_name(
    history: list[Command], command: Command
) -> None:
    start = turn(Directive(), *history)
    off = turn(start, structs.replace(command, on=False))
    back = turn(off, structs.replace(command, on=True))
    again = turn(back, structs.replace(command, on=False))
    for who in (DR_SATO, PHARMACIST_ITO):
        question = ask(who)
        assert (
            decide(NETWORK, JOINED, again, question, record()).basis.step
            == decide(NETWORK, JOINED, off, question, record()).basis.step
        )


@quickly
@given(cases, st.lists(COMMANDS, max_size=6), NETWORKS)
def test_every_row_has_one_place_on_the_page(
    case: Case, history: list[Command], network: NetworkRules
) -> None:
    settings_now = turn(directive(*case.rules), *history, network=network)
    shown = summary(settings_now, network, NOW, regions=("43", "4301"), facility_types=("clinic",))
    rows: list[Provision] = []
    for name in shown.__struct_fields__:
        section = getattr(shown, name)
        if name == "ending":
            continue
        for each in section if isinstance(section, tuple) else (section,):
            row = each if isinstance(each, Provision) else getattr(each, "row", None)
            rows += [row] if row is not None else []
    ahead = [r for r in settings_now.provisions if r.valid_to is None or r.valid_to > NOW]
    assert sorted(row.id for row in rows) == [rule.id for rule in ahead]


@quickly
@given(st.lists(COMMANDS, max_size=6), st.sampled_from((CLINIC, PHARMACY)), NETWORKS)
def test_what_the_page_shows_as_on_is_let_in(
    history: list[Command], facility_id: UUID, network: NetworkRules
) -> None:
    settings_now = turn(Directive(), *history, network=network)
    shown = set(summary(settings_now, network, NOW).facility_ids)
    question = ask(facility_id=facility_id, professional_id=MORI)
    decision = decide(network, JOINED, settings_now, question, record())
    if facility_id in shown:
        assert decision.basis.step not in ("recipient", "excluded")
