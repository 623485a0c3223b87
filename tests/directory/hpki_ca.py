"""A certification authority of the tests' own, in the shape of the ministry's HPKI."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtensionOID, NameOID

NATIONAL_ROLE = bytes.fromhex("2a830886910f01060101")
HC_ROLE = bytes.fromhex("288185420001")


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    assert len(content) < 128
    return bytes([tag, len(content)]) + content


def directory_attributes(*roles: str, attribute: bytes = HC_ROLE) -> bytes:
    """SubjectDirectoryAttributes with these hcRoles, byte for byte as MEDIS writes one."""
    actors = [
        tlv(
            0x30,
            tlv(
                0xA0,
                tlv(
                    0x31,
                    tlv(0xA0, tlv(0x06, NATIONAL_ROLE)),
                    tlv(0xA2, tlv(0x0C, role.encode())),
                ),
            ),
        )
        for role in roles
    ]
    values = tlv(0x31, tlv(0x31, *actors))
    return tlv(0x30, tlv(0x30, tlv(0x06, attribute), values))


def named(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


class Holder:
    """A certificate and its key."""

    def __init__(self, certificate: x509.Certificate, key: rsa.RSAPrivateKey) -> None:
        self.certificate = certificate
        self.key = key

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def sign(self, text: str) -> bytes:
        return self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())


class Authority(Holder):
    """`root`: an anchor; `issues` signs what is below it."""

    @classmethod
    def root(cls, name: str = "Test HPKI Root CA") -> "Authority":
        key = _key()
        return cls(_certificate(named(name), key, named(name), key, ca=True), key)

    def below(self, name: str = "Test HPKI Signing CA", **changed: Any) -> "Authority":
        key = _key()
        made = _certificate(
            named(name), key, self.certificate.subject, self.key, ca=True, **changed
        )
        return Authority(made, key)

    def person(
        self,
        kanji: str = "佐藤 健一",
        romaji: str = "SATO KENICHI",
        roles: tuple[str, ...] = ("Medical Doctor",),
        **changed: Any,
    ) -> Holder:
        key = _key()
        made = _certificate(
            named(romaji),
            key,
            self.certificate.subject,
            self.key,
            ca=False,
            kanji=kanji,
            roles=roles,
            **changed,
        )
        return Holder(made, key)

    def crl(self, *revoked: Holder, days: int = 7, age: int = 1) -> bytes:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now - timedelta(days=age))
            .next_update(now + timedelta(days=days))
        )
        for each in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(each.certificate.serial_number)
                .revocation_date(now - timedelta(days=1))
                .build()
            )
        made = builder.sign(self.key, hashes.SHA256())
        return made.public_bytes(serialization.Encoding.DER)


def folder_of(
    path: Path, anchors: list[Authority], between: list[Authority], crls: list[bytes] | None = None
) -> Path:
    """As an operator lays it out."""
    for name, held in (("anchors", anchors), ("intermediates", between)):
        (path / name).mkdir(parents=True)
        for number, each in enumerate(held):
            (path / name / f"{number}.pem").write_bytes(each.pem)
    if crls is not None:
        (path / "crls").mkdir()
        for number, crl in enumerate(crls):
            (path / "crls" / f"{number}.crl").write_bytes(crl)
    return path


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _certificate(
    subject: x509.Name,
    key: rsa.RSAPrivateKey,
    issuer: x509.Name,
    issuer_key: rsa.RSAPrivateKey,
    *,
    ca: bool,
    kanji: str = "",
    roles: tuple[str, ...] = (),
    days: int = 365,
    age: int = 30,
    can_sign: bool = True,
    attributes: bytes | None = None,
    extension: str = ExtensionOID.SUBJECT_DIRECTORY_ATTRIBUTES.dotted_string,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=age))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=False,
                content_commitment=can_sign and not ca,
                key_encipherment=not ca,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=ca,
                crl_sign=ca,
                encipher_only=False,
                decipher_only=False,
            ),
            True,
        )
    )
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
    else:
        raw = directory_attributes(*roles) if attributes is None else attributes
        builder = builder.add_extension(
            x509.UnrecognizedExtension(x509.ObjectIdentifier(extension), raw), False
        )
        if kanji:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DirectoryName(named(kanji))]), False
            )
    return builder.sign(issuer_key, hashes.SHA256())
