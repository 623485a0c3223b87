"""That a professional is what they are called: shown by an HPKI certificate, or vouched for.

Who has a certificate proves that its key is theirs by signing a text made for them alone. For the
professions without one (no `hpki_role` in the network's profile) an officer of the network gives
its word, with a reason and an end; past the end nothing opens any more.
"""

import asyncio
import base64
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from cryptography import x509

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock, runtime
from api.core.actor import Actor
from api.core.crypto import base64url
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.core.settings import SettingFault
from api.directory import hpki, profession_queries, service
from api.directory.errors import CertificateNeeded, CertificateRefused, NoAnchors, StaffFaults
from api.identity.keys import own_keys
from api.identity.my_number import contains_my_number

PURPOSE: Final = "profession"
CHALLENGE_VALID_FOR: Final = timedelta(minutes=30)
LONGEST_WORD: Final = 366
WARNED_BEFORE: Final = timedelta(days=30)
ON_THE_LIST: Final = 100
LARGEST_SIGNATURE: Final = 2048


class Standing(NamedTuple):
    """`way`: hpki or vouched, None where nothing is shown; `has_certificate`: whether people of
    this profession show one."""

    profession: str
    has_certificate: bool
    way: str | None
    issuer: str | None
    valid_until: date | None
    shown_at: datetime | None


class Challenge(NamedTuple):
    text: str
    expires_at: datetime


class Word(NamedTuple):
    """Somebody the network vouches for, or is to."""

    professional_id: UUID
    name: str
    profession: str
    facility: str
    facility_en: str
    reason: str | None
    by: str | None
    until: date | None


async def own(actor: Actor) -> Standing:
    """How the actor's own profession is shown."""
    async with unit_of_work(actor) as tx:
        row = await profession_queries.own(tx)
    profession = actor.profession or ""
    return Standing(profession, _role_of(profession) is not None, *(row or (None,) * 4))


async def challenge(actor: Actor) -> Challenge:
    """A text to be signed with the certificate's key, byte for byte; it serves once."""
    expires_at = clock.now() + CHALLENGE_VALID_FOR
    async with unit_of_work(actor) as tx:
        nonce = await own_keys.ask_in(tx, PURPOSE, expires_at)
    return Challenge(_text(actor, nonce), expires_at)


async def prove(actor: Actor, certificate: bytes, challenge_text: str, signature: bytes) -> None:
    """The certificate shows the actor's own profession and name, and its key is theirs.

    Raises `CertificateRefused`, logged, and `NoAnchors`.
    """
    trust = await asyncio.to_thread(_trust, runtime.settings().hpki)
    if actor.professional_id is None:
        raise NotFound
    refusal: CertificateRefused | None = None
    async with unit_of_work(actor) as tx:
        try:
            believed = await _believed(tx, actor, certificate, challenge_text, signature, trust)
        except hpki.Refused as refused:
            refusal = CertificateRefused(refused.reason)
            await _log(
                tx,
                EventName.PROFESSION_PROVED,
                actor.professional_id,
                {"reason": refused.reason},
                outcome="denied",
            )
        else:
            await profession_queries.lock(tx, actor.professional_id)
            await profession_queries.end(tx, actor.professional_id)
            await profession_queries.add_certificate(
                tx,
                actor.professional_id,
                actor.profession or "",
                believed.issuer,
                believed.fingerprint,
            )
            await profession_queries.set_vouched_until(tx, actor.professional_id, None)
            await _log(
                tx,
                EventName.PROFESSION_PROVED,
                actor.professional_id,
                {"way": "hpki", "issuer": believed.issuer},
            )
    if refusal is not None:  # raised here, so that the refusal's log row commits
        raise refusal


async def _believed(
    tx: Transaction,
    actor: Actor,
    certificate: bytes,
    challenge_text: str,
    signature: bytes,
    trust: hpki.Trust,
) -> hpki.Believed:
    nonce = _nonce(challenge_text)
    is_ours = await own_keys.answered_in(tx, nonce, PURPOSE)
    if not is_ours or challenge_text != _text(actor, nonce) or len(signature) > LARGEST_SIGNATURE:
        raise hpki.Refused("challenge")
    found = hpki.believed(certificate, challenge_text.encode(), signature, trust, clock.now())
    role = _role_of(actor.profession or "")
    if role is None or role not in found.roles:
        raise hpki.Refused("role")
    if not hpki.is_called(actor.name or "", found.names):
        raise hpki.Refused("name")
    return found


async def to_vouch_for(actor: Actor) -> tuple[list[Word], list[Word]]:
    """For officers: whom no word covers a month from now, and whom one does."""
    codes = [each.code for each in service.profile().professions if each.hpki_role is None]
    soon = clock.today_in_japan() + WARNED_BEFORE
    async with unit_of_work(actor) as tx:
        open_ = await profession_queries.to_vouch_for(tx, codes, soon, ON_THE_LIST)
        done = await profession_queries.vouched(tx, ON_THE_LIST)
    waiting = [Word(*row.values()) for row in open_]
    known = {each.professional_id for each in waiting}
    standing = [Word(*row.values()) for row in done]
    return waiting, [each for each in standing if each.professional_id not in known]


async def vouch(actor: Actor, professional_id: UUID, reason: str, until: date) -> None:
    """The network's word for a profession without a certificate, in place of an earlier one.

    Raises `StaffFaults`, `NotFound`, `CertificateNeeded`.
    """
    reason, today = " ".join(reason.split()), clock.today_in_japan()
    faults = {}
    if not 0 < len(reason) <= 200 or not reason.isprintable() or contains_my_number(reason):
        faults["reason"] = "error.profession.reason"
    if not today < until <= today + timedelta(days=LONGEST_WORD):
        faults["until"] = "error.profession.until"
    if faults:
        raise StaffFaults(faults)
    async with unit_of_work(actor) as tx:
        person = await profession_queries.lock(tx, professional_id)
        if person is None:
            raise NotFound
        if _role_of(person["profession"]) is not None:
            raise CertificateNeeded
        await profession_queries.end(tx, professional_id)
        await profession_queries.add_word(
            tx, professional_id, person["profession"], reason, actor.name or "", until
        )
        await profession_queries.set_vouched_until(tx, professional_id, until)
        await _log(
            tx,
            EventName.PROFESSION_VOUCHED,
            professional_id,
            {"reason": reason, "until": str(until)},
        )


async def withdraw(actor: Actor, professional_id: UUID) -> None:
    """The network's word ends today: nothing opens to them any more. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        person = await profession_queries.lock(tx, professional_id)
        if person is None or person["vouched_until"] is None:
            raise NotFound
        if not await profession_queries.end(tx, professional_id):
            raise NotFound
        yesterday = clock.today_in_japan() - timedelta(days=1)
        await profession_queries.set_vouched_until(tx, professional_id, yesterday)
        await _log(tx, EventName.VOUCH_WITHDRAWN, professional_id, {})


def _role_of(profession: str) -> str | None:
    known = {each.code: each.hpki_role for each in service.profile().professions}
    return known.get(profession)


def _text(actor: Actor, nonce: bytes) -> str:
    return (
        "tsunagu proof of profession v1\n"
        f"network {runtime.settings().public_url}\n"
        f"account {actor.account_id}\n"
        f"nonce {base64url(nonce)}\n"
    )


def _nonce(challenge_text: str) -> bytes:
    last = challenge_text.rstrip("\n").rpartition("nonce ")[2]
    try:
        return base64.urlsafe_b64decode(last + "=" * (-len(last) % 4))
    except ValueError as error:
        raise hpki.Refused("challenge") from error


def _trust(folder: Path | None) -> hpki.Trust:
    """From the operator's folder: `anchors`, and where they are there `intermediates`, `crls`."""
    if folder is None:
        raise NoAnchors
    try:
        anchors = _certificates(folder / "anchors")
        intermediates = _certificates(folder / "intermediates")
        crls = folder / "crls"
        lists = [_crl(path) for path in _files(crls)] if crls.is_dir() else None
    except (OSError, ValueError, hpki.Refused) as error:
        raise SettingFault(f"A file in {folder} is no certificate or list of them.") from error
    if not anchors:
        raise NoAnchors
    return hpki.Trust(anchors, intermediates, lists)


def _certificates(folder: Path) -> list[x509.Certificate]:
    return [each for path in _files(folder) for each in hpki.certificates(path.read_bytes())]


def _crl(path: Path) -> x509.CertificateRevocationList:
    content = path.read_bytes()
    if b"-----BEGIN" in content:
        return x509.load_pem_x509_crl(content)
    return x509.load_der_x509_crl(content)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("[!.]*") if path.is_file())


async def _log(
    tx: Transaction,
    event: EventName,
    professional_id: UUID,
    detail: dict[str, str],
    *,
    outcome: str = "permitted",
) -> None:
    await access_log.append_system(
        tx, event, outcome=outcome, detail={"professional": professional_id} | detail
    )
