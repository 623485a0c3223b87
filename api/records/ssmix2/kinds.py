"""The types of a standardised storage: the message each holds, and who turns it into records."""

from collections.abc import Callable
from typing import Final, NamedTuple

from api.records.ssmix2 import conditions, encounters, medications, orders, people, results
from api.records.ssmix2.coded import Context, Part
from api.records.ssmix2.er7 import Message

Mapper = Callable[[Message, Context], list[Part]]

_COMMON: Final = frozenset(["MSH", "SFT", "EVN", "PID", "PD1", "PV1", "PV2", "NTE"])


class Kind(NamedTuple):
    """`said` are the segments whose sense is kept in the records; any other is kept as it came."""

    message: str
    mapper: Mapper
    said: frozenset[str]
    is_dated: bool = True
    is_text: bool = False


def _kind(message: str, mapper: Mapper, said: str, **more: bool) -> Kind:
    return Kind(message, mapper, _COMMON | frozenset(said.split()), **more)


_STAY: Final = _kind("ADT", encounters.encounter, "AL1 DB1 OBX IN1 NK1")
_REPORT_SEGMENTS: Final = "ORC OBR OBX TQ1 AL1"

KINDS: Final = {
    "ADT-00": _kind("ADT", people.demographics, "NK1 DB1 OBX AL1 IN1", is_dated=False),
    "ADT-61": _kind("ADT", people.allergies, "IAM AL1", is_dated=False),
    "PPR-01": _kind("PPR", conditions.diagnoses, "PRB ORC", is_dated=False),
    **dict.fromkeys(
        (
            "ADT-01",
            "ADT-12",
            "ADT-21",
            "ADT-22",
            "ADT-31",
            "ADT-32",
            "ADT-41",
            "ADT-42",
            "ADT-51",
            "ADT-52",
        ),
        _STAY,
    ),
    "OMD": _kind("OMD", orders.meals, "ORC TQ1 ODS ODT", is_text=True),
    "OMP-01": _kind("RDE", medications.requests, "ORC RXE RXC RXR TQ1 AL1 IN1"),
    "OMP-02": _kind("RDE", medications.requests, "ORC RXE RXC RXR TQ1 AL1 IN1"),
    "OMP-11": _kind("RAS", medications.administrations, "ORC RXE RXA RXC RXR TQ1 AL1"),
    "OMP-12": _kind("RAS", medications.administrations, "ORC RXE RXA RXC RXR TQ1 AL1"),
    "OML-01": _kind("OML", orders.service_requests, "ORC OBR TQ1 AL1 SPM SAC"),
    "OML-11": _kind("OUL", results.laboratory, "SPM SAC OBR ORC TQ1 OBX"),
    "OMG-01": _kind("OMG", orders.service_requests, "ORC OBR TQ1 AL1"),
    "OMG-02": _kind("OMG", orders.service_requests, "ORC OBR TQ1 AL1"),
    "OMG-03": _kind("OMG", orders.service_requests, "ORC OBR TQ1 AL1"),
    "OMG-11": _kind("OMI", orders.reports, _REPORT_SEGMENTS),
    "OMG-12": _kind("OMI", orders.reports, _REPORT_SEGMENTS),
    "OMG-13": _kind("ORU", orders.reports, _REPORT_SEGMENTS),
}
