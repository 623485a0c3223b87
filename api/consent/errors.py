"""Refusals about settings and participation."""

from collections.abc import Iterable

from api.consent.fhir_reading import Fault
from api.consent.switches import Command
from api.core.errors import Conflict, Problem


class SettingsChangedMeanwhile(Conflict):
    """The form was made from an older version; the newer one stands, nothing was lost.

    `version` is the newest; `meanwhile` says what each version since did, an undoing nothing;
    `wanted` is what was asked for now and not done.
    """

    key = "error.consent.changed_meanwhile"

    def __init__(
        self,
        version: int,
        meanwhile: tuple[tuple[Command, ...], ...] = (),
        wanted: tuple[Command, ...] = (),
    ) -> None:
        super().__init__(version=version)
        self.version, self.meanwhile, self.wanted = version, meanwhile, wanted


class UnknownChoice(Problem):
    """Something this network, or this participant, does not have."""

    status = 422
    key = "error.consent.unknown_choice"


class NoLongerHere(Problem):
    """A professional or a facility that left cannot be let in."""

    status = 422
    key = "error.consent.no_longer_here"


class EndIsPast(Problem):
    status = 422
    key = "error.consent.end_is_past"


class Contradiction(Problem):
    """What was asked for could not be meant: two recipients, an end before the beginning."""

    status = 422
    key = "error.consent.contradiction"


class ConsentNotTaken(Problem):
    """A FHIR Consent that cannot be read as settings; `where` names each fault's FHIRPath."""

    status = 422
    key = "error.consent.not_taken"

    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__()
        self.faults = tuple(dict.fromkeys(faults))

    @property
    def where(self) -> list[str]:
        return [fault.path for fault in self.faults]

    @property
    def fields(self) -> dict[str, str]:
        """FHIRPath to message key."""
        return {fault.path: f"consent.fault.{fault.reason}" for fault in self.faults}


class VersionNeeded(Problem):
    """`If-Match` must name the version that is replaced."""

    status = 428
    key = "error.consent.version_needed"
