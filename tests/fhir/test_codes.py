"""Names of code systems, identifiers and roles at the FHIR border."""

import pytest

from api.fhir import codes


@pytest.mark.parametrize(
    "written",
    ["urn:oid:1.2.392.100495.20.2.73", "1.2.392.100495.20.1.73", codes.YJ],
)
def test_a_code_system_has_one_name_however_it_is_written(written: str) -> None:
    assert codes.canonical_system(written) == codes.YJ


def test_an_unknown_system_keeps_its_name() -> None:
    assert codes.canonical_system("urn:oid:1.2.3") == "urn:oid:1.2.3"


def test_a_patient_number_system_names_its_facility() -> None:
    system = codes.patient_in_facility("4311234560")
    assert system == "urn:oid:1.2.392.100495.20.3.51.14311234560"
    assert codes.facility_of_patient_system(system) == "4311234560"


@pytest.mark.parametrize("system", [codes.CARD, "", "urn:oid:1.2.392.100495.20.3.51.1431"])
def test_other_systems_name_no_facility(system: str) -> None:
    assert codes.facility_of_patient_system(system) is None
