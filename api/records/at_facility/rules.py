"""Who may write about people on the network's own pages."""

from typing import Final

# Professions that care for people. A clerk registers people at a desk and writes nothing of them.
WRITERS: Final = frozenset(
    {
        "physician",
        "dentist",
        "pharmacist",
        "nurse",
        "public_health_nurse",
        "midwife",
        "emt",
        "physical_therapist",
        "dietitian",
        "care_worker",
        "care_manager",
    }
)


def may_write(profession: str | None, *, is_at_work: bool, facility_is_active: bool) -> bool:
    """`profession`: its code in the network's profile."""
    return profession in WRITERS and is_at_work and facility_is_active
