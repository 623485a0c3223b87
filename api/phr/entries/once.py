"""One form sent twice is one entry: after a tap too many, or on the way back and unchanged."""

from contextvars import ContextVar
from typing import Final

import msgspec

from api.core.crypto import sha256
from api.phr.entries.entry import Wish

# What the form that the running task answers was drawn with, "" where there is none.
form: ContextVar[str] = ContextVar("form", default="")
# A file of measurements names what it holds by itself.
MOST: Final = 20


def keyed(wish: Wish) -> Wish:
    """Under a name of the form and of all that is said: with another word it is another entry."""
    drawn = form.get()
    if not drawn or wish.key or wish.entry_id is not None:
        return wish
    fields = sorted((name, value) for name, value in wish.fields.items() if value)
    said = msgspec.json.encode((drawn, wish.book, fields))
    return wish._replace(key=f"once {sha256(said).hex()}")
