"""Three networks, three ways of consenting: people register, pick, and who sees what follows."""

from collections.abc import AsyncIterator
from datetime import date

import pytest
import pytest_asyncio

from api.consent import policies
from api.consent import service as consent
from api.consent.errors import NoSuchScheme
from api.consent.facts import TREATMENT, Request, Residence, Team
from api.consent.lifecycle import dwelling, joining, schemes
from api.consent.settings.requesters import anybody_of, standing_well
from api.consent.settings.switches import ChooseScheme, SetFacility, SetTeam
from api.core import clock
from api.core.actor import OPERATOR, Actor
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.directory import registry
from api.directory import service as directory
from api.directory.registry import NewFacility
from api.identity import service as identity
from api.identity.enrolling import enrolment, intake
from tests.conftest import Deployment
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import Paper, some_card
from tests.lifecycle.conftest import KUMAMOTO, PROFILES
from tests.portal import scene
from tests.portal.scene import Place


@pytest_asyncio.fixture
async def back(network: Deployment) -> AsyncIterator[None]:
    yield
    await directory.adopt_profile(KUMAMOTO)


async def facility(region: str, kind: str = "clinic") -> Place:
    code = f"31{uuid7().int % 10**8:08}"
    names = (f"施設{code}", "シセツ", f"Facility {code}")
    facility_id = await registry.add_facility(OPERATOR, NewFacility(code, *names, kind, region))
    return Place(facility_id, code, names[0], names[2])


async def register(scheme: str | None = None) -> Actor:
    """Card, code, terms, passkey, as on the pages."""
    card = some_card(directory.profile().card_scheme)
    person = intake.Paper("山本 花子", "ヤマモト ハナコ", "female", date(1940, 4, 9))
    participant_id = await intake.admit(OPERATOR, person, card)
    paper = Paper(participant_id, card, await intake.issue_code(OPERATOR, participant_id))
    ticket = await paper.begin()
    await joining.accept(ticket, consent.terms_in_force(), scheme)
    options = await enrolment.passkey_options(ticket)
    session = await joining.finish(ticket, Authenticator().create(options))
    return await identity.actor_of(session.token)


async def is_let_in(who: Actor, place: Place, person: Actor | None = None) -> bool:
    """A professional there, by the policy a read uses."""
    policy = policies.compiled(await consent.settings(who))
    if person is None:
        line = (await directory.named(OPERATOR, [place.facility_id]))[place.facility_id]
        asking = anybody_of(line)
    else:
        assert person.professional_id
        found = await directory.people(OPERATOR, [person.professional_id])
        asking = standing_well(found[person.professional_id])
    return policy.scope(Request(asking, TREATMENT, clock.now())).outcome == "permit"


async def test_kumamoto_lets_in_named_facilities_alone(back: None) -> None:
    await directory.adopt_profile(KUMAMOTO)
    clinic, other = await facility("aso"), await facility("aso")
    hanako = await register()
    assert schemes.offers("ja") == []
    assert not await is_let_in(hanako, clinic)
    named = SetFacility(facility_id=clinic.facility_id, on=True)
    await consent.change(hanako, [named], expected_version=0)
    assert await is_let_in(hanako, clinic)
    assert not await is_let_in(hanako, other)
    state = await consent.settings(hanako)
    assert state.participation.data_from == clock.today_in_japan()
    with pytest.raises(NoSuchScheme):
        await register("all_facilities")


async def test_tottori_has_three_schemes_at_once_and_facilities_across_the_border(
    back: None,
) -> None:
    await directory.adopt_profile(PROFILES / "tottori_demo.toml")
    assert [each.code for each in schemes.offers("en")] == ["named", "all_facilities", "care_team"]
    clinic, shimane = await facility("tottori_west"), await facility("shimane_prefecture")
    hanako, yumi, taro = [await register(each) for each in ("named", "all_facilities", "care_team")]
    for who, expected in ((hanako, False), (yumi, True), (taro, False)):
        assert [await is_let_in(who, each) for each in (clinic, shimane)] == [expected] * 2
    assert [await schemes.chosen(each) for each in (hanako, yumi, taro)] == [
        "named",
        "all_facilities",
        "care_team",
    ]
    sato = await scene.professional(shimane, "佐藤 健一", "physician")
    mori = await scene.professional(shimane, "森 大輔", "physician")
    assert sato.professional_id
    team = Team(uuid7(), "わたしの担当", (sato.professional_id,))
    version = (await consent.settings(taro)).directive.version
    await consent.change(taro, [SetTeam(team=team, on=True)], expected_version=version)
    assert await is_let_in(taro, shimane, sato)
    assert not await is_let_in(taro, shimane, mori)
    later = await facility("tottori_east")
    assert not await is_let_in(yumi, later), "it asks first"
    version = (await consent.settings(yumi)).directive.version
    named = SetFacility(facility_id=later.facility_id, on=True)
    await consent.change(yumi, [named], expected_version=version)
    assert await is_let_in(yumi, later)


async def test_the_ministrys_network_lets_in_the_home_area_once_it_is_told(back: None) -> None:
    await directory.adopt_profile(PROFILES / "national_demo.toml")
    aso, amakusa = await facility("aso"), await facility("amakusa")
    hanako = await register()
    assert await schemes.chosen(hanako) == "home_area"
    assert not await is_let_in(hanako, aso)
    await dwelling.live_in(hanako, (Residence("aso"),), expected_version=0)
    assert await is_let_in(hanako, aso)
    assert not await is_let_in(hanako, amakusa)
    off = SetFacility(facility_id=aso.facility_id, on=False)
    await consent.change(hanako, [off], expected_version=0)
    assert not await is_let_in(hanako, aso)
    assert (await consent.settings(hanako)).participation.data_from is None
    choosy = await register("named")
    await dwelling.live_in(choosy, (Residence("aso"),), expected_version=0)
    assert not await is_let_in(choosy, aso)


async def test_a_scheme_that_lets_in_the_same_people_is_chosen_all_the_same(back: None) -> None:
    await directory.adopt_profile(PROFILES / "tottori_demo.toml")
    hanako = await register()
    version = (await consent.settings(hanako)).directive.version
    chosen = [ChooseScheme(code="care_team")]
    assert not await consent.already_so(hanako, await consent.settings(hanako), chosen)
    state = await consent.change(hanako, chosen, expected_version=version)
    assert state.directive.version == version + 1
    assert await schemes.chosen(hanako) == "care_team"
    again = await consent.change(hanako, chosen, expected_version=version + 1)
    assert again.directive.version == version + 1
    assert await consent.already_so(hanako, again, chosen)


async def test_a_scheme_chosen_later_and_taken_back(back: None) -> None:
    await directory.adopt_profile(PROFILES / "tottori_demo.toml")
    clinic, hanako = await facility("tottori_west"), await register()
    version = (await consent.settings(hanako)).directive.version
    await consent.change(hanako, [ChooseScheme(code="all_facilities")], expected_version=version)
    assert await schemes.chosen(hanako) == "all_facilities"
    assert await is_let_in(hanako, clinic)
    await consent.undo(hanako, expected_version=version + 1)
    assert await schemes.chosen(hanako) == "named"
    assert not await is_let_in(hanako, clinic)
    async with unit_of_work(hanako) as tx:
        assert await tx.fetchval("SELECT count(*) FROM directive") == version + 2
