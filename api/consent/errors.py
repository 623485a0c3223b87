"""Refusals about settings and participation."""

from collections.abc import Iterable

from api.consent.fhir_reading import Fault
from api.core.errors import Conflict, Problem


class SettingsChangedMeanwhile(Conflict):
    """The form was made from an older version; the newer one stands, nothing was lost."""

    key = "error.consent.changed_meanwhile"


class UnknownChoice(Problem):
    """A facility, profession or category this network does not have."""

    status = 422
    key = "error.consent.unknown_choice"


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
