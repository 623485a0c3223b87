"""The auditor's page: how the log grew, who vouches for it, what was checked and disagrees."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.access_log import auditing
from api.access_log.auditing import Checkpoint, Reconciliation, Run, WitnessView
from api.core import i18n
from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import PORTAL, auditor_only
from web_portal.page import PortalRequest, preferences, render, say

WIDTH: Final = 600
HEIGHT: Final = 240
LISTED: Final = 12


class Plot(NamedTuple):
    """An SVG polyline over times (to the right) and sizes (up), in a box of WIDTH × HEIGHT."""

    points: str
    dots: list[tuple[float, float]]


@get("/auditor", guards=[auditor_only], opt=PORTAL, include_in_schema=False)
async def page(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    found = await auditing.overview(actor)
    names = await directory.named(actor, {each.facility_id for each in found.reconciliations})
    locale = preferences(request).locale
    return await render(
        request,
        "auditor.html",
        actor,
        origin=found.origin,
        halted=_halted(request, found.halted_reason),
        halted_at=found.halted_at,
        newest=found.checkpoints[-1] if found.checkpoints else None,
        checkpoints=listed(found.checkpoints),
        plot=plotted(found.checkpoints),
        witnesses=[_witness(request, each) for each in found.witnesses],
        runs=[_run(request, each) for each in found.runs],
        reconciliations=[
            _reconciled(each, names[each.facility_id].label(locale))
            for each in found.reconciliations
            if each.facility_id in names
        ],
    )


def listed(checkpoints: Sequence[Checkpoint]) -> list[Checkpoint]:
    """The table beside the plot: fewer rows, the newest first."""
    step = max(1, -(-len(checkpoints) // LISTED))
    return list(checkpoints[::-1][::step])


def plotted(checkpoints: Sequence[Checkpoint]) -> Plot | None:
    """None where there is no line to draw."""
    if len(checkpoints) < 2:
        return None
    first, last = checkpoints[0], checkpoints[-1]
    seconds = (last.at - first.at).total_seconds() or 1
    dots = [
        (
            round(WIDTH * (each.at - first.at).total_seconds() / seconds, 1),
            round(HEIGHT * (1 - each.size / last.size), 1),
        )
        for each in checkpoints
    ]
    return Plot(" ".join(f"{x},{y}" for x, y in dots), dots)


def _halted(request: PortalRequest, reason: str | None) -> str | None:
    return None if reason is None else _known(request, f"auditor.halted.{reason}")


def _witness(request: PortalRequest, each: WitnessView) -> dict[str, object]:
    return each._asdict() | {
        "fault": None if each.fault is None else _known(request, f"auditor.fault.{each.fault}")
    }


def _run(request: PortalRequest, each: Run) -> dict[str, object]:
    return each._asdict() | {
        "looked": [
            (_known(request, f"auditor.looked.{name}"), count)
            for name, count in each.looked.items()
        ],
        "findings": [
            (_known(request, f"log.finding.{code}"), count) for code, count in each.findings.items()
        ],
    }


def _reconciled(each: Reconciliation, facility: str) -> dict[str, object]:
    return each._asdict() | {"facility": facility}


def _known(request: PortalRequest, key: str) -> str:
    """A code's text; a code without one is said as it is."""
    is_known = i18n.has_text(preferences(request).locale, key)
    return say(request, key) if is_known else key.rpartition(".")[2]


routes: list[ControllerRouterHandler] = [page]
