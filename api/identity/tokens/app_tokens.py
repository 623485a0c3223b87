"""Apps whose tokens are bound to a key of their device: a token alone opens nothing."""

import hmac
import time
from datetime import timedelta
from uuid import UUID

from api.access_log.events import EventName
from api.core import clock
from api.core.actor import ANONYMOUS, Actor
from api.core.crypto import sha256
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.identity import service
from api.identity.errors import BadProof, BadToken
from api.identity.keys import key_queries
from api.identity.tokens import dpop, token_pairs, token_queries
from api.identity.tokens.token_pairs import TokenPair
from notifications import service as notifications


async def key_of(proof: str, method: str, url: str, token: str | None = None) -> bytes:
    """The thumbprint of the key that made this proof; each proof serves once. Raises `BadProof`."""
    found = dpop.checked(proof, method, url, time.time(), token)
    until = clock.now() + timedelta(seconds=2 * dpop.WINDOW_SECONDS + 1)
    async with unit_of_work(ANONYMOUS) as tx:
        is_new = await token_queries.see_proof(tx, found.once, until)
    if not is_new:
        raise BadProof
    return found.jkt


async def actor_of(token: str, proof: str, method: str, url: str) -> Actor:
    """Raises `BadProof`, and `BadToken` for any token that is not this key's and alive."""
    jkt = await key_of(proof, method, url, token)
    async with unit_of_work(ANONYMOUS) as tx:
        holder = await token_queries.holder(tx, sha256(token.encode()), "access")
    if holder is None or holder["is_used"] or not hmac.compare_digest(holder["jkt"], jkt):
        raise BadToken
    return service.actor_from(holder)


async def refresh(token: str, proof: str, method: str, url: str) -> TokenPair:
    """A new pair for a refresh token, which serves once.

    One that comes a second time was copied, from whom or by whom nobody can tell: the session ends
    with all its tokens. Raises `BadProof`, `BadToken`.
    """
    jkt = await key_of(proof, method, url)
    token_hash = sha256(token.encode())
    async with unit_of_work(ANONYMOUS) as tx:
        holder = await token_queries.holder(tx, token_hash, "refresh")
    if holder is None or not hmac.compare_digest(holder["jkt"], jkt):
        raise BadToken
    actor, session_id = service.actor_from(holder), holder["session_id"]
    pair: TokenPair | None = None
    async with unit_of_work(actor) as tx:
        ends_at = await token_queries.lock_session(tx, session_id)
        if ends_at is not None and await token_queries.use(tx, token_hash):
            pair = await token_pairs.issue_in(tx, session_id, ends_at)
        elif ends_at is not None:
            await key_queries.end_session_by_id(tx, session_id)
            await service.log_session(
                tx, actor, EventName.SIGNED_OUT, detail={"of": "token_used_twice"}
            )
            if actor.participant_id is not None:
                await notifications.enqueue(tx, "token_used_twice")
    if pair is None:  # raised here, so that the end of the session commits
        raise BadToken
    return pair


async def renewed(actor: Actor, session_id: UUID) -> TokenPair:
    """After a step-up: the pair from before opens nothing any more."""
    async with unit_of_work(actor) as tx:
        ends_at = await token_queries.lock_session(tx, session_id)
        if ends_at is None:
            raise NotFound
        return await token_pairs.issue_in(tx, session_id, ends_at)
