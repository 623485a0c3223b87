"""Who may ask at all, whom nobody lets in, and what needs no grant."""

from collections.abc import Iterator
from datetime import date
from itertools import product

from api.consent.facts import Mark
from tests.consent.vectors.form import Case
from tests.consent.vectors.scene import (
    CLINIC,
    CLINIC_ON,
    DAY,
    ELSEWHERE,
    NETWORKS,
    NOW,
    OTHER,
    OTHER_RECORD,
    PERIODS,
    RECORD,
    SATO,
    TICK,
    case,
    deny,
    exclude,
    hide,
    permit,
    share,
)


def law_and_network() -> Iterator[Case]:
    on = permit(**CLINIC_ON)
    for name, who in {
        "a professional in good standing": {},
        "the facility is not in good standing": {"facility_is_active": False},
        "the professional has left": {"professional_is_active": False},
        "the professional is not trained": {"is_trained": False},
        "a professional without a name": {"professional_id": None},
        "a system speaks for a profession": {"kind": "system", "professional_id": None},
        "a system that names its person": {"kind": "system"},
        "a system that names a person who left": {
            "kind": "system",
            "professional_is_active": False,
        },
        "no profession": {"profession": None},
        "a profession the network does not know": {"profession": "astrologer"},
        "a profession that sees nothing by default": {"profession": "clerk"},
        "a facility outside every region, named": {"regions": ()},
        "a facility of no type, named": {"facility_type": None},
    }.items():
        yield case(name, on, who=who)
        yield case(
            f"{name}; the record is its own", on, who=who, record={"source_facility_id": CLINIC}
        )
    for purpose in ("TREAT", "HRESCH", "PATRQT", "HOPERAT", ""):
        yield case(f"for purpose {purpose!r}", on, purpose=purpose)
    yield case("nothing was ever chosen")
    for network in NETWORKS:
        yield case(f"nothing was ever chosen; network: {network}", network=network)
        yield case(
            f"nothing chosen; research; network: {network}", purpose="HRESCH", network=network
        )


def participation() -> Iterator[Case]:
    on = permit(**CLINIC_ON)
    for state in ("unanswered", "participating", "refused", "withdrawn"):
        yield case(state, on, participation={"state": state})
        yield case(
            f"{state}; the record is its own",
            on,
            participation={"state": state},
            record={"source_facility_id": CLINIC},
        )
    for name, ends_at in {
        "new terms are due a moment later": NOW + TICK,
        "new terms were due now": NOW,
        "new terms were due yesterday": NOW - DAY,
    }.items():
        yield case(name, on, participation={"ends_at": ends_at})
    yield case(
        "withdrawn before new terms were due",
        on,
        participation={"state": "withdrawn", "ends_at": NOW - DAY},
    )


def exclusions() -> Iterator[Case]:
    targets = {"person": {"professional_id": SATO}, "facility": {"facility_id": CLINIC}}
    for target, named in targets.items():
        yield case(f"the {target} is excluded", exclude(**named))
        for tier, opened in {
            "person": {"professional_id": SATO},
            "facility": {"facility_id": CLINIC},
            "everyone": {"everyone": True},
        }.items():
            yield case(
                f"the {target} is excluded, {tier} permitted", permit(**opened), exclude(**named)
            )
        yield case(
            f"the {target} is excluded and wrote the record",
            exclude(**named),
            record={"source_facility_id": CLINIC},
        )
        for purpose in ("ETREAT", "BTG", "HRESCH"):
            yield case(
                f"the {target} is excluded, for {purpose} too", exclude(**named), purpose=purpose
            )
        yield case(
            f"the {target} is excluded, a share names it",
            exclude(**named),
            share(**named, record_ids=(RECORD,)),
        )
        for period, times in PERIODS.items():
            yield case(
                f"the exclusion of the {target} {period}",
                permit(**CLINIC_ON),
                exclude(**named, **times),
            )
    yield case("another person is excluded", permit(**CLINIC_ON), exclude(professional_id=OTHER))
    yield case("another facility is excluded", permit(**CLINIC_ON), exclude(facility_id=ELSEWHERE))
    yield case(
        "a system without a person is not the excluded person",
        permit(**CLINIC_ON),
        exclude(professional_id=SATO),
        who={"kind": "system", "professional_id": None},
    )


def own_and_secret() -> Iterator[Case]:
    for sensitivity, opened in product((0, 1, 2), (False, True)):
        rules = (permit(**CLINIC_ON, level=1),) if opened else ()
        how = "with a permit" if opened else "without a permit"
        yield case(
            f"its own record of sensitivity {sensitivity}, {how}",
            *rules,
            record={"source_facility_id": CLINIC, "sensitivity": sensitivity},
        )
    own = {"source_facility_id": CLINIC}
    yield case("its own record, facility denied", deny(**CLINIC_ON), record=own)
    yield case(
        "its own record, category hidden",
        permit(**CLINIC_ON),
        hide(category="prescription"),
        record=own,
    )
    yield case("its own record, this very record hidden", hide(record_ids=(RECORD,)), record=own)
    yield case(
        "its own record from before data_from", record={**own, "effective_on": date(2020, 1, 1)}
    )
    yield case("its own record, for research", purpose="HRESCH", record=own)
    yield case("its own record, in an emergency", purpose="ETREAT", record=own)
    for level in (0, 1, 2):
        yield case(
            f"a secret record, permit of level {level}",
            permit(**CLINIC_ON, level=level),
            record={"sensitivity": 2},
        )
    yield case(
        "a record of the participant's own writing",
        permit(**CLINIC_ON),
        record={"source_facility_id": None},
    )
    for came, marked, level in product((0, 1, 2), (0, 1, 2), (0, 1)):
        yield case(
            f"came as {came}, marked {marked}, permit of level {level}",
            permit(**CLINIC_ON, level=level),
            record={"sensitivity": came},
            settings={"marks": (Mark(RECORD, marked),)},
        )
    yield case(
        "another record is marked secret",
        permit(**CLINIC_ON),
        settings={"marks": (Mark(OTHER_RECORD, 2),)},
    )
    yield case(
        "its own record, marked secret",
        record=own,
        settings={"marks": (Mark(RECORD, 2),)},
    )


def emergency() -> Iterator[Case]:
    for purpose in ("ETREAT", "BTG"):
        yield case(f"{purpose} without a session", permit(**CLINIC_ON), purpose=purpose)
        yield case(
            f"{purpose}, a permit for that purpose",
            permit(**CLINIC_ON, purposes=(purpose,)),
            purpose=purpose,
        )
        yield case(
            f"{purpose}, a secret record",
            permit(**CLINIC_ON),
            purpose=purpose,
            record={"sensitivity": 2},
        )
        yield case(
            f"{purpose}, a share",
            share(**CLINIC_ON, record_ids=(RECORD,), purposes=(purpose,)),
            purpose=purpose,
        )


def shares() -> Iterator[Case]:
    this = {"record_ids": (RECORD,)}
    for name, rule in {
        "of this record, with the clinic": share(**CLINIC_ON, **this),
        "of this record, with Dr Satō": share(professional_id=SATO, **this),
        "of another record, with the clinic": share(**CLINIC_ON, record_ids=(OTHER_RECORD,)),
        "of both records, with the clinic": share(**CLINIC_ON, record_ids=(OTHER_RECORD, RECORD)),
        "of the category, with the clinic": share(**CLINIC_ON, category="prescription"),
        "of another category, with the clinic": share(**CLINIC_ON, category="lab"),
        "of this record, with another person": share(professional_id=OTHER, **this),
        "of this record, with another facility": share(facility_id=ELSEWHERE, **this),
        "of this record, for research": share(**CLINIC_ON, **this, purposes=("HRESCH",)),
    }.items():
        yield case(f"a share {name}", rule)
        yield case(f"a share {name}; the clinic is denied", rule, deny(**CLINIC_ON))
        yield case(f"a share {name}; the category is hidden", rule, hide(category="prescription"))
    for sensitivity in (0, 1, 2):
        yield case(
            f"a share of a record of sensitivity {sensitivity}",
            share(**CLINIC_ON, **this),
            record={"sensitivity": sensitivity},
        )
        yield case(
            f"a share of a record marked {sensitivity}",
            share(**CLINIC_ON, **this),
            settings={"marks": (Mark(RECORD, sensitivity),)},
        )
    for period, times in PERIODS.items():
        end = {"valid_to": NOW + DAY} if "valid_to" not in times else {}
        yield case(f"a share that {period}", share(**CLINIC_ON, **this, **times, **end))
    yield case(
        "a share of a record from before data_from",
        share(**CLINIC_ON, **this),
        record={"effective_on": date(2025, 12, 31)},
    )
    yield case("a share of a record that is hidden", share(**CLINIC_ON, **this), hide(**this))
    yield case("a share beside a permit", permit(**CLINIC_ON), share(**CLINIC_ON, **this))
    yield case(
        "a share of what the profession does not see by default",
        share(**CLINIC_ON, category="care"),
        record={"category": "care"},
    )
