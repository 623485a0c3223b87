"""Refusals of the My Number login; what exactly did not fit goes to the operator's log alone."""

from api.core.errors import Conflict, Problem, Unavailable


class MyNumberRefused(Problem):
    """`reason` is a code for the operator's log; whoever stands there is not told it."""

    status = 403
    key = "error.my_number.refused"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class MyNumberTooWeak(MyNumberRefused):
    """The card itself was not shown, or not just now."""

    key = "error.my_number.too_weak"


class MyNumberStopped(Problem):
    """They broke off on the other side, or were refused there."""

    status = 403
    key = "error.my_number.stopped"


class MyNumberGone(Problem):
    """Unknown, used and expired logins answer alike, and so do those of another browser."""

    status = 410
    key = "error.my_number.gone"


class MyNumberUnknown(Problem):
    """Nobody of this network is known by this card."""

    status = 403
    key = "error.my_number.unknown"


class MyNumberNotOwn(MyNumberUnknown):
    """Not the card of the account that is to be proved again."""

    key = "error.my_number.not_own"


class MyNumberElsewhere(Conflict):
    """This card opens another account, or this account has another card."""

    key = "error.my_number.elsewhere"


class MyNumberNoMatch(Problem):
    """No participant or several of this name and birth date; `proof` lets a card number say which.

    None and several answer alike.
    """

    status = 422
    key = "error.my_number.no_match"

    def __init__(self, proof: str) -> None:
        super().__init__()
        self.proof = proof
        self.members = {"proof": proof}


class MyNumberCardFault(Problem):
    """`field_key` says what is wrong with the card number as typed."""

    status = 422
    key = "error.my_number.card"

    def __init__(self, field_key: str) -> None:
        super().__init__()
        self.field_key = field_key


class MyNumberUnavailable(Unavailable):
    key = "error.my_number.unavailable"
