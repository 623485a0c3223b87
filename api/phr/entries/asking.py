"""What is asked about once because of the others: a number far from the same person's last."""

from datetime import date
from typing import Final

from api.core.actor import Actor
from api.core.database import Transaction
from api.phr.entries import leaps, reading
from api.phr.entries.entry import Entry, Wish
from api.phr.entries.standing import id_of_name
from api.phr.entries.typed import Typed

# So many before and after are looked through for one that says the same field.
_MOST: Final = 12
_TOLD: Final = "own.odd.leap"
# Who may write for somebody is not told by a question what stands there.
_UNTOLD: Final = "own.odd.leap_untold"


async def asked_in(
    tx: Transaction, actor: Actor, wish: Wish, typed: Typed, before: Entry | None = None
) -> Typed:
    """With what is far from the others. Not asked again is what stood in it `before`, on that day;
    nor of what is said to be right, or comes from a device."""
    of = wish.kind.leaps
    if of is None or typed.faults or wish.is_sure or wish.by == "device":
        return typed
    values = {name: typed.values[name] for name in of.fields if typed.values.get(name)}
    if before is not None and before.on.isoformat() == typed.values["on"]:
        values = {name: said for name, said in values.items() if before.values.get(name) != said}
    if not values:
        return typed
    on = date.fromisoformat(typed.values["on"])
    own = wish.entry_id or id_of_name(tx, wish.kind, wish.key)
    book = wish.book or (before.book if before else "")
    others = await reading.beside_in(
        tx, actor, wish.kind, book if of.is_of_book else None, on, own, _MOST
    )
    found = leaps.far(of, on, values, ((each.on, each.values) for each in others))
    key = _UNTOLD if actor.is_proxy else _TOLD
    return typed._replace(
        odd={name: key for name in found} | typed.odd,
        beside={} if actor.is_proxy else found,
    )
