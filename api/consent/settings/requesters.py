"""Who may ask, before they do: facilities and people of the directory as requesters."""

from api.consent.facts import Requester
from api.directory import service as directory
from api.directory.service import FacilityLine, PersonLine


def anybody_of(line: FacilityLine) -> Requester:
    """A system of this active facility; who is let in does not depend on the profession."""
    profile = directory.profile()
    return Requester(
        kind="system",
        facility_id=line.facility_id,
        profession=profile.professions[0].code,
        facility_type=line.facility_type,
        regions=profile.regions_around(line.region),
        facility_joined_at=line.joined_at,
        facility_is_active=True,
    )


def standing_well(line: PersonLine) -> Requester:
    """This professional at their facility, taken as trained and in good standing."""
    return Requester(
        kind="professional",
        facility_id=line.facility_id,
        professional_id=line.professional_id,
        profession=line.profession,
        facility_type=line.facility_type,
        regions=directory.profile().regions_around(line.region),
        facility_joined_at=line.facility_joined_at,
        facility_is_active=True,
        professional_is_active=True,
        is_trained=True,
    )
