"""Refusals of the emergency doors."""

from collections.abc import Mapping
from typing import Final

from api.core.errors import Conflict, Problem, TooManyAttempts, Unavailable
from api.emergency.cards.rules import State
from api.emergency.gates import Refusal

# What says something of the participant's settings, or of anybody's being one, answers alike.
_ALIKE: Final = {"not_participating": "not_open", "excluded": "not_open", "refused": "not_open"}


class NotOpened(Problem):
    """A gate is shut; the refusal is in the log, and nothing was shown."""

    status = 403
    key = "error.emergency.not_open"

    def __init__(self, refusal: Refusal) -> None:
        super().__init__()
        self.refusal = refusal
        self.key = f"error.emergency.{_ALIKE.get(refusal, refusal)}"
        self.args = (self.key,)


class SessionOver(Problem):
    """It has ended, by itself or otherwise, or never was this person's; nothing was shown."""

    status = 403
    key = "error.emergency.over"


class CannotRenew(Conflict):
    """It was renewed already, or would go beyond the hours of three days."""

    key = "error.emergency.cannot_renew"


class NotThisReviewStep(Conflict):
    """The review has gone on meanwhile, or this is not for this person to say."""

    key = "error.emergency.review_step"


class HoldRefused(Conflict):
    """A hold takes two officers and lasts three days at most."""

    key = "error.emergency.hold"


class WordsHoldMyNumber(Problem):
    """A 個人番号 stands in what was typed; none of it was kept."""

    status = 422
    key = "error.emergency.my_number"


class WordsNeeded(Problem):
    status = 422
    key = "error.emergency.words"


class UnknownEmergencyChoice(Problem):
    status = 422
    key = "error.emergency.choice"


class SearchThrottled(TooManyAttempts):
    """Too many searches by four items; nothing was looked up."""

    key = "error.emergency.too_many_searches"


class PurposeNeeded(Problem):
    """The access token was not asked for in an emergency: its purpose of use must be BTG."""

    status = 403
    key = "error.emergency.purpose"


class CardUnreadable(Problem):
    """No emergency card of this network, damaged, half of two codes, or by a key no longer good."""

    status = 422
    key = "error.emergency.card.unreadable"


class CardRefused(Problem):
    """The card is real, and its code does not serve; the attempt is in the participant's log."""

    status = 403
    key = "error.emergency.card.revoked"

    def __init__(self, state: State) -> None:
        super().__init__()
        self.key = f"error.emergency.card.{state}"
        self.args = (self.key,)


class CardTooOld(Conflict):
    """What stands on it was put together too long ago to be shown anew."""

    key = "error.emergency.card.too_old"


class UnknownCardLine(Problem):
    """Something to carry that is not, or no more, among what could be."""

    status = 422
    key = "error.emergency.card.line"


class CardFaults(Problem):
    """`fields`: what is wrong by the name of its field, as message keys."""

    status = 422
    key = "error.emergency.card.faults"

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__()
        self.fields = fields


class SummaryOnly(Conflict):
    """Opened in a disaster by one tap: it reaches the summary, and no second confirmation more."""

    key = "error.emergency.summary_only"


class TieFaults(Problem):
    """By field, as the message key of each."""

    status = 422
    key = "error.emergency.ties"

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__()
        self.faults = dict(faults)


class DisasterRefused(Conflict):
    """A declaration takes two officers within a day, and only what runs is renewed or ended."""

    key = "error.emergency.disaster"


class LogNotWritten(Unavailable):
    """What cannot be logged is not opened; the emergency card is what is left."""

    key = "error.emergency.unlogged"
