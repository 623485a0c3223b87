"""Who is there: sessions, and signing in with a passkey."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock, runtime
from api.core.actor import ANONYMOUS, OPERATOR, Actor, ActorKind
from api.core.crypto import new_token, sha256
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.core.settings import SettingFault
from api.identity import passkeys, queries
from api.identity.errors import DemoLinkGone, SignInRefused

PARTICIPANT_SESSION: Final = timedelta(hours=12)
STAFF_SESSION: Final = timedelta(hours=8)
CHALLENGE_VALID_FOR: Final = timedelta(minutes=5)
DEMO_LINK_VALID_FOR: Final = timedelta(hours=12)


class OpenedSession(NamedTuple):
    """`token` is a secret of whoever signed in; only its hash is stored."""

    token: str
    expires_at: datetime
    kind: ActorKind


async def declare_deployment(*, is_demo: bool) -> None:
    """Marks a new database for the demo or for production, once and for all.

    Raises `SettingFault` when it was made for the other.
    """
    kind = "demo" if is_demo else "production"
    async with unit_of_work(OPERATOR) as tx:
        found = await queries.declare_deployment(tx, kind)
    if found != kind:
        raise SettingFault(
            f"This database was made as a {found} one and cannot serve as {kind}; "
            "use another DATABASE_URL. Nothing was changed."
        )


async def actor_of(session_token: str) -> Actor:
    """ANONYMOUS for a token that is unknown, expired or ended, or of someone who has left."""
    holder = await queries.holder_of_session(sha256(session_token.encode()))
    return actor_from(holder) if holder else ANONYMOUS


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
    )


async def authenticated_at(actor: Actor, session_token: str) -> datetime | None:
    """When the actor proved who they are, in this very session."""
    async with unit_of_work(actor) as tx:
        return await queries.session_opened_at(tx, sha256(session_token.encode()))


async def open_session(tx: Transaction, actor: Actor) -> OpenedSession:
    """A new session for the transaction's own account, and never an old one taken up again."""
    is_participant = actor.kind is ActorKind.PARTICIPANT
    expires_at = clock.now() + (PARTICIPANT_SESSION if is_participant else STAFF_SESSION)
    token = new_token()
    await queries.add_session(tx, sha256(token.encode()), expires_at)
    return OpenedSession(token, expires_at, actor.kind)


async def end_session(session_token: str) -> None:
    """Ends it for good; a token that stands for no session is no fault."""
    actor = await actor_of(session_token)
    if actor.kind is ActorKind.ANONYMOUS:
        return
    async with unit_of_work(actor) as tx:
        await queries.end_session(tx, sha256(session_token.encode()))
        await log_session(tx, actor, EventName.SIGNED_OUT)


async def sign_in_options() -> dict[str, Any]:
    """WebAuthn request options (JSON form); the challenge serves once, within five minutes."""
    challenge = passkeys.new_challenge()
    async with unit_of_work(ANONYMOUS) as tx:
        await queries.add_challenge(tx, challenge, clock.now() + CHALLENGE_VALID_FOR)
    return passkeys.request_options(challenge)


async def sign_in(credential: Mapping[str, Any], earlier_token: str | None = None) -> OpenedSession:
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
            await _prove(tx, credential, credential_id, challenge)
        except SignInRefused as refusal:
            await log_session(tx, actor, EventName.SIGNED_IN, outcome="denied")
            refused: SignInRefused | None = refusal
        else:
            refused = None
            session = await open_session(tx, actor)
            await log_session(tx, actor, EventName.SIGNED_IN)
    if refused:  # raised here, so that the refusal's log row commits
        raise refused
    if earlier_token:
        await end_session(earlier_token)
    return session


async def _prove(
    tx: Transaction, credential: Mapping[str, Any], credential_id: bytes, challenge: bytes
) -> None:
    passkey = await queries.lock_passkey(tx, credential_id)
    if passkey is None:
        raise SignInRefused
    proof = passkeys.asserted(credential, challenge, passkey["public_key"], passkey["sign_count"])
    await queries.passkey_was_used(
        tx, credential_id, proof.new_sign_count, proof.credential_backed_up
    )


async def log_session(
    tx: Transaction, actor: Actor, event: EventName, *, outcome: str = "permitted"
) -> None:
    """In the participant's own log; for staff, in the system's."""
    if actor.participant_id is not None:
        await access_log.append(tx, event, outcome=outcome, detail={})
    else:
        await access_log.append_system(tx, event, outcome=outcome, detail={})


async def make_demo_link(account_id: UUID) -> str:
    """A token that signs this account in once, within 12 hours.

    PostgreSQL refuses it in a database that is not a demo's.
    """
    token = new_token()
    async with unit_of_work(OPERATOR) as tx:
        await queries.add_demo_link(
            tx, sha256(token.encode()), account_id, clock.now() + DEMO_LINK_VALID_FOR
        )
    return token


async def redeem_demo_link(token: str, earlier_token: str | None = None) -> OpenedSession:
    """Raises `DemoLinkGone` for a token that is unknown, used or too old."""
    if not runtime.settings().is_demo:
        raise NotFound
    token_hash = sha256(token.encode())
    async with unit_of_work(ANONYMOUS) as tx:
        holder = await queries.holder_of_demo_link(tx, token_hash)
    if holder is None:
        raise DemoLinkGone
    actor = actor_from(holder)
    async with unit_of_work(actor) as tx:
        if not await queries.use_demo_link(tx, token_hash):
            raise DemoLinkGone
        session = await open_session(tx, actor)
        await log_session(tx, actor, EventName.SIGNED_IN)
    if earlier_token:
        await end_session(earlier_token)
    return session
