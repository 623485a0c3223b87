"""The way of letting people in a participant picked last."""

from collections.abc import Sequence
from typing import Final

import msgspec

from api.consent import queries
from api.consent.settings.switches import ChooseScheme, Command
from api.core.database import Transaction
from api.directory import service as directory

CLOSED: Final = "closed"


def is_of_closing(change: str) -> bool:
    """Whether this version was made when the account was closed."""
    return bool(msgspec.json.decode(change) == [{CLOSED: True}])


async def chosen_in(tx: Transaction) -> str:
    """The network's own where none ever was. Taking a version back takes its choice back too."""
    default = directory.profile().consent.default_scheme.value
    by_version: list[tuple[int, str]] = [(0, default)]
    for row in await queries.scheme_changes(tx):
        for said in msgspec.json.decode(row["change"]):
            if said.get("kind") == "scheme":
                by_version.append((row["version"], said["code"]))
            elif CLOSED in said:
                by_version.append((row["version"], default))
            elif "undo" in said:
                before = [code for at, code in by_version if at < said["undo"]]
                by_version.append((row["version"], before[-1]))
    return by_version[-1][1]


async def picks_another(tx: Transaction, commands: Sequence[Command]) -> bool:
    """Whether another is picked, also where it lets in the same people for now."""
    picked = [each.code for each in commands if isinstance(each, ChooseScheme)]
    return bool(picked) and picked[-1] != await chosen_in(tx)
