"""Which records, when, and for what."""

from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import Any

from tests.consent.vectors.form import Case
from tests.consent.vectors.scene import (
    CLINIC,
    CLINIC_ON,
    ELSEWHERE,
    HOSPITAL,
    OTHER,
    OTHER_RECORD,
    PERIODS,
    RECORD,
    SIEVES,
    case,
    deny,
    hide,
    permit,
    show,
)


def filter_rows() -> Iterator[Case]:
    on = permit(**CLINIC_ON)
    for category in ("prescription", "care", "astrology"):
        for name, named in SIEVES.items():
            here = {**named, **({"category": category} if "category" in named else {})}
            yield case(
                f"{name} hidden; category {category}",
                on,
                hide(**here),
                record={"category": category},
            )
            yield case(
                f"{name} shown; category {category}",
                on,
                show(**here),
                record={"category": category},
            )
    for (shown, opened), (hidden, shut) in product(SIEVES.items(), SIEVES.items()):
        yield case(f"{shown} shown, {hidden} hidden", on, show(**opened), hide(**shut))
    for name, named in {
        "another profession": {"profession": "nurse"},
        "another category": {"category": "lab"},
        "another source": {"source_facility_id": ELSEWHERE},
        "the category, for another facility": {
            "category": "prescription",
            "facility_id": ELSEWHERE,
        },
        "the category, for another person": {"category": "prescription", "professional_id": OTHER},
    }.items():
        yield case(f"{name} hidden", on, hide(**named))
    yield case(
        "a record the participant wrote; the source hidden",
        on,
        hide(source_facility_id=HOSPITAL),
        record={"source_facility_id": None},
    )


def hidden_records() -> Iterator[Case]:
    on = permit(**CLINIC_ON)
    rows: dict[str, dict[str, Any]] = {
        "this record": {"record_ids": (RECORD,)},
        "another record": {"record_ids": (OTHER_RECORD,)},
        "this record, from physicians": {"record_ids": (RECORD,), "profession": "physician"},
        "this record, from nurses": {"record_ids": (RECORD,), "profession": "nurse"},
        "this record, from the clinic": {"record_ids": (RECORD,), "facility_id": CLINIC},
        "this record, from another facility": {"record_ids": (RECORD,), "facility_id": ELSEWHERE},
        "a visit: the hospital on that day": {
            "source_facility_id": HOSPITAL,
            "data_from": date(2026, 2, 1),
            "data_to": date(2026, 2, 2),
        },
        "the hospital, from the day after": {
            "source_facility_id": HOSPITAL,
            "data_from": date(2026, 2, 2),
        },
        "the hospital, until that day": {
            "source_facility_id": HOSPITAL,
            "data_to": date(2026, 2, 1),
        },
        "the hospital, up to and with that day": {
            "source_facility_id": HOSPITAL,
            "data_to": date(2026, 2, 2),
        },
        "another facility on that day": {
            "source_facility_id": ELSEWHERE,
            "data_from": date(2026, 2, 1),
        },
        "everything from that day on": {"data_from": date(2026, 2, 1)},
        "prescriptions from that day on": {
            "data_from": date(2026, 2, 1),
            "category": "prescription",
        },
        "lab results from that day on": {"data_from": date(2026, 2, 1), "category": "lab"},
    }
    for name, named in rows.items():
        yield case(f"hidden: {name}", on, hide(**named))
        yield case(
            f"hidden: {name}; the cell is shown",
            on,
            hide(**named),
            show(profession="physician", category="prescription", source_facility_id=HOSPITAL),
        )
    for period, times in PERIODS.items():
        yield case(f"the hiding {period}", on, hide(record_ids=(RECORD,), **times))


def validity() -> Iterator[Case]:
    for period, times in PERIODS.items():
        yield case(f"a permit that {period}", permit(**CLINIC_ON, **times))
        yield case(f"a deny that {period}", permit(region="aso"), deny(**CLINIC_ON, **times))
        yield case(
            f"a hiding that {period}", permit(**CLINIC_ON), hide(category="prescription", **times)
        )
        yield case(
            f"a lifting that {period}",
            permit(**CLINIC_ON),
            hide(category="prescription"),
            show(profession="physician", category="prescription", **times),
        )
        yield case(
            f"a permit that {period}, under a deny", permit(**CLINIC_ON, **times), deny(**CLINIC_ON)
        )


def data_from() -> Iterator[Case]:
    on = permit(**CLINIC_ON)
    for name, dates in {
        "the day itself": {"effective_on": date(2026, 1, 1)},
        "the day before": {"effective_on": date(2025, 12, 31)},
        "no date of care, written later": {"effective_on": None, "recorded_on": date(2026, 1, 1)},
        "no date of care, written before": {
            "effective_on": None,
            "recorded_on": date(2025, 12, 31),
        },
        "care before, written later": {
            "effective_on": date(2025, 12, 31),
            "recorded_on": date(2026, 3, 1),
        },
    }.items():
        yield case(name, on, record=dates)
        yield case(
            f"{name}; all dates are open", on, record=dates, participation={"data_from": None}
        )


def purposes() -> Iterator[Case]:
    for wanted, purpose in product(
        ((), ("TREAT",), ("HRESCH",), ("TREAT", "HRESCH")), ("TREAT", "HRESCH")
    ):
        said = " and ".join(wanted) or "no purpose"
        yield case(
            f"a permit for {said}, asked for {purpose}",
            permit(**CLINIC_ON, purposes=wanted),
            purpose=purpose,
        )
        yield case(
            f"a deny for {said}, asked for {purpose}",
            permit(everyone=True, purposes=("TREAT", "HRESCH")),
            deny(**CLINIC_ON, purposes=wanted),
            purpose=purpose,
        )
        yield case(
            f"a hiding for {said}, asked for {purpose}",
            permit(everyone=True, purposes=("TREAT", "HRESCH")),
            hide(category="prescription", purposes=wanted),
            purpose=purpose,
        )
