"""A login begun and finished by an app, as its JSON doors share it."""

from uuid import UUID

from api.identity.national import login, service
from api.identity.national.login import Answer, Proof, Purpose
from api.identity.national.schemas import MyNumberAnswer, MyNumberLogin


async def begun(purpose: Purpose, session_id: UUID | None = None) -> MyNumberLogin:
    started = await login.begin(purpose, door="app", session_id=session_id)
    return MyNumberLogin(started.url, started.token, started.expires_at)


async def proof_of(answer: MyNumberAnswer, session_id: UUID | None = None) -> Proof:
    return await service.finish(
        answer.login,
        Answer(answer.state, answer.code, answer.iss, answer.error),
        door="app",
        session_id=session_id,
    )
