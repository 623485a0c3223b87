"""What stands on an emergency card: the participant's own choice, in short."""

from datetime import date
from typing import Final, Literal

from msgspec import Struct, structs

from api.proxies.rules import Family

# In the order in which they are read in an emergency, and kept where not all fits.
LineKind = Literal["allergy", "contraindication", "implant", "medicine", "condition", "infection"]
LINE_KINDS: Final[tuple[LineKind, ...]] = (
    "allergy",
    "contraindication",
    "implant",
    "medicine",
    "condition",
    "infection",
)
LineMark = Literal["", "high", "unconfirmed", "own"]
Answer = Literal["", "yes", "no"]

LONGEST_LINE: Final = 40
LONGEST_NAME: Final = 40
LONGEST_NOTE: Final = 100
MOST_LINES: Final = 40
MOST_CONTACTS: Final = 2
MOST_OWN_IMPLANTS: Final = 3


class Line(Struct, frozen=True, omit_defaults=True):
    """`mark`: own words of the participant, or how sure and how severe the record says it is.
    `is_delicate`: from a record above normal sensitivity."""

    kind: LineKind
    text: str
    mark: LineMark = ""
    is_delicate: bool = False


class Contact(Struct, frozen=True):
    """Whom to call; `family` is what they are to the participant."""

    family: Family
    name: str
    phone: str


class Content(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One card. `lines` in the order of their kinds; `blood` only from a record; `note` and lines
    marked own in the participant's words; an empty answer says nothing."""

    name: str
    name_kana: str
    birth_on: date
    sex: str
    card: str
    lines: tuple[Line, ...] = ()
    blood: str = ""
    pregnancy: Answer = ""
    due_on: date | None = None
    directive: Answer = ""
    contacts: tuple[Contact, ...] = ()
    note: str = ""

    @property
    def is_delicate(self) -> bool:
        return any(line.is_delicate for line in self.lines)

    def without_delicate(self) -> "Content":
        plain = tuple(line for line in self.lines if not line.is_delicate)
        return structs.replace(self, lines=plain)


def in_order(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """By kind as they are read, and among one kind as they came; each once."""
    return tuple(sorted(dict.fromkeys(lines), key=lambda line: LINE_KINDS.index(line.kind)))


def shortened(text: str, longest: int = LONGEST_LINE) -> str:
    """On one line, and visibly cut where it is longer."""
    plain = " ".join(text.split())
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"
