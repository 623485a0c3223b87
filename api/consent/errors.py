"""Refusals about settings and participation."""

from api.core.errors import Conflict, Problem


class SettingsChangedMeanwhile(Conflict):
    """The form was made from an older version; the newer one stands, nothing was lost."""

    key = "error.consent.changed_meanwhile"


class UnknownChoice(Problem):
    """A facility, profession or category this network does not have."""

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
