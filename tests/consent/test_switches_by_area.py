"""Hanako opens and closes many facilities at once: region, then type, then the single one."""

import pytest
from msgspec import structs

from api.consent.facts import Directive, NetworkRules, Participation, Residence
from api.consent.settings.summary import summary
from api.consent.settings.switches import (
    ChooseScheme,
    Command,
    SetAskFirst,
    SetEveryone,
    SetFacility,
    SetFacilityType,
    SetLived,
    SetProfession,
    SetRegion,
    SetSecondaryUse,
    SetTeam,
    apply,
)
from tests.consent.scene import (
    BLANKET,
    CLINIC,
    DR_SATO,
    JOINED,
    NETWORK,
    NOW,
    PHARMACIST_ITO,
    allow,
    ask,
    decide,
    directive,
    record,
)
from tests.consent.test_switches_by_name import HOME

HOME_AREA = structs.replace(NETWORK, recipient_default="home_area")
LIVES_HERE = structs.replace(JOINED, residences=(Residence("4301"),))
REGIONS, TYPES = ("43", "4301", "4302"), ("clinic", "pharmacy")


def turn(start: Directive, *commands: Command, network: NetworkRules = NETWORK) -> Directive:
    for command in commands:
        start = apply(start, command, network, NOW)
    return start


def sees(
    settings_now: Directive,
    who=DR_SATO,
    network: NetworkRules = NETWORK,
    participation: Participation = JOINED,
    purpose_of_use: str = "TREAT",
) -> bool:
    question = ask(who, purpose_of_use)
    return decide(network, participation, settings_now, question, record()).outcome == "permit"


def shown(settings_now: Directive, network: NetworkRules = NETWORK):
    return summary(settings_now, network, NOW, regions=REGIONS, facility_types=TYPES)


def on(switches) -> list[str]:
    return [switch.code for switch in switches if switch.is_on]


def test_the_ministry_s_order_region_type_profession_individual() -> None:
    region = turn(Directive(), SetRegion("43", on=True))
    assert sees(region)
    assert sees(region, PHARMACIST_ITO)
    types = turn(region, SetFacilityType("pharmacy", on=False))
    assert sees(types)
    assert not sees(types, PHARMACIST_ITO)
    nobody = turn(types, SetProfession("physician", on=False))
    assert not sees(nobody)
    closed = turn(types, SetRegion("43", on=False))
    assert not sees(closed)
    mine = turn(closed, SetFacility(CLINIC, on=True))
    assert sees(mine), "region off, my clinic on"
    assert not sees(mine, structs.replace(DR_SATO, facility_id=PHARMACIST_ITO.facility_id))


def test_a_type_turned_back_on_opens_no_more_than_its_regions() -> None:
    region = turn(Directive(), SetRegion("4301", on=True))
    again = turn(
        region, SetFacilityType("pharmacy", on=False), SetFacilityType("pharmacy", on=True)
    )
    assert again.provisions == region.provisions
    assert not sees(again, PHARMACIST_ITO), "a pharmacy of another region"
    assert on(shown(again).facility_types) == ["clinic", "pharmacy"]


def test_a_type_alone_is_on_everywhere_or_in_one_region() -> None:
    everywhere = turn(Directive(), SetFacilityType("clinic", on=True))
    assert sees(everywhere)
    assert not sees(everywhere, PHARMACIST_ITO)
    here = turn(Directive(), SetFacilityType("clinic", on=True, region="4302"))
    assert not sees(here)
    assert len(shown(here).types_in_regions) == 1
    assert turn(here, SetFacilityType("clinic", on=False, region="4302")).provisions == ()


def test_one_region_off_while_the_prefecture_is_on() -> None:
    start = turn(Directive(), SetRegion("43", on=True), SetRegion("4301", on=False))
    assert not sees(start)
    assert sees(start, PHARMACIST_ITO)
    assert on(shown(start).regions) == ["43"]
    assert sees(turn(start, SetRegion("4301", on=True)))


def test_where_i_live_now() -> None:
    home = turn(Directive(), SetLived("now", on=True))
    assert sees(home, participation=LIVES_HERE)
    assert not sees(home, PHARMACIST_ITO, participation=LIVES_HERE)
    assert not sees(turn(home, SetLived("now", on=False)), participation=LIVES_HERE)


def test_an_area_says_when_it_was_chosen() -> None:
    for command in (SetRegion("43", on=True), SetEveryone(True), SetLived("now", on=True)):
        (row,) = turn(Directive(), command).provisions
        assert (row.set_at, row.valid_to) == (NOW, None)


@pytest.mark.parametrize("network", [NETWORK, HOME_AREA, BLANKET])
@pytest.mark.parametrize(
    ("scheme", "sato", "ito"),
    [
        ("named", False, False),
        ("care_team", False, False),
        ("home_area", True, False),
        ("all_facilities", True, True),
    ],
)
def test_each_scheme_lets_in_whom_it_says_in_every_network(
    network: NetworkRules, scheme: str, sato: bool, ito: bool
) -> None:
    for before in ("named", "all_facilities", "home_area", "care_team"):
        start = turn(Directive(), ChooseScheme(before), ChooseScheme(scheme), network=network)
        assert sees(start, DR_SATO, network, LIVES_HERE) is sato
        assert sees(start, PHARMACIST_ITO, network, LIVES_HERE) is ito
        assert shown(start, network).scheme == ("named" if scheme == "care_team" else scheme)


def test_choosing_the_care_team_keeps_what_was_named() -> None:
    start = turn(
        Directive(),
        SetRegion("43", on=True),
        SetFacility(CLINIC, on=True),
        SetTeam(HOME, on=True),
    )
    after = turn(start, ChooseScheme("care_team"))
    assert [bool(r.region) for r in after.provisions] == [False, False]
    assert after.teams == (HOME,)
    assert turn(start, ChooseScheme("named")) is start


def test_secondary_use_is_its_own_choice_and_ends_when_withdrawn() -> None:
    for network in (NETWORK, BLANKET):
        start = turn(Directive(), ChooseScheme("named"), network=network)
        assert not sees(start, network=network, purpose_of_use="HRESCH")
        chosen = turn(start, SetSecondaryUse("HRESCH", on=True), network=network)
        assert sees(chosen, network=network, purpose_of_use="HRESCH")
        assert not sees(chosen, network=network)
        assert on(shown(chosen, network).secondary_uses) == ["HRESCH"]
        withdrawn = turn(chosen, SetSecondaryUse("HRESCH", on=False), network=network)
        assert withdrawn.provisions == start.provisions


@pytest.mark.parametrize("purpose", ["TREAT", "HMARKT"])
def test_treatment_and_unknown_purposes_are_no_secondary_use(purpose: str) -> None:
    with pytest.raises(ValueError, match="purpose"):
        turn(Directive(), SetSecondaryUse(purpose, on=True))


def test_secondary_use_keeps_what_one_row_gave_for_treatment() -> None:
    both = directive(allow(everyone=True, purposes=("TREAT", "HRESCH")))
    off = turn(both, SetSecondaryUse("HRESCH", on=False))
    assert sees(off)
    assert not sees(off, purpose_of_use="HRESCH")


def test_asking_first_begins_once() -> None:
    first = turn(Directive(), SetAskFirst(True))
    assert first.asks_first_since == NOW
    assert apply(first, SetAskFirst(True), NETWORK, NOW.replace(year=2027)) is first
    assert turn(first, SetAskFirst(False)).asks_first_since is None
