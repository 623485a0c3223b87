"""What kind of notice an event is: how urgent, and what may be said of it outside the portal."""

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """`emergency` is never quiet and never off."""

    EMERGENCY = "emergency"
    SECURITY = "security"
    ACCESS = "access"
    SETTINGS = "settings"
    PROXY = "proxy"
    REMINDER = "reminder"
    DIGEST = "digest"
    SUPPORT = "support"


KIND_OF: Final[dict[str, Kind]] = {
    "emergency_opened": Kind.EMERGENCY,
    "emergency_reviewed": Kind.EMERGENCY,
    **dict.fromkeys(
        (
            "account_recovered",
            "app_connected",
            "app_token_reused",
            "mail_address_changed",
            "my_number_added",
            "my_number_removed",
            "passkey_added",
            "passkey_revoked",
            "password_removed",
            "password_set",
            "recovery_code_made",
            "recovery_started",
            "token_used_twice",
        ),
        Kind.SECURITY,
    ),
    **dict.fromkeys(("access_asked", "facility_asks", "facility_joins"), Kind.ACCESS),
    **dict.fromkeys(
        (
            "paper_participate",
            "paper_refuse",
            "participation_resumed",
            "participation_withdrawn",
            "quiet",
            "settings_delegation",
            "settings_desk_code",
            "support_acted",
            "terms_accepted",
            "terms_refused",
            "welcome",
        ),
        Kind.SETTINGS,
    ),
    **dict.fromkeys(
        (
            "proxy_acted",
            "proxy_asked",
            "proxy_assisted",
            "proxy_confirmed",
            "proxy_ended",
            "proxy_granted",
            "proxy_witnessed",
        ),
        Kind.PROXY,
    ),
    **dict.fromkeys(("terms_asked", "terms_called_off"), Kind.REMINDER),
    **dict.fromkeys(
        (
            "enrolled_on_paper",
            "merge_accepted",
            "merge_asked",
            "merge_split",
            "number_asked",
            "number_matched",
            "question_answered",
            "question_content",
            "question_received",
            "question_reopened",
        ),
        Kind.SUPPORT,
    ),
}


def kind_of(event: str) -> Kind:
    """Of an event that nobody sorted yet it is one that is told."""
    return KIND_OF.get(event, Kind.SECURITY)
