"""An account is closed at the counter, for the support centre's own software."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.core.actor import Actor
from api.identity.guards import API, support_only
from api.support.closing import at_counter


class CounterClosingWish(Struct, forbid_unknown_fields=True):
    """`erases_log`: what the log says of them is made unreadable too, as they wish."""

    erases_log: bool = False


class CounterClosingView(Struct):
    """`ends_at`: none while nothing was asked for. `may_begin`: the participant is here in person,
    two officers met them, and nothing was asked for."""

    asked_at: datetime | None
    ends_at: datetime | None
    erases_log: bool
    is_over: bool
    may_begin: bool


class CounterBegunView(Struct):
    """`claim_code` is told this once, to be printed for the participant: it opens the certificate
    when all is over."""

    asked_at: datetime
    ends_at: datetime
    erases_log: bool
    claim_code: str


class CounterClosing(Controller):
    """Of who was identified at /support/counter, in that visit alone; 404 in any other."""

    path = "/support-centre/visits/{participant_id:uuid}/{visit_id:uuid}/closing"
    opt = API
    guards = (support_only,)
    tags = ("Support centre",)

    @get("", summary="Whether the account of who is here is being closed")
    async def show(
        self,
        actor: NamedDependency[Actor],
        participant_id: FromPath[UUID],
        visit_id: FromPath[UUID],
    ) -> CounterClosingView:
        found = await at_counter.state(actor, participant_id, visit_id)
        closing = found.closing
        return CounterClosingView(
            closing.asked_at if closing else None,
            closing.ends_at if closing else None,
            closing is not None and closing.erases_log,
            closing is not None and closing.carried_out_at is not None,
            found.may_begin,
        )

    @post("", status_code=201, summary="Close the account of who is here")
    async def begin(
        self,
        actor: NamedDependency[Actor],
        participant_id: FromPath[UUID],
        visit_id: FromPath[UUID],
        data: JSONBody[CounterClosingWish],
    ) -> CounterBegunView:
        """After fourteen days, which nobody shortens. 409 on the telephone, before a second officer
        met the participant, and where it was asked for already."""
        begun = await at_counter.begin(actor, participant_id, visit_id, erases_log=data.erases_log)
        found = begun.closing
        return CounterBegunView(found.asked_at, found.ends_at, found.erases_log, begun.code.printed)

    @delete("", summary="Keep the account of who is here")
    async def call_off(
        self,
        actor: NamedDependency[Actor],
        participant_id: FromPath[UUID],
        visit_id: FromPath[UUID],
    ) -> None:
        """Everything is as it was. 409 where there is nothing to call off."""
        await at_counter.call_off(actor, participant_id, visit_id)


routes: list[ControllerRouterHandler] = [CounterClosing]
