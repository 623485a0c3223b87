"""WebAuthn level 2, user verification always required: options out, credentials in."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import (
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from api.core import runtime
from api.identity.errors import PasskeyRefused, SignInRefused

PRODUCT: Final = "Tsunagu"
CHALLENGE_BYTES: Final = 32
CEREMONY_MILLISECONDS: Final = 300_000


def new_challenge() -> bytes:
    return os.urandom(CHALLENGE_BYTES)


def creation_options(
    challenge: bytes,
    user_handle: bytes,
    account_name: str,
    person_name: str,
    own: Sequence[bytes] = (),
) -> dict[str, Any]:
    """PublicKeyCredentialCreationOptionsJSON for a discoverable credential.

    A device that holds one of `own` makes no second one.
    """
    return options_to_json_dict(
        generate_registration_options(
            rp_id=runtime.settings().rp_id,
            rp_name=PRODUCT,
            user_id=user_handle,
            user_name=account_name,
            user_display_name=person_name,
            challenge=challenge,
            timeout=CEREMONY_MILLISECONDS,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in own],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                require_resident_key=True,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
    )


def request_options(challenge: bytes, own: Sequence[bytes] = ()) -> dict[str, Any]:
    """PublicKeyCredentialRequestOptionsJSON; usernameless where no `own` passkeys are named."""
    return options_to_json_dict(
        generate_authentication_options(
            rp_id=runtime.settings().rp_id,
            challenge=challenge,
            timeout=CEREMONY_MILLISECONDS,
            allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in own] or None,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def created(credential: Mapping[str, Any], challenge: bytes) -> VerifiedRegistration:
    """Raises `PasskeyRefused`."""
    try:
        return verify_registration_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=runtime.settings().rp_id,
            expected_origin=runtime.settings().public_url,
            require_user_verification=True,
        )
    except Exception as error:  # the parsers behind it answer bad bytes with any exception
        raise PasskeyRefused from error


def challenge_of(credential: Mapping[str, Any]) -> bytes:
    """The challenge that a new credential claims. Raises `PasskeyRefused`."""
    try:
        parsed = parse_registration_credential_json(dict(credential))
        return parse_client_data_json(parsed.response.client_data_json).challenge
    except Exception as error:  # as above
        raise PasskeyRefused from error


def named_by(credential: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Credential id and challenge that an assertion claims. Raises `SignInRefused`."""
    try:
        parsed = parse_authentication_credential_json(dict(credential))
        return parsed.raw_id, parse_client_data_json(parsed.response.client_data_json).challenge
    except Exception as error:  # as above
        raise SignInRefused from error


def asserted(
    credential: Mapping[str, Any], challenge: bytes, public_key: bytes, sign_count: int
) -> VerifiedAuthentication:
    """Raises `SignInRefused`, also for a counter that did not grow: the passkey was cloned."""
    try:
        return verify_authentication_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=runtime.settings().rp_id,
            expected_origin=runtime.settings().public_url,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except Exception as error:  # as above
        raise SignInRefused from error
