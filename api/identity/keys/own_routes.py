"""A person's own keys for apps: passkeys, sessions, and proving again who is there."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core.actor import Actor
from api.identity.guards import (
    ANYBODY,
    API,
    bound_token,
    everyone_signed_in,
    participants_only,
)
from api.identity.keys import own_keys, passwords, recovery, stepping_up
from api.identity.schemas import (
    BoundTokens,
    SessionToken,
    WebAuthnCredential,
    WebAuthnOptions,
    tokens_of,
)
from api.identity.tokens import app_tokens

ApiRequest = Request[Any, Any, Any]
Name = Annotated[str, Meta(max_length=200)]


class PasskeyView(Struct):
    """`is_backed_up`: kept by a service too, so that losing one device does not lose it."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None
    is_backed_up: bool


class NewPasskey(Struct, forbid_unknown_fields=True):
    """`credential` as `navigator.credentials.create()` gives it."""

    credential: WebAuthnCredential
    name: Name = ""


class PasskeyName(Struct, forbid_unknown_fields=True):
    name: Name


class SessionView(Struct):
    """`device`: a family and a browser, as codes; `way`: how it was opened."""

    id: UUID
    way: str
    device: str
    opened_at: datetime
    seen_at: datetime
    expires_at: datetime
    is_current: bool


class Ended(Struct):
    count: int


class MyPasskeys(Controller):
    path = "/me/passkeys"
    opt = API | ANYBODY
    guards = (everyone_signed_in,)
    tags = ("My keys",)

    @get("", summary="My passkeys")
    async def passkeys(self, actor: NamedDependency[Actor]) -> list[PasskeyView]:
        """The oldest first."""
        return [PasskeyView(*each) for each in await own_keys.own_passkeys(actor)]

    @post("/options", status_code=200, summary="Begin one more passkey")
    async def options(self, actor: NamedDependency[Actor]) -> WebAuthnOptions:
        """Options for `navigator.credentials.create()`. 403 with `step_up` where the session is
        not fresh; 409 for an eleventh passkey."""
        return await own_keys.creation_options(actor)

    @post("", status_code=204, summary="Add a passkey")
    async def add(self, actor: NamedDependency[Actor], data: JSONBody[NewPasskey]) -> None:
        """403 with `step_up` where the session is not fresh."""
        await own_keys.add_passkey(actor, data.credential, data.name)

    @put("/{passkey_id:uuid}", status_code=204, summary="Name a passkey")
    async def rename(
        self, actor: NamedDependency[Actor], passkey_id: FromPath[UUID], data: JSONBody[PasskeyName]
    ) -> None:
        """404 for any that is not mine."""
        await own_keys.rename_passkey(actor, passkey_id, data.name)

    @delete("/{passkey_id:uuid}", summary="Revoke a passkey")
    async def revoke(self, actor: NamedDependency[Actor], passkey_id: FromPath[UUID]) -> None:
        """For good, with every session it opened. 404 for any that is not mine, 409 for the last
        way in, 403 with `step_up` where the session is not fresh."""
        await own_keys.revoke_passkey(actor, passkey_id)


class MySessions(Controller):
    path = "/me/sessions"
    opt = API | ANYBODY
    guards = (everyone_signed_in,)
    tags = ("My keys",)

    @get("", summary="Where I am signed in")
    async def sessions(self, actor: NamedDependency[Actor]) -> list[SessionView]:
        """The one in use last first."""
        return [SessionView(*each) for each in await own_keys.own_sessions(actor)]

    @delete("/{session_id:uuid}", summary="End one session")
    async def end(self, actor: NamedDependency[Actor], session_id: FromPath[UUID]) -> None:
        """404 for any that is not mine or has ended."""
        await own_keys.end_own_session(actor, session_id)

    @delete("/others", status_code=200, summary="End all other sessions")
    async def end_others(self, actor: NamedDependency[Actor]) -> Ended:
        """All but the one this is asked with."""
        return Ended(await own_keys.end_other_sessions(actor))


class StepUp(Controller):
    """What opens records to others, takes them out or changes the keys asks for a fresh session:
    403 with the type `urn:tsunagu:problem:error.step_up.needed` and where to go in `step_up`."""

    path = "/me/step-up"
    opt = API | ANYBODY
    guards = (everyone_signed_in,)
    tags = ("My keys",)

    @post("/options", status_code=200, summary="Begin to prove again who is there")
    async def options(self, actor: NamedDependency[Actor]) -> WebAuthnOptions:
        """Options for `navigator.credentials.get()`; they serve once, within five minutes."""
        return await stepping_up.options(actor)

    @post("", status_code=200, summary="Prove again who is there")
    async def verify(
        self,
        request: ApiRequest,
        actor: NamedDependency[Actor],
        data: JSONBody[WebAuthnCredential],
    ) -> SessionToken | BoundTokens:
        """Makes the session fresh for five minutes. It goes on under the tokens answered; those
        from before open nothing any more."""
        session = await stepping_up.verify(actor, data)
        if bound_token(request) is not None and actor.session_id is not None:
            session = session._replace(pair=await app_tokens.renewed(actor, actor.session_id))
        return tokens_of(session)


class RecoveryCodeView(Struct):
    """`made_at`: of the code that still opens; null where there is none."""

    made_at: datetime | None


class NewRecoveryCode(Struct):
    """To be written down or printed: it is known once."""

    code: str


class MyRecoveryCode(Controller):
    path = "/me/recovery-code"
    opt = API | ANYBODY
    guards = (participants_only,)
    tags = ("My keys",)

    @get("", summary="Whether I have a recovery code")
    async def show(self, actor: NamedDependency[Actor]) -> RecoveryCodeView:
        return RecoveryCodeView(await recovery.code_made_at(actor))

    @post("", summary="Make a recovery code")
    async def make(self, actor: NamedDependency[Actor]) -> NewRecoveryCode:
        """In place of an earlier one. 403 with `step_up` where the session is not fresh."""
        return NewRecoveryCode((await recovery.make_code(actor)).printed)


class PasswordView(Struct):
    is_set: bool


class PasswordSetup(Struct):
    """`uri` (otpauth) or `secret` goes into an authenticator app; `setup` comes back with its first
    number, within 15 minutes."""

    secret: str
    uri: str
    setup: str


class NewPassword(Struct, forbid_unknown_fields=True):
    password: str
    setup: str
    number: str


class MyPassword(Controller):
    """The other way in: card number, password and six digits of an authenticator app."""

    path = "/me/password"
    opt = API | ANYBODY
    guards = (participants_only,)
    tags = ("My keys",)

    @get("", summary="Whether I have a password")
    async def show(self, actor: NamedDependency[Actor]) -> PasswordView:
        return PasswordView(await passwords.is_set(actor))

    @post("/options", status_code=200, summary="Begin a password")
    async def options(self, actor: NamedDependency[Actor]) -> PasswordSetup:
        """403 with `step_up` where the session is not fresh."""
        return PasswordSetup(*await passwords.begin(actor))

    @put("", status_code=204, summary="Set my password")
    async def set_password(
        self, actor: NamedDependency[Actor], data: JSONBody[NewPassword]
    ) -> None:
        """In place of an earlier one. 422 with `fields` for what is no password."""
        await passwords.set_password(actor, data.password, data.setup, data.number)

    @delete("", summary="Remove my password")
    async def remove(self, actor: NamedDependency[Actor]) -> None:
        """404 where there is none."""
        await passwords.remove(actor)


routes: list[ControllerRouterHandler] = [
    MyPasskeys,
    MySessions,
    StepUp,
    MyRecoveryCode,
    MyPassword,
]
