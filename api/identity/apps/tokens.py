"""Tokens of an app: for a code, for a refresh token that serves once, and their end."""

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple, NoReturn
from uuid import UUID

import asyncpg
from msgspec.structs import replace

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock
from api.core.actor import ANONYMOUS, Actor
from api.core.crypto import new_token, sha256
from api.core.database import Transaction, unit_of_work
from api.core.errors import TooManyAttempts
from api.identity import attempts, service
from api.identity.apps import clients, pkce, queries, scopes
from api.identity.apps.authorizing import ACCESS_FOR
from api.identity.apps.registry import App
from api.identity.errors import BadToken, TokenRequestRefused
from api.identity.tokens import app_tokens
from notifications import service as notifications

CODE: Final = "authorization_code"
REFRESH: Final = "refresh_token"
GRANT_TYPES: Final = (CODE, REFRESH)

Proof = tuple[str, str, str]


class Issued(NamedTuple):
    """RFC 6749 §5.1, with the patient in context (SMART App Launch)."""

    access_token: str
    refresh_token: str | None
    expires_in: int
    scope: str
    patient: UUID
    is_bound: bool


class AppAccess(NamedTuple):
    """Who reads through which app, and what it was allowed."""

    actor: Actor
    scopes: tuple[str, ...]
    names: dict[str, str]


class _Family(NamedTuple):
    """All tokens of one grant."""

    actor: Actor
    grant_id: UUID
    scopes: tuple[str, ...]


async def issue(form: Mapping[str, str], proof: Proof | None, address: str) -> Issued:
    """For a code or a refresh token. Raises `TokenRequestRefused`, `BadProof`, and
    `TooManyAttempts` after too many that failed from this address.

    Where a `proof` of a key comes with the code, the tokens are bound to that key.
    """
    tried = attempts.app_source_keys(address)
    async with unit_of_work(ANONYMOUS) as tx:
        wait = await attempts.charge(tx, tried)
    if wait:
        raise TooManyAttempts(wait)
    issued = await _issue(form, proof)
    async with unit_of_work(ANONYMOUS) as tx:
        await attempts.refund(tx, tried)
    return issued


async def _issue(form: Mapping[str, str], proof: Proof | None) -> Issued:
    app = await clients.authenticated(form, clients.token_endpoint())
    jkt = None if proof is None else await app_tokens.key_of(*proof)
    if form["grant_type"] == CODE:
        return await _for_code(app, form, jkt)
    return await _for_refresh(app, form, jkt)


async def _for_code(app: App, form: Mapping[str, str], jkt: bytes | None) -> Issued:
    async with unit_of_work(ANONYMOUS) as tx:
        holder = await queries.holder_of_code(tx, _hash(form.get("code", "")))
    if holder is None or holder["client_id"] != app.client_id:
        _refuse()
    family = _family(holder)
    if not holder["is_used"]:
        is_fit = holder["redirect_uri"] == form.get("redirect_uri") and pkce.fits(
            holder["challenge"], form.get("code_verifier", "")
        )
        if holder["is_late"] or not is_fit:
            _refuse()
    issued: Issued | None = None
    async with unit_of_work(family.actor) as tx:
        if await queries.redeem(tx, family.grant_id, jkt):
            issued = await _issue_in(tx, family, holder["ends_at"], jkt)
        else:
            await _end_reused(tx, app, family)
    if issued is None:  # raised here, so that the end of the family commits
        _refuse()
    return issued


async def _for_refresh(app: App, form: Mapping[str, str], jkt: bytes | None) -> Issued:
    token_hash = _hash(form.get(REFRESH, ""))
    async with unit_of_work(ANONYMOUS) as tx:
        holder = await queries.holder_of_token(tx, token_hash, "refresh")
    if holder is None or holder["client_id"] != app.client_id or not _is_key(holder["jkt"], jkt):
        _refuse()
    family = _family(holder)
    if set(form.get("scope", "").split()) - set(family.scopes):
        raise TokenRequestRefused("invalid_scope", "more than was allowed")
    issued: Issued | None = None
    async with unit_of_work(family.actor) as tx:
        ends_at = await queries.lock_grant(tx, family.grant_id)
        if ends_at is not None and await queries.use_token(tx, token_hash):
            issued = await _issue_in(tx, family, ends_at, holder["jkt"])
        elif ends_at is not None:
            await _end_reused(tx, app, family)
    if issued is None:  # raised here, so that the end of the family commits
        _refuse()
    return issued


async def revoke(form: Mapping[str, str]) -> None:
    """RFC 7009: an app gives a token back. With its refresh token the connection ends; a token that
    is not the app's, or none at all, is no fault. Raises `TokenRequestRefused`."""
    app = await clients.authenticated(form, clients.token_endpoint())
    token_hash = _hash(form.get("token", ""))
    for kind in ("refresh", "access"):
        async with unit_of_work(ANONYMOUS) as tx:
            holder = await queries.holder_of_token(tx, token_hash, kind)
        if holder is None or holder["client_id"] != app.client_id:
            continue
        family = _family(holder)
        async with unit_of_work(family.actor) as tx:
            if kind == "access":
                await queries.drop_token(tx, token_hash)
            elif await queries.end_grant(tx, family.grant_id, "app"):
                await access_log.append(tx, EventName.APP_ENDED, detail=_said(app, by="app"))


async def access_of(token: str, proof: Proof | None) -> AppAccess:
    """Raises `BadProof`, `BadToken` for any token that is not alive, or not this key's, and
    `TooManyAttempts` where the app reads too much at once."""
    jkt = None if proof is None else await app_tokens.key_of(*proof, token)
    async with unit_of_work(ANONYMOUS) as tx:
        holder = await queries.holder_of_token(tx, _hash(token), "access")
    if holder is None or holder["is_used"] or not _is_key(holder["jkt"], jkt):
        raise BadToken
    family = _family(holder)
    async with unit_of_work(ANONYMOUS) as tx:
        wait = await attempts.charge(
            tx, attempts.app_read_keys(holder["client_id"], holder["account_id"])
        )
    if wait:
        raise TooManyAttempts(wait)
    names = {"ja": holder["app_ja"], "en": holder["app_en"]}
    return AppAccess(family.actor, family.scopes, names)


async def _issue_in(
    tx: Transaction, family: _Family, ends_at: datetime, jkt: bytes | None
) -> Issued:
    """In place of every access token and unused refresh token of the grant."""
    now = clock.now()
    await queries.retire(tx, family.grant_id)
    access, refresh = new_token(), None
    access_end = min(now + ACCESS_FOR, ends_at)
    await queries.add_token(tx, _hash(access), family.grant_id, "access", access_end)
    if scopes.OFFLINE in family.scopes:
        refresh = new_token()
        await queries.add_token(tx, _hash(refresh), family.grant_id, "refresh", ends_at)
    if tx.subject is None:
        raise LookupError("an app reads somebody's records")
    return Issued(
        access,
        refresh,
        int((access_end - now).total_seconds()),
        " ".join(family.scopes),
        tx.subject,
        jkt is not None,
    )


async def _end_reused(tx: Transaction, app: App, family: _Family) -> None:
    """One that comes a second time was copied, from whom or by whom nobody can tell."""
    if await queries.end_grant(tx, family.grant_id, "reuse"):
        await access_log.append(
            tx, EventName.APP_TOKEN_REUSED, outcome="denied", detail=_said(app, by="reuse")
        )
        await notifications.enqueue(tx, "app_token_reused", app=app.names)


def _said(app: App, **more: str) -> dict[str, object]:
    return {"told": {"app": app.names}, "app": app.client_id, **more}


def _family(holder: asyncpg.Record) -> _Family:
    """The app is the way they came; no session, no step-up, no proxy."""
    actor = replace(service.actor_from(holder), client_id=holder["client_id"])
    return _Family(actor, holder["grant_id"], tuple(holder["scopes"]))


def _is_key(bound_to: bytes | None, jkt: bytes | None) -> bool:
    """A token bound to a key needs that key; one that is not comes without a proof."""
    if bound_to is None or jkt is None:
        return bound_to is jkt
    return hmac.compare_digest(bound_to, jkt)


def _hash(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass"))


def _refuse() -> NoReturn:
    """Unknown, used, late and another app's answer alike."""
    raise TokenRequestRefused("invalid_grant", "the code or token opens nothing")
