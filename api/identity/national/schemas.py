"""What the doors of the My Number login take and give as JSON."""

from datetime import datetime

from msgspec import Struct


class MyNumberLogin(Struct):
    """Open `authorization_url` in the phone's own browser; keep `login` until it comes back."""

    authorization_url: str
    login: str
    expires_at: datetime


class MyNumberAnswer(Struct, forbid_unknown_fields=True):
    """`login` as it was given; the rest as the issuer's redirect brought it."""

    login: str
    state: str
    code: str = ""
    iss: str = ""
    error: str = ""


class MyNumberCard(Struct, forbid_unknown_fields=True):
    """`proof` as the refusal gave it; `card` as people type it."""

    proof: str
    card: str


class MyNumberAdded(Struct):
    """Whether this account can be signed in to with a My Number card."""

    is_added: bool
    added_at: datetime | None
    last_used_at: datetime | None


class ClientKeySet(Struct):
    """RFC 7517 §5: our own public keys, as the issuer needs them."""

    keys: list[dict[str, str]]
