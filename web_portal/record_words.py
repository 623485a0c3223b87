"""What a change about records did, in one sentence for the banner that takes it back."""

from api.consent import service as consent
from api.consent.record_changes import LEVELS
from api.consent.service import Settings
from api.consent.switches import (
    Command,
    HidePeriod,
    HideRecords,
    MarkRecord,
    Remove,
    SetIncomingLevel,
    Share,
)
from api.core.actor import Actor
from web_portal.page import PortalRequest, say


async def last_change(
    request: PortalRequest, actor: Actor, state: Settings, changed: int | None
) -> str | None:
    """Right after a change, what it did; None once anything newer was saved."""
    version = state.directive.version
    if not changed or changed != version:
        return None
    commands = await consent.turned(actor, version)
    return say(request, _key(commands[0]) if commands else "change.undone")


def _key(command: Command) -> str:
    match command:
        case HideRecords(on=on):
            return f"my_records.done.{'hidden' if on else 'shown'}"
        case HidePeriod(on=on):
            return f"my_records.done.visit_{'hidden' if on else 'shown'}"
        case MarkRecord(level=None):
            return "my_records.done.level.came"
        case MarkRecord(level=int(level)):
            return f"my_records.done.level.{LEVELS[level]}"
        case SetIncomingLevel(level=level):
            return f"my_records.done.incoming.{LEVELS[level]}"
        case Share():
            return "my_records.done.shared"
        case Remove():
            return "my_records.done.unshared"
        case _:
            return "my_records.done.other"
