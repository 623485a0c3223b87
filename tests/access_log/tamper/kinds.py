"""One kind of tampering: what is done, what it takes, and exactly who notices."""

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from tests.access_log.tamper.attack import Attack

Deed = Callable[["Attack"], Awaitable[None]]


class By(Enum):
    """Who notices; the value heads a column of the published table."""

    POSTGRESQL = "PostgreSQL"
    SEALER = "sealer"
    FSCK = "fsck"
    WITNESS = "witness"
    KEPT = "phone with state"
    NEW = "phone without"
    FACILITY = "facility"


POSTGRESQL, SEALER, FSCK, WITNESS = By.POSTGRESQL, By.SEALER, By.FSCK, By.WITNESS
KEPT, NEW, FACILITY = By.KEPT, By.NEW, By.FACILITY
PHONES = (KEPT, NEW)
FILE = (FSCK, *PHONES)
"""What is wrong in a participant's own events is wrong in their file."""


class Holds(Enum):
    """What whoever does it has in their hands."""

    ROLE = "the application's role"
    DATABASE = "the database, as superuser"
    SERVER = "the server's answers"
    KEYS = "the database, the log's keys and its folder"


class Kind(NamedTuple):
    id: str
    what: str
    holds: Holds
    by: frozenset[By]
    deed: Deed
    note: str = ""

    @property
    def is_copied(self) -> bool:
        """Whether it takes a copy of everything: not where PostgreSQL refuses, or a file alone is
        altered."""
        return self.by != {By.POSTGRESQL} and (
            self.holds is not Holds.SERVER or FACILITY in self.by
        )


class Chapter:
    """Kinds that belong together, in the order they are written down."""

    def __init__(self, title: str, holds: Holds = Holds.DATABASE) -> None:
        self.title = title
        self.kinds: list[Kind] = []
        self._holds = holds

    def add(
        self, name: str, what: str, *by: By, holds: Holds | None = None, note: str = ""
    ) -> Callable[[Deed], Deed]:
        def added(deed: Deed) -> Deed:
            kind = Kind(name, what, holds or self._holds, frozenset(by), deed, note)
            self.kinds.append(kind)
            return deed

        return added

    def sql(self, name: str, what: str, statement: str, *by: By, **more: Any) -> None:
        """`statement` may say {hanako}, {taro}, {n} (the event Dr Satō read by) and {last}."""

        async def deed(attack: "Attack") -> None:
            await attack.unguarded(attack.filled(statement))

        self.add(name, what, *by, **more)(deed)
