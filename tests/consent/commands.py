"""Every command Hanako can give, as hypothesis draws them."""

from datetime import date, timedelta
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from api.consent.facts import Team
from api.consent.settings.switches import (
    ChooseScheme,
    Exclude,
    Extend,
    HidePeriod,
    HideRecords,
    MarkRecord,
    RefuseSource,
    Remove,
    SetAskFirst,
    SetCategory,
    SetCell,
    SetEveryone,
    SetFacility,
    SetFacilityType,
    SetIncomingLevel,
    SetLived,
    SetProfession,
    SetProfessional,
    SetRegion,
    SetSecondaryUse,
    SetTeam,
    Share,
)
from tests.consent.scene import (
    BLANKET,
    CLINIC,
    HOSPITAL,
    ITO,
    MORI,
    NETWORK,
    NOW,
    PHARMACY,
    SATO,
    TEAM,
)

LATER = NOW + timedelta(days=90)
REPORT, SCAN = UUID(int=101), UUID(int=102)
FACILITIES = st.sampled_from((CLINIC, PHARMACY))
PEOPLE = st.sampled_from((SATO, ITO))
REGIONS = st.sampled_from(("43", "4301", "4302"))
TYPES = st.sampled_from(("clinic", "pharmacy"))
ON = st.booleans()
TERM = {"until": st.sampled_from((None, LATER)), "level": st.sampled_from((0, 1))}
RECORD_IDS = st.sampled_from(((REPORT,), (SCAN,), (REPORT, SCAN)))
TEAMS = st.sampled_from((Team(TEAM, "Home", (MORI,)), Team(TEAM, "Home", (MORI, SATO))))

AREA_SWITCHES = st.one_of(
    st.builds(SetRegion, REGIONS, ON),
    st.builds(SetLived, st.sampled_from(("now", "recent", "before")), ON),
    st.builds(SetFacilityType, TYPES, ON, st.one_of(st.none(), REGIONS)),
    st.builds(SetEveryone, ON),
)
RECIPIENT_SWITCHES = st.one_of(
    AREA_SWITCHES,
    st.builds(SetFacility, FACILITIES, ON, **TERM),
    st.builds(SetProfessional, PEOPLE, ON, **TERM),
)
SWITCHES = st.one_of(
    RECIPIENT_SWITCHES,
    st.builds(SetProfession, st.sampled_from(NETWORK.professions), ON),
    st.builds(SetCategory, st.sampled_from(NETWORK.categories), ON),
    st.builds(SetSecondaryUse, st.just("HRESCH"), ON),
    st.builds(HideRecords, RECORD_IDS, ON),
    st.builds(Exclude, ON, professional_id=PEOPLE),
    st.builds(Exclude, ON, facility_id=FACILITIES),
)
COMMANDS = st.one_of(
    SWITCHES,
    st.builds(SetTeam, TEAMS, ON, **TERM),
    st.builds(ChooseScheme, st.sampled_from(("named", "all_facilities", "home_area", "care_team"))),
    st.builds(
        SetCell,
        st.sampled_from(("permit", "deny", "none")),
        profession=st.sampled_from((None, "physician")),
        category=st.sampled_from(("lab", "prescription")),
        source_facility_id=st.sampled_from((None, HOSPITAL)),
        facility_id=st.sampled_from((None, CLINIC)),
    ),
    st.builds(
        HidePeriod,
        ON,
        source_facility_id=st.sampled_from((None, HOSPITAL)),
        data_from=st.just(date(2026, 2, 1)),
        data_to=st.sampled_from((None, date(2026, 3, 1))),
        category=st.sampled_from((None, "lab")),
    ),
    st.builds(MarkRecord, st.sampled_from((REPORT, SCAN)), st.sampled_from((None, 0, 1, 2))),
    st.builds(SetIncomingLevel, st.sampled_from((0, 1, 2))),
    st.builds(SetAskFirst, ON),
    st.builds(RefuseSource, FACILITIES, ON),
    st.builds(Share, st.just(LATER), facility_id=FACILITIES, record_ids=RECORD_IDS),
    st.builds(Share, st.just(LATER), professional_id=PEOPLE, category=st.just("lab")),
    st.builds(Remove, st.integers(1, 6)),
)
NETWORKS = st.sampled_from((NETWORK, BLANKET))
quickly = settings(
    max_examples=300,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
EXTENSIONS = st.builds(Extend, st.integers(1, 6), st.sampled_from((None, LATER)))
