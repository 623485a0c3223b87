"""Where a message lies in a SS-MIX2 standardised storage, and what its name says.

Folders: `<first 3>/<next 3>/<patient>/<date or ->/<type>/`;
names: `<patient>_<date or ->_<type>_<order>_<time>_<department or ->_<flag>`.
"""

import re
from datetime import date
from typing import Final, Literal, NamedTuple

Flag = Literal["0", "1", "2"]

DELETED: Final = "0"
LIVE: Final = "1"
SUPERSEDED: Final = "2"
NO_DATE: Final = "-"

# A patient number holds no "_"; the time has 14 digits and up to three of a second's parts.
_NAME: Final = re.compile(
    r"(?P<patient>[^_]{1,64})_(?P<date>-|\d{8})_(?P<type>[A-Z]{2,4}(?:-\d{2})?)"
    r"_(?P<order>[^_]{1,32})_(?P<stamp>\d{14,17})_(?P<department>[^_]{1,32})_(?P<flag>[012])",
    re.ASCII,
)
# The extension storage has the same names with other types, for files and folders.
_EXTENSION: Final = re.compile(
    r"[^_]{1,64}_(-|\d{8})_[^_]{1,64}_[^_]{1,32}_\d{14,17}_[^_]{1,32}_[012](\.[A-Za-z0-9]{1,8})?",
    re.ASCII,
)


class OrderKey(NamedTuple):
    """What a patient's hospital means by the same message; a newer time is a newer version."""

    date: str
    type: str
    order: str


class Name(NamedTuple):
    """What a file's name says. `stem` is the name without its flag: that never changes."""

    patient: str
    key: OrderKey
    stamp: str
    department: str
    flag: str
    stem: str

    @property
    def day(self) -> date | None:
        """The date of its folder; None where there is none or it is none of the calendar."""
        return day_of(self.key.date)


def day_of(digits: str) -> date | None:
    """Of `YYYYMMDD…`; None for what is no day of the calendar."""
    if len(digits) < 8 or not digits[:8].isascii() or not digits[:8].isdigit():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def parse(file_name: str) -> Name | None:
    """None for what is not named as the standardised storage names its files."""
    found = _NAME.fullmatch(file_name)
    if found is None or not file_name.isprintable():
        return None
    part = found.groupdict()
    return Name(
        part["patient"],
        OrderKey(part["date"], part["type"], part["order"]),
        part["stamp"].ljust(17, "0"),
        part["department"],
        part["flag"],
        file_name[:-2],
    )


def is_of_extension(relative: str) -> bool:
    """Whether it belongs to the extension storage: documents, which are not messages."""
    return any(_EXTENSION.fullmatch(part) for part in relative.split("/"))


def lies_where_it_says(folders: tuple[str, ...], name: Name) -> bool:
    """Whether the folders above, from the disk's root on, name the patient, date and type too."""
    patient = name.patient
    heads = (patient[:3], patient[3:6]) if len(patient) > 3 else (patient[:3],)
    wanted = (*heads, patient, name.key.date, name.key.type)
    return folders[-len(wanted) :] == wanted
