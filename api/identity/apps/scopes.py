"""What an app may ask for and is given: reading one's own records (SMART App Launch 2.2)."""

import re
from collections.abc import Collection, Iterable
from typing import Final, Literal

LAUNCH: Final = "launch/patient"
OFFLINE: Final = "offline_access"
EVERY: Final = "*"
SAID: Final = (LAUNCH, OFFLINE, "patient/*.rs", "patient/*.read")
# One grant holds no more; an app that wants so much asks for `patient/*`.
MOST: Final = 60
_RECORDS: Final = re.compile(r"patient/(\*|[A-Z][A-Za-z]{1,63})\.(read|c?r?u?d?s?)")
_READ_V1: Final = "read"

Deed = Literal["r", "s"]


def granted(asked: str, types: Collection[str]) -> tuple[str, ...]:
    """Of what is asked, what there is to be given, each once; never more than was asked.

    `types`: the FHIR types people may read of themselves. Empty where no record could be read.
    """
    given: dict[str, None] = {}
    for each in asked.split():
        if each in (LAUNCH, OFFLINE):
            given[each] = None
        elif found := _RECORDS.fullmatch(each):
            kind, deeds = found[1], found[2]
            reads = deeds if deeds == _READ_V1 else "".join(d for d in "rs" if d in deeds)
            if reads and (kind == EVERY or kind in types):
                given[f"patient/{kind}.{reads}"] = None
    return tuple(given) if any(map(_RECORDS.fullmatch, given)) else ()


def allows(scopes: Iterable[str], kind: str, deed: Deed) -> bool:
    return any(
        found[1] in (EVERY, kind) and (found[2] == _READ_V1 or deed in found[2])
        for found in map(_RECORDS.fullmatch, scopes)
        if found
    )


def readable(scopes: Collection[str], types: Iterable[str]) -> tuple[str, ...]:
    """Those of the types that the scopes open, one way or the other."""
    return tuple(t for t in types if allows(scopes, t, "r") or allows(scopes, t, "s"))
