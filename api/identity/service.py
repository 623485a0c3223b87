"""Who is there: sessions, and signing in with a passkey."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock, runtime
from api.core.actor import ANONYMOUS, Actor, ActorKind
from api.core.crypto import new_token, sha256
from api.core.database import Transaction, unit_of_work
from api.identity import new_devices, queries
from api.identity.devices import UNKNOWN, Device
from api.identity.errors import AccountClosed, SignInRefused
from api.identity.keys import key_queries, passkeys
from api.identity.tokens import token_pairs
from api.identity.tokens.token_pairs import TokenPair

PARTICIPANT_SESSION: Final = timedelta(hours=12)
STAFF_SESSION: Final = timedelta(hours=8)
CHALLENGE_VALID_FOR: Final = timedelta(minutes=5)
# Without a request for so long a session has ended (ASVS 7.3.1).
PARTICIPANT_IDLE: Final = timedelta(hours=1)
STAFF_IDLE: Final = timedelta(minutes=30)
# Of a participant's app that shows its key with every request.
BOUND_SESSION: Final = timedelta(days=30)
BOUND_IDLE: Final = token_pairs.REFRESH_FOR

# How a session was opened. Those in FRESH_WAYS prove who is there as stepping up does.
Way = Literal["passkey", "my_number", "password", "demo"]
FRESH_WAYS: Final = frozenset({"passkey", "my_number"})


class OpenedSession(NamedTuple):
    """`token` is a secret of whoever signed in; only its hash is stored. A session bound to an
    app's key has a `pair` instead, and its `token` opens nothing. `device_mark`: what the browser
    keeps, so that its account knows it again; "" for what keeps none.
    """

    token: str
    expires_at: datetime
    kind: ActorKind
    pair: TokenPair | None = None
    device_mark: str = ""


class SignedIn(NamedTuple):
    """Who holds a session, always as themselves, and for whom they chose to act.

    `is_representative`: somebody named them once; what holds now is to be asked.
    """

    actor: Actor
    acting_for: UUID | None = None
    is_representative: bool = False


async def signed_in(session_token: str) -> SignedIn:
    """ANONYMOUS for a token that is unknown, expired or ended, or of someone who has left."""
    holder = await queries.holder_of_session(sha256(session_token.encode()))
    if holder is None:
        return SignedIn(ANONYMOUS)
    return SignedIn(actor_from(holder), holder["acting_for"], holder["is_representative"])


async def actor_of(session_token: str) -> Actor:
    """As `signed_in`."""
    return (await signed_in(session_token)).actor


async def act_for(session_token: str, principal: UUID | None) -> None:
    """From now on this session's pages are about the principal, or again about its holder. Whether
    the holder may act so is asked at each request, not here."""
    actor = await actor_of(session_token)
    if actor.kind is not ActorKind.PARTICIPANT:
        return
    async with unit_of_work(actor) as tx:
        await queries.act_for(tx, sha256(session_token.encode()), principal)


def actor_from(holder: Mapping[str, Any]) -> Actor:
    kind = ActorKind(holder["kind"])
    return Actor(
        kind=kind,
        account_id=holder["account_id"],
        participant_id=holder["participant_id"],
        professional_id=holder["professional_id"],
        facility_id=holder["facility_id"],
        profession=holder["profession"],
        purpose_of_use="TREAT" if kind is ActorKind.PROFESSIONAL else None,
        name=holder["name"],
        session_id=holder.get("session_id"),
        is_safe=bool(holder.get("is_safe")),
    )


async def authenticated_at(actor: Actor, session_token: str) -> datetime | None:
    """When the actor last proved who they are, in this very session. The people of a demo have no
    keys to prove it by: they did just now."""
    async with unit_of_work(actor) as tx:
        row = await queries.session_proved(tx, sha256(session_token.encode()))
    if row is None:
        return None
    proved_at: datetime = row["at"]
    return clock.now() if row["way"] == "demo" and runtime.settings().is_demo else proved_at


async def open_session(
    tx: Transaction,
    actor: Actor,
    *,
    way: Way = "passkey",
    device: Device = UNKNOWN,
    passkey_id: UUID | None = None,
    jkt: bytes | None = None,
) -> OpenedSession:
    """A new session for the transaction's own account, and never an old one taken up again.

    `passkey_id`: revoking that passkey ends it. `jkt`:
    the thumbprint of the app's key that it is bound to. Raises `AccountClosed`.
    """
    is_participant = actor.kind is ActorKind.PARTICIPANT
    lasts = PARTICIPANT_SESSION if is_participant else STAFF_SESSION
    idle = PARTICIPANT_IDLE if is_participant else STAFF_IDLE
    if jkt is not None and is_participant:
        lasts, idle = BOUND_SESSION, BOUND_IDLE
    now = clock.now()
    expires_at = now + lasts
    token = new_token()
    try:
        session_id = await queries.add_session(
            tx,
            sha256(token.encode()),
            expires_at,
            way=way,
            device=device.code,
            passkey_id=passkey_id,
            idle=idle,
            stepped_up_at=now if way in FRESH_WAYS else None,
            jkt=jkt,
        )
    except asyncpg.InsufficientPrivilegeError as error:
        if "closed" not in str(error):
            raise
        raise AccountClosed from error
    pair = await token_pairs.issue_in(tx, session_id, expires_at) if jkt is not None else None
    kept = ""
    if is_participant and way != "demo":
        kept = await new_devices.note_in(tx, device, jkt=jkt, passkey_id=passkey_id)
    return OpenedSession(token, expires_at, actor.kind, pair, kept)


async def end_session(session_token: str) -> None:
    """Ends it for good; a token that stands for no session is no fault."""
    actor = await actor_of(session_token)
    if actor.kind is ActorKind.ANONYMOUS:
        return
    async with unit_of_work(actor) as tx:
        await queries.end_session(tx, sha256(session_token.encode()))
        await log_session(tx, actor, EventName.SIGNED_OUT)


async def end_present(actor: Actor) -> None:
    """Ends the session the actor came with."""
    async with unit_of_work(actor) as tx:
        if actor.session_id is not None and await key_queries.end_session_by_id(
            tx, actor.session_id
        ):
            await log_session(tx, actor, EventName.SIGNED_OUT)


async def sign_in_options() -> dict[str, Any]:
    """WebAuthn request options (JSON form); the challenge serves once, within five minutes."""
    challenge = passkeys.new_challenge()
    async with unit_of_work(ANONYMOUS) as tx:
        await queries.add_challenge(tx, challenge, clock.now() + CHALLENGE_VALID_FOR)
    return passkeys.request_options(challenge)


async def sign_in(
    credential: Mapping[str, Any],
    earlier_token: str | None = None,
    *,
    device: Device = UNKNOWN,
    jkt: bytes | None = None,
) -> OpenedSession:
    """Opens a session for the holder of this passkey and ends the one the request came with.

    `credential` is the JSON form of a WebAuthn assertion. Raises `SignInRefused`; a refusal that
    concerns a known passkey is logged.
    """
    credential_id, challenge = passkeys.named_by(credential)
    async with unit_of_work(ANONYMOUS) as tx:
        is_ours = await queries.use_challenge(tx, challenge)
        holder = await queries.holder_of_passkey(tx, credential_id)
    if not is_ours or holder is None:
        raise SignInRefused
    actor = actor_from(holder)
    async with unit_of_work(actor) as tx:
        try:
            passkey_id = await prove_in(tx, credential, credential_id, challenge)
        except SignInRefused as refusal:
            await log_session(tx, actor, EventName.SIGNED_IN, outcome="denied")
            refused: SignInRefused | None = refusal
        else:
            refused = None
            session = await open_session(tx, actor, device=device, passkey_id=passkey_id, jkt=jkt)
            await log_session(tx, actor, EventName.SIGNED_IN)
    if refused:  # raised here, so that the refusal's log row commits
        raise refused
    if earlier_token:
        await end_session(earlier_token)
    return session


async def prove_in(
    tx: Transaction, credential: Mapping[str, Any], credential_id: bytes, challenge: bytes
) -> UUID:
    """Which passkey of the transaction's account this assertion shows. Raises `SignInRefused`."""
    passkey = await queries.lock_passkey(tx, credential_id)
    if passkey is None:
        raise SignInRefused
    proof = passkeys.asserted(credential, challenge, passkey["public_key"], passkey["sign_count"])
    await queries.passkey_was_used(
        tx, credential_id, proof.new_sign_count, proof.credential_backed_up
    )
    passkey_id: UUID = passkey["passkey_id"]
    return passkey_id


async def log_session(
    tx: Transaction,
    actor: Actor,
    event: EventName,
    *,
    outcome: str = "permitted",
    detail: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """In the participant's own log; for staff, in the system's."""
    if actor.participant_id is not None:
        await access_log.append(tx, event, outcome=outcome, detail=dict(detail))
    else:
        await access_log.append_system(tx, event, outcome=outcome, detail=dict(detail))


def masked_name(name: str) -> str:
    """熊本 花子 → 熊● 花●: enough to know one's own name again."""
    return " ".join(part[0] + "●" * (len(part) - 1) for part in name.split())
