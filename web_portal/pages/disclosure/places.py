"""Where on the settings pages each command has its switch."""

from collections.abc import Sequence

from api.consent.settings import switches as to_turn
from api.consent.settings.switches import Command


def place_of(command: Command) -> str:
    """The id its switch has on any page that shows it."""
    match command:
        case to_turn.SetFacility(facility_id=facility_id):
            return f"facility-{facility_id}"
        case to_turn.SetProfession(code=code):
            return f"profession-{code}"
        case to_turn.SetCategory(code=code):
            return f"category-{code}"
        case to_turn.SetRegion(code=code):
            return f"region-{code}"
        case to_turn.SetLived(lived=lived):
            return f"lived-{lived}"
        case to_turn.SetFacilityType(code=code):
            return f"type-{code}"
        case to_turn.SetEveryone():
            return "everyone"
        case to_turn.SetProfessional(professional_id=professional_id):
            return f"person-{professional_id}"
        case to_turn.SetTeam(team=team):
            return f"team-{team.id}"
        case to_turn.SetCell(category=category, facility_id=facility_id) if facility_id:
            return f"cell-{category}"
        case to_turn.RefuseSource(facility_id=facility_id):
            return f"source-{facility_id}"
        case to_turn.SetAskFirst():
            return "ask-first"
        case to_turn.SetSecondaryUse(purpose=purpose):
            return f"purpose-{purpose}"
        case to_turn.Extend(provision_id=provision_id):
            return f"row-{provision_id}"
        case _:
            return ""


def section_of(commands: Sequence[Command]) -> str:
    """The page to return to where nothing else is said."""
    for command in commands:
        match command:
            case to_turn.SetFacility(facility_id=facility_id):
                return f"/disclosure/facilities/{facility_id}"
            case to_turn.SetProfession():
                return f"/disclosure/professions#{place_of(command)}"
            case to_turn.SetCategory():
                return f"/disclosure/categories#{place_of(command)}"
            case to_turn.SetFacilityType(region=region) if region:
                return f"/disclosure/areas/{region}#{place_of(command)}"
            case (
                to_turn.SetRegion()
                | to_turn.SetLived()
                | to_turn.SetFacilityType()
                | to_turn.SetEveryone()
            ):
                return f"/disclosure/areas#{place_of(command)}"
            case to_turn.SetProfessional(professional_id=professional_id):
                return f"/disclosure/people/{professional_id}"
            case to_turn.Exclude(professional_id=professional_id) if professional_id:
                return f"/disclosure/people/{professional_id}"
            case (
                to_turn.Exclude(facility_id=facility_id)
                | to_turn.RefuseSource(facility_id=facility_id)
            ):
                return f"/disclosure/facilities/{facility_id}"
            case to_turn.SetTeam():
                return "/disclosure/teams"
            case to_turn.SetCell(facility_id=facility_id) if facility_id:
                return f"/disclosure/facilities/{facility_id}/categories#{place_of(command)}"
            case to_turn.SetCell() | to_turn.Remove():
                return "/disclosure/details"
            case to_turn.SetAskFirst():
                return "/disclosure/new-facilities"
            case to_turn.SetSecondaryUse():
                return "/disclosure/research"
    return "/disclosure"
