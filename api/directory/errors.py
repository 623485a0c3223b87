"""Refusals to whoever keeps the directory."""

from collections.abc import Mapping

from api.core.errors import Conflict, Problem


class StaffFaults(Problem):
    """`fields` maps each refused field to its message key; what was typed is not kept."""

    status = 422
    key = "error.staff.fields"

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__()
        self.fields = fields


class ProfessionNotShown(Conflict):
    """No training is recorded before the profession is shown."""

    key = "error.staff.profession_not_shown"


class HasLeft(Conflict):
    key = "error.staff.has_left"


class CertificateNeeded(Conflict):
    """The network vouches for none whose profession has a certificate of its own."""

    key = "error.profession.certificate_needed"


class CertificateRefused(Problem):
    """`reason` says which check failed: it is the professional's own certificate."""

    status = 422
    key = "error.profession.certificate.chain"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason
        self.key = f"error.profession.certificate.{reason}"


class NoAnchors(Conflict):
    """This network was given no certificates to trust."""

    key = "error.profession.no_anchors"
