"""A facility's systems compare their receipts with the log, day by day."""

from datetime import date
from typing import Annotated

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.access_log.reconciling import service
from api.access_log.verifier import to_base64url
from api.core.actor import Actor
from api.identity.guards import API, systems_that_read

MOST = 100_000
BYTES = 20_000_000
Day = Annotated[date, QueryParameter(description="A day in Japan.")]
ReceiptText = Annotated[str, Meta(max_length=200, description="The header `Tsunagu-Receipt`.")]


class AnswerView(Struct):
    """`commit` as in the receipt; `at` in microseconds since 1970 UTC; `leaf` is the place in the
    tree, null while it has none."""

    commit: str
    at: int
    leaf: int | None


class Answers(Struct):
    """What the facility's systems were answered on that day; of whom, is not said."""

    day: date
    rows: int
    answers: list[AnswerView]


class Receipts(Struct, forbid_unknown_fields=True):
    """All receipts of the day at once: what is not among them counts as missing."""

    day: date
    receipts: Annotated[list[ReceiptText], Meta(max_length=MOST)]


class Comparison(Struct):
    """`missing`: commits of answers without a receipt. `unknown`: commits of receipts that we
    signed and the log does not have, an alarm. `not_ours`: receipts we never signed."""

    day: date
    rows: int
    matched: int
    missing: list[str]
    unknown: list[str]
    not_ours: list[str]


class Reconciling(Controller):
    path = "/facility/receipts/reconcile"
    opt = API
    guards = (systems_that_read,)
    tags = ("Systems",)

    @get("", summary="What my facility was answered")
    async def answered(self, day: Day, actor: NamedDependency[Actor]) -> Answers:
        """Every answer of one day that bore a receipt."""
        found = await service.answered(actor, day)
        answers = [AnswerView(to_base64url(each.commit), each.at, each.leaf) for each in found]
        return Answers(day, len(answers), answers)

    @post(
        "", status_code=200, request_max_body_size=BYTES, summary="Compare my facility's receipts"
    )
    async def compare(self, data: JSONBody[Receipts], actor: NamedDependency[Actor]) -> Comparison:
        """Compares the receipts of a day that is over with the log. Participants see which accesses
        the facility has no receipt of, until it has; an auditor sees the outcome."""
        found = await service.reconcile(actor, data.day, data.receipts)
        return Comparison(
            data.day,
            found.rows,
            found.matched,
            [to_base64url(each) for each in found.missing],
            [to_base64url(each) for each in found.unknown],
            found.not_ours,
        )


routes: list[ControllerRouterHandler] = [Reconciling]
