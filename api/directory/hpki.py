"""What an HPKI certificate says of whoever holds its key, and whether to believe it.

The role stands in hcRole (ISO 17090, OID 1.0.17090.0.1) among the SubjectDirectoryAttributes
(RFC 5280 §4.2.1.8), as MEDIS issues it: a coding scheme and an English name.
"""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtensionOID, NameOID
from cryptography.x509.verification import (
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)
from pyasn1.codec.der import decoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import char, namedtype, tag, univ

HC_ROLE: Final = "1.0.17090.0.1"
NATIONAL_ROLES: Final = "1.2.392.100495.1.6.1.1"
MOST_CERTIFICATES: Final = 6


class Refused(Exception):
    """`reason`: unreadable, chain, usage, revoked, revocation_unknown, role, name, signature."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Trust(NamedTuple):
    """`crls`: None where revocation is not looked at; else each issuer needs a current one."""

    anchors: Sequence[x509.Certificate]
    intermediates: Sequence[x509.Certificate]
    crls: Sequence[x509.CertificateRevocationList] | None


class Believed(NamedTuple):
    """`roles`: as the certificate spells them; `fingerprint`: SHA-256 of the certificate."""

    roles: frozenset[str]
    names: frozenset[str]
    issuer: str
    fingerprint: bytes


def certificates(sent: bytes) -> list[x509.Certificate]:
    """PEM, the holder's first, or one in DER. Raises `Refused`."""
    try:
        if b"-----BEGIN" in sent:
            found = x509.load_pem_x509_certificates(sent)
        else:
            found = [x509.load_der_x509_certificate(sent)]
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refused("unreadable") from error
    if not 1 <= len(found) <= MOST_CERTIFICATES:
        raise Refused("unreadable")
    return found


def believed(
    sent: bytes, challenge: bytes, signature: bytes, trust: Trust, now: datetime
) -> Believed:
    """The certificate leads to an anchor, stands, may sign, and its key signed the challenge.

    Raises `Refused`.
    """
    holder, *others = certificates(sent)
    try:
        chain = _chain(holder, [*others, *trust.intermediates], trust.anchors, now)
        _may_sign(holder)
        if trust.crls is not None:
            _not_revoked(chain, trust.crls, now)
        _signed(holder, challenge, signature)
        return Believed(
            _roles(holder),
            _names(holder),
            holder.issuer.rfc4514_string()[:500],
            holder.fingerprint(hashes.SHA256()),
        )
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
        raise Refused("unreadable") from error


def is_called(name: str, names: frozenset[str]) -> bool:
    """Spaces, width and letter forms aside."""
    return _folded(name) in {_folded(each) for each in names}


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).translate(_OLD_FORMS).split()).casefold()


_OLD_FORMS = str.maketrans("髙﨑邊邉齋齊斎澤濵濱眞惠廣", "高崎辺辺斉斉斉沢浜浜真恵広")


def _chain(
    holder: x509.Certificate,
    others: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    now: datetime,
) -> list[x509.Certificate]:
    # The holder's extensions are HPKI's own and looked at below; an issuer's are RFC 5280's.
    builder = (
        PolicyBuilder()
        .store(Store(list(anchors)))
        .time(now)
        .max_chain_depth(4)
        .extension_policies(
            ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=ExtensionPolicy.permit_all()
        )
    )
    try:
        return list(builder.build_client_verifier().verify(holder, list(others)).chain)
    except VerificationError as error:
        raise Refused("chain") from error


def _may_sign(holder: x509.Certificate) -> None:
    """HPKI's signing certificates have nonRepudiation, those to sign in with digitalSignature."""
    try:
        usage = holder.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound as error:
        raise Refused("usage") from error
    try:
        is_issuer = holder.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        is_issuer = False
    if is_issuer or not (usage.content_commitment or usage.digital_signature):
        raise Refused("usage")


def _not_revoked(
    chain: Sequence[x509.Certificate],
    crls: Sequence[x509.CertificateRevocationList],
    now: datetime,
) -> None:
    for certificate, issuer in pairwise(chain):
        current = [
            each
            for each in crls
            if each.issuer == issuer.subject
            and each.last_update_utc <= now
            and each.next_update_utc is not None
            and now < each.next_update_utc
            and each.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
        ]
        if not current:
            raise Refused("revocation_unknown")
        serial = certificate.serial_number
        if any(each.get_revoked_certificate_by_serial_number(serial) for each in current):
            raise Refused("revoked")


def _signed(holder: x509.Certificate, challenge: bytes, signature: bytes) -> None:
    """RSASSA-PKCS1-v1_5 or ECDSA, with SHA-256 over the challenge's bytes."""
    key = holder.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, challenge, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, challenge, ec.ECDSA(hashes.SHA256()))
        else:
            raise Refused("signature")
    except InvalidSignature as error:
        raise Refused("signature") from error


def _names(holder: x509.Certificate) -> frozenset[str]:
    """The common names: of the subject, and in kanji among its other names."""
    found = [holder.subject]
    try:
        other = holder.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found += other.get_values_for_type(x509.DirectoryName)
    except x509.ExtensionNotFound:
        pass
    return frozenset(
        str(each.value)
        for name in found
        for each in name.get_attributes_for_oid(NameOID.COMMON_NAME)
    )


# ISO 17090-2 §7.3: HCActorData ::= SET OF SEQUENCE { codedData [0] SET { … } }.


def _explicit(number: int) -> tag.Tag:
    return tag.Tag(tag.tagClassContext, tag.tagFormatSimple, number)


class _Words(univ.Choice):  # type: ignore[misc]
    componentType = namedtype.NamedTypes(
        namedtype.NamedType("utf8", char.UTF8String()),
        namedtype.NamedType("printable", char.PrintableString()),
        namedtype.NamedType("bmp", char.BMPString()),
    )


class _Coded(univ.Set):  # type: ignore[misc]
    componentType = namedtype.NamedTypes(
        namedtype.NamedType("scheme", univ.ObjectIdentifier().subtype(explicitTag=_explicit(0))),
        namedtype.OptionalNamedType(
            "number", char.NumericString().subtype(explicitTag=_explicit(1))
        ),
        namedtype.OptionalNamedType("words", _Words().subtype(explicitTag=_explicit(2))),
    )


class _Regional(univ.SequenceOf):  # type: ignore[misc]
    componentType = _Coded()


class _Actor(univ.Sequence):  # type: ignore[misc]
    componentType = namedtype.NamedTypes(
        namedtype.NamedType("coded", _Coded().subtype(explicitTag=_explicit(0))),
        namedtype.OptionalNamedType("regional", _Regional().subtype(explicitTag=_explicit(1))),
    )


class _Actors(univ.SetOf):  # type: ignore[misc]
    componentType = _Actor()


class _Values(univ.SetOf):  # type: ignore[misc]
    componentType = univ.Any()


class _Attribute(univ.Sequence):  # type: ignore[misc]
    componentType = namedtype.NamedTypes(
        namedtype.NamedType("type", univ.ObjectIdentifier()),
        namedtype.NamedType("values", _Values()),
    )


class _Attributes(univ.SequenceOf):  # type: ignore[misc]
    componentType = _Attribute()


def roles_in(extension: bytes) -> frozenset[str]:
    """The hcRoles of the national scheme in a SubjectDirectoryAttributes' value (DER).

    Raises `Refused` for bytes that are no such value.
    """
    try:
        attributes = _whole(extension, _Attributes())
        values = [
            _whole(bytes(value), _Actors())
            for attribute in attributes
            if str(attribute["type"]) == HC_ROLE
            for value in attribute["values"]
        ]
        coded = [actor["coded"] for actors in values for actor in actors]
        return frozenset(
            str(each["words"].getComponent())
            for each in coded
            if str(each["scheme"]) == NATIONAL_ROLES and each["words"].isValue
        )
    except PyAsn1Error as error:
        raise Refused("role") from error


def _whole(der: bytes, spec: object) -> univ.SequenceOf:
    value, rest = decoder.decode(der, asn1Spec=spec)
    if rest:
        raise Refused("role")
    return value


def _roles(holder: x509.Certificate) -> frozenset[str]:
    try:
        found = holder.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_DIRECTORY_ATTRIBUTES)
    except x509.ExtensionNotFound as error:
        raise Refused("role") from error
    raw = found.value
    if not isinstance(raw, x509.UnrecognizedExtension):
        raise Refused("role")
    return roles_in(raw.value)
