"""Refusals at the doors; absent and present cards answer alike."""

from collections.abc import Mapping

from api.core.errors import Conflict, Problem, TooManyAttempts


class EnrolmentFaults(Problem):
    """`fields` maps each refused field to its message key; what was typed is not kept."""

    status = 422
    key = "error.enrolment.fields"

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__()
        self.fields = fields


class NoMatch(Problem):
    """Card, birth date and code do not belong together; which of them is never said."""

    status = 422
    key = "error.enrolment.no_match"


class EnrolmentThrottled(TooManyAttempts):
    key = "error.enrolment.retry_after"

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.params["seconds"] = retry_after


class TicketGone(Problem):
    """Unknown and expired tickets answer alike."""

    status = 410
    key = "error.enrolment.ticket_gone"


class NotAccepted(Conflict):
    key = "error.enrolment.not_accepted"


class AlreadyEnrolled(Conflict):
    """The account stands: sign in with its passkey."""

    key = "error.enrolment.already_enrolled"


class AccountClosed(Conflict):
    """Its holder closed it: whoever comes back enrols anew."""

    key = "error.account_closed"


class ClosingGoesOn(Conflict):
    """The account is closed, and its certificate not made yet."""

    key = "error.closing_goes_on"


class PasskeyRefused(Problem):
    status = 422
    key = "error.passkey.refused"


class SignInRefused(Problem):
    """Which part did not fit is never said."""

    status = 403
    key = "error.sign_in.refused"


class StepUpNeeded(Problem):
    """The session is too long without a proof of who is there; RFC 9470 calls it step-up."""

    status = 403
    key = "error.step_up.needed"

    def __init__(self) -> None:
        super().__init__()
        self.members = {
            "step_up": {"options": "/me/step-up/options", "proof": "/me/step-up"},
        }


class Frozen(Problem):
    """`until`: what a recovery stopped for a time, so that its owner can object."""

    status = 403
    key = "error.frozen"


class BadProof(Problem):
    """RFC 9449 §7.1: no proof of the app's key, or one that does not fit."""

    status = 401
    key = "error.dpop.proof"

    def __init__(self) -> None:
        super().__init__()
        self.headers = {"www-authenticate": 'DPoP error="invalid_dpop_proof", algs="ES256 EdDSA"'}


class BadToken(Problem):
    """Unknown, expired, used and another key's tokens answer alike."""

    status = 401
    key = "error.dpop.token"

    def __init__(self) -> None:
        super().__init__()
        self.headers = {"www-authenticate": 'DPoP error="invalid_token", algs="ES256 EdDSA"'}


class PasswordFaults(Problem):
    """`fields` maps each refused field to its message key; what was typed is not kept."""

    status = 422
    key = "error.password.fields"

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__()
        self.fields = fields


class PasswordSetupGone(Problem):
    status = 410
    key = "error.password.setup_gone"


class RecoveryRefused(Problem):
    """Card and code do not belong together, or the code is used up; which is never said."""

    status = 422
    key = "error.recovery.refused"


class RecoveryTicketGone(Problem):
    """Unknown, expired and finished tickets answer alike."""

    status = 410
    key = "error.recovery.ticket_gone"


class InvitationRefused(Problem):
    """Unknown, used, replaced and expired codes answer alike."""

    status = 422
    key = "error.invitation.refused"


class InvitationThrottled(EnrolmentThrottled):
    key = "error.invitation.wait"


class InvitationGone(Problem):
    """Unknown, expired and finished tickets answer alike."""

    status = 410
    key = "error.invitation.gone"


class HasKey(Conflict):
    """Nobody makes a first passkey twice."""

    key = "error.invitation.has_key"


class SecondOfficerNeeded(Conflict):
    key = "error.recovery.second_officer"


class ScanRefused(Problem):
    """No PDF, JPEG or PNG by how it begins, or too large."""

    status = 422
    key = "error.scan.refused"


class ScanNotSeen(Conflict):
    """Who confirms has looked at the scan that is there now."""

    key = "error.scan.not_seen"


class CardOfAnother(Conflict):
    """The card on the form is a participant's already, and not the one it was said to be of."""

    key = "error.form.card_of_another"


class LastWayIn(Conflict):
    key = "error.passkey.last"


class TooManyPasskeys(Conflict):
    key = "error.passkey.too_many"


class NoSuchName(Problem):
    status = 422
    key = "error.passkey.name"


class DemoLinkGone(Problem):
    status = 410
    key = "error.demo.link_gone"


class TokenRequestRefused(Problem):
    """RFC 6749 §5.2; `code` is the OAuth error code."""

    status = 400
    key = "error.oauth.refused"

    def __init__(self, code: str, description: str) -> None:
        super().__init__()
        self.code = code
        self.description = description
        self.status = 401 if code == "invalid_client" else 400


class BadAccessToken(Problem):
    status = 401
    key = "error.oauth.bad_token"
