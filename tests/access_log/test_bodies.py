"""Sealed bodies: small, whole, and readable with one participant's key only."""

import os
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.access_log import bodies
from api.access_log.bodies import Body

HANAKO, TARO = UUID(int=1), UUID(int=2)
KEY = AESGCM(bytes(range(32)))
TEXTS = {
    "actor": '{"facility":{"en":"Sakura Clinic","id":"x","ja":"さくら内科"},"kind":"system"}',
    "profile": '{"id":"kumamoto-demo","version":3}',
}
BODY = Body(
    os.urandom(32),
    os.urandom(32),
    bodies.deflated(TEXTS),
    os.urandom(16 * 12),
    os.urandom(16),
    {"resources": '[{"category":"lab","count":12,"type":"Observation"}]'},
)


def test_what_was_sealed_comes_back_whole():
    opened = bodies.unseal(KEY, HANAKO, 3, bodies.seal(KEY, HANAKO, 3, BODY))
    assert opened.texts == TEXTS | BODY.varying
    assert (opened.ek, opened.ek_other) == (BODY.ek, BODY.ek_other)
    assert (opened.told_ids, opened.untold_ids) == (BODY.told_ids, BODY.untold_ids)


def test_an_empty_body_comes_back_too():
    empty = Body(bytes(32), bytes(32), bodies.deflated({}), b"", b"", {})
    opened = bodies.unseal(KEY, HANAKO, 1, bodies.seal(KEY, HANAKO, 1, empty))
    assert opened.texts == {}


@pytest.mark.parametrize(
    ("cipher", "participant", "version"),
    [(AESGCM(bytes(32)), HANAKO, 3), (KEY, TARO, 3), (KEY, HANAKO, 4)],
    ids=["another key", "somebody else's row", "another version"],
)
def test_it_opens_under_its_own_key_in_its_own_place_only(
    cipher: AESGCM, participant: UUID, version: int
):
    sealed = bodies.seal(KEY, HANAKO, 3, BODY)
    with pytest.raises(InvalidTag):
        bodies.unseal(cipher, participant, version, sealed)


def test_no_byte_of_it_can_be_changed():
    sealed = bodies.seal(KEY, HANAKO, 3, BODY)
    for at in range(len(sealed)):
        bent = bytearray(sealed)
        bent[at] ^= 1
        with pytest.raises(InvalidTag):
            bodies.unseal(KEY, HANAKO, 3, bytes(bent))


def test_two_sealings_of_one_body_are_not_alike():
    assert bodies.seal(KEY, HANAKO, 3, BODY) != bodies.seal(KEY, HANAKO, 3, BODY)


def test_a_version_that_is_not_known_is_not_guessed_at():
    plain = b"\x02" + bytes(76) + b"{}"
    nonce = os.urandom(12)
    sealed = nonce + KEY.encrypt(nonce, plain, HANAKO.bytes + (3).to_bytes(4))
    with pytest.raises(ValueError, match="version 2"):
        bodies.unseal(KEY, HANAKO, 3, sealed)
