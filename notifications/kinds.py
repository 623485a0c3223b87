"""Every event a participant is told of, each of one kind: by the kind it is chosen, kept back for
the night, and said in one sentence where nothing more may be said.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Kind(StrEnum):
    """`emergency` is never quiet and never wholly off."""

    EMERGENCY = "emergency"
    SECURITY = "security"
    ACCESS = "access"
    SETTINGS = "settings"
    PROXY = "proxy"
    REMINDER = "reminder"
    DIGEST = "digest"
    SUPPORT = "support"


_EVENTS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.EMERGENCY: ("emergency_of_another", "emergency_opened", "emergency_reviewed"),
    Kind.SECURITY: (
        "account_recovered",
        "app_token_reused",
        "closing_begun",
        "closing_called_off",
        "closing_near",
        "enrolled_on_paper",
        "mail_address_changed",
        "merge_accepted",
        "merge_asked",
        "merge_split",
        "my_number_added",
        "my_number_removed",
        "new_device",
        "passkey_added",
        "passkey_revoked",
        "password_removed",
        "password_set",
        "quiet",
        "recovery_code_made",
        "recovery_started",
        "token_used_twice",
    ),
    Kind.ACCESS: (
        "access_asked",
        "app_connected",
        "facility_asks",
        "facility_joins",
        "first_access",
        "number_asked",
        "number_matched",
    ),
    Kind.SETTINGS: (
        "paper_participate",
        "paper_refuse",
        "participation_resumed",
        "participation_withdrawn",
        "settings_delegation",
        "settings_desk_code",
        "terms_accepted",
        "terms_asked",
        "terms_called_off",
        "terms_refused",
        "welcome",
    ),
    Kind.PROXY: (
        "of_another",
        "proxy_acted",
        "proxy_asked",
        "proxy_assisted",
        "proxy_confirmed",
        "proxy_ended",
        "proxy_granted",
        "proxy_witnessed",
    ),
    Kind.REMINDER: (
        "acting_ends",
        "app_ends",
        "checkup_due",
        "grant_ends",
        "immunisation_due",
        "proxy_ends",
    ),
    Kind.DIGEST: ("digest",),
    Kind.SUPPORT: (
        "export_failed",
        "export_ready",
        "import_done",
        "import_failed",
        "question_answered",
        "question_content",
        "question_received",
        "question_reopened",
        "support_acted",
    ),
}
KIND_OF: Final[Mapping[str, Kind]] = MappingProxyType(
    {event: kind for kind, events in _EVENTS.items() for event in events}
)
# Told by every channel there is, letter included, whatever was chosen: who lost their phone hears
# nothing by it, and who did not begin this must hear.
BY_EVERY_CHANNEL: Final = frozenset(
    {"account_recovered", "closing_begun", "closing_near", "recovery_started"}
)


def kind_of(event: str) -> Kind:
    """Of an event that nobody sorted it is one that is told."""
    return KIND_OF.get(event, Kind.SECURITY)
