"""Refusals about settings and participation."""

from collections.abc import Iterable

from api.consent.exchange.fhir_reading import Fault
from api.consent.settings.changes import Made
from api.consent.settings.switches import Command
from api.core.errors import Conflict, Problem, TooManyAttempts


class SettingsChangedMeanwhile(Conflict):
    """The form was made from an older version; the newer one stands, nothing was lost.

    `version` is the newest; `meanwhile` says what made each version since; `wanted` is what was
    asked for now and not done.
    """

    key = "error.consent.changed_meanwhile"

    def __init__(
        self,
        version: int,
        meanwhile: tuple[Made, ...] = (),
        wanted: tuple[Command, ...] = (),
    ) -> None:
        super().__init__(version=version)
        self.version, self.meanwhile, self.wanted = version, meanwhile, wanted


class UnknownChoice(Problem):
    """Something this network, or this participant, does not have."""

    status = 422
    key = "error.consent.unknown_choice"


class TermsNotInForce(Conflict):
    """Other terms than those shown are in force by now; nobody agrees to what they did not see."""

    key = "error.consent.terms_not_in_force"


class NothingAsked(Conflict):
    """There are no new terms to answer; nothing was changed."""

    key = "error.consent.nothing_asked"


class CampaignIsOpen(Conflict):
    """One at a time: another question is still open."""

    key = "error.consent.campaign_is_open"


class CampaignIsOver(Conflict):
    """Its day has passed, or it was called off before."""

    key = "error.consent.campaign_is_over"


class NotThoseTerms(Problem):
    """Only the terms in force can be put to everybody; the profile does not end with these."""

    status = 422
    key = "error.consent.not_those_terms"


class DayTooNear(Problem):
    """People need time to read and answer."""

    status = 422
    key = "error.consent.day_too_near"


class NotAPlace(Problem):
    """A region this network does not have, or a time that ends before it begins."""

    status = 422
    key = "error.consent.not_a_place"


class NotADay(Problem):
    """Records are shown from today or an earlier day on."""

    status = 422
    key = "error.consent.not_a_day"


class NoSuchScheme(Problem):
    """A way of letting people in that this network does not offer."""

    status = 422
    key = "error.consent.no_such_scheme"


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


class DeskCodeRefused(Problem):
    """Wrong, used, expired and shut-out codes answer alike."""

    status = 422
    key = "error.asking.desk_code"


class DeskCodeThrottled(TooManyAttempts):
    key = "error.asking.desk_code_throttled"


class AskingThrottled(TooManyAttempts):
    key = "error.asking.throttled"


class EndOutOfReach(Problem):
    """An end that is past, or more than a year away."""

    status = 422
    key = "error.asking.until"


class CannotApprove(Conflict):
    """The settings would still shut out who asked: an exclusion, or somebody who has left."""

    key = "error.asking.cannot_approve"


class CannotPassOn(Problem):
    """Which of the bounds stands against it is never said."""

    status = 422
    key = "error.asking.cannot_pass_on"


class TooManyRules(Problem):
    """Settings larger than anyone could oversee."""

    status = 422
    key = "error.consent.too_many_rules"


class ShareTooLong(Problem):
    """A share shows once, for a while; what is to last is a setting."""

    status = 422
    key = "error.consent.share_too_long"


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
