"""An HPKI certificate is believed for what it says of its holder, and for nothing else."""

from datetime import UTC, datetime
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from api.directory import hpki
from api.directory.hpki import Refused, Trust
from tests.directory.hpki_ca import Authority, Holder, directory_attributes, tlv

CHALLENGE = "tsunagu proof of profession v1\nnonce x\n"
# Decoded from a test certificate of MEDIS: 54 bytes.
OF_MEDIS = (
    bytes.fromhex(
        "303430320606288185420001312831263024a0223120a00c060a2a830886910f01060101a2100c0e"
    )
    + b"Medical Doctor"
)


@cache
def root() -> Authority:
    return Authority.root()


@cache
def signing() -> Authority:
    return root().below()


@cache
def sato() -> Holder:
    return signing().person()


def trust(crls: list[bytes] | None = None) -> Trust:
    loaded = None if crls is None else [x509.load_der_x509_crl(each) for each in crls]
    return Trust([root().certificate], [signing().certificate], loaded)


def look(sent: bytes, signature: bytes, known: Trust | None = None) -> hpki.Believed:
    return hpki.believed(sent, CHALLENGE.encode(), signature, known or trust(), datetime.now(UTC))


def reason(sent: bytes, signature: bytes, known: Trust | None = None) -> str:
    with pytest.raises(Refused) as refused:
        look(sent, signature, known)
    return refused.value.reason


def of(holder: Holder, known: Trust | None = None) -> str:
    return reason(holder.pem, holder.sign(CHALLENGE), known)


def test_the_role_is_read_from_where_medis_writes_it():
    assert directory_attributes("Medical Doctor") == OF_MEDIS
    assert len(OF_MEDIS) == 54
    assert hpki.roles_in(OF_MEDIS) == {"Medical Doctor"}
    both = directory_attributes("Pharmacist", "Dentist")
    assert hpki.roles_in(both) == {"Pharmacist", "Dentist"}


@pytest.mark.parametrize("form", ["pem", "der"])
def test_dr_satos_certificate_shows_a_doctor_of_his_name(form: str):
    found = look(getattr(sato(), form), sato().sign(CHALLENGE))
    assert found.roles == {"Medical Doctor"}
    assert hpki.is_called("佐藤健一", found.names)
    assert not hpki.is_called("佐藤 健二", found.names)
    assert "Test HPKI Signing CA" in found.issuer


def test_a_certificate_brings_its_own_issuer_along():
    without = Trust([root().certificate], [], None)
    assert of(sato(), without) == "chain"
    found = look(sato().pem + signing().pem, sato().sign(CHALLENGE), without)
    assert found.roles == {"Medical Doctor"}


def test_only_what_leads_to_an_anchor_within_its_days_is_believed():
    assert of(Authority.root("Test HPKI Root CA").below().person()) == "chain"
    assert of(signing().person(days=-1)) == "chain"
    assert of(signing().person(age=-1, days=5)) == "chain"
    assert of(Authority.root("SATO")) == "chain"
    expired = root().below("Old CA", days=-1)
    old = expired.person()
    assert reason(old.pem + expired.pem, old.sign(CHALLENGE)) == "chain"


def test_a_professional_is_no_authority():
    doctor = sato()
    forged = Authority(doctor.certificate, doctor.key).person(roles=("Pharmacist",))
    assert reason(forged.pem + doctor.pem, forged.sign(CHALLENGE)) == "chain"
    assert of(signing()) == "usage"


def test_a_key_that_may_not_sign_shows_nothing():
    assert of(signing().person(can_sign=False)) == "usage"


def test_one_altered_byte_is_seen():
    der = bytearray(sato().der)
    at = bytes(der).index(b"Medical Doctor")
    der[at : at + 14] = b"Medical doctor"
    assert reason(bytes(der), sato().sign(CHALLENGE)) == "chain"
    for sent in (b"", b"x", sato().der[:-1], b"-----BEGIN CERTIFICATE-----\nx\n"):
        assert reason(sent, sato().sign(CHALLENGE)) == "unreadable"


def test_the_key_itself_must_have_signed_this_very_text():
    assert reason(sato().pem, signing().person().sign(CHALLENGE)) == "signature"
    assert reason(sato().pem, sato().sign(CHALLENGE + " ")) == "signature"
    assert reason(sato().pem, b"") == "signature"
    weak = sato().key.sign(CHALLENGE.encode(), padding.PKCS1v15(), hashes.SHA1())
    assert reason(sato().pem, weak) == "signature"


def test_a_revoked_certificate_is_refused_and_so_is_one_nobody_can_ask_about():
    clean = [root().crl(), signing().crl()]
    assert look(sato().pem, sato().sign(CHALLENGE), trust(clean)).roles
    assert of(sato(), trust([root().crl(), signing().crl(sato())])) == "revoked"
    assert of(sato(), trust([root().crl(signing()), signing().crl()])) == "revoked"
    assert of(sato(), trust([root().crl()])) == "revocation_unknown"
    stale = [root().crl(), signing().crl(days=-1, age=30)]
    assert of(sato(), trust(stale)) == "revocation_unknown"
    forged = Authority(signing().certificate, Authority.root("X").key)
    assert of(sato(), trust([root().crl(), forged.crl()])) == "revocation_unknown"


@pytest.mark.parametrize(
    "changed",
    [
        {"attributes": directory_attributes("Medical Doctor") + b"\x05\x00"},
        {"attributes": tlv(0x0C, b"Medical Doctor")},
        {"extension": "1.0.17090.0.1"},
    ],
    ids=["trailing", "no_sequence", "as_an_extension_of_its_own"],
)
def test_a_role_written_otherwise_is_refused(changed):
    assert of(signing().person(**changed)) == "role"


@pytest.mark.parametrize(
    "attributes",
    [b"\x30\x00", directory_attributes("Medical Doctor", attribute=b"\x55\x04\x03")],
    ids=["none", "another_attribute"],
)
def test_other_attributes_are_no_role(attributes):
    holder = signing().person(attributes=attributes)
    assert look(holder.pem, holder.sign(CHALLENGE)).roles == frozenset()
