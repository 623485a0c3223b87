"""Who somebody is: numbers facilities know one by, registrations that are one."""

from api.fhir.codes import CARD
from tests.attacks.roles import HIS_ANSWER, HIS_PAGE, HIS_RECORD, PARTICIPANT, READS, SUPPORT, Row

ROWS = (
    # Patient numbers, and what was given on enrolling
    Row("GET", "/me/patient-numbers", PARTICIPANT, "/me/patient-numbers?participant_id={taro}"),
    Row(
        "POST",
        "/me/patient-numbers/{link_id}/answer",
        HIS_ANSWER,
        "/me/patient-numbers/{case}/answer",
        {"answer": "linked"},
    ),
    Row(
        "POST",
        "/disclosure/desk-code/numbers/{link_id}",
        HIS_ANSWER,
        "/disclosure/desk-code/numbers/{case}",
        {"answer": "linked"},
    ),
    Row(
        "POST",
        "/clinic/participants/{participant_id}/number",
        HIS_PAGE,
        "/clinic/participants/{taro}/number",
        {"number": "12"},
    ),
    # Matching: who somebody is, the numbers facilities know one by, registrations that are one
    Row(
        "POST",
        "/fhir/R4/Patient/$match",
        HIS_RECORD,
        body={
            "resourceType": "Parameters",
            "parameter": [
                {
                    "name": "resource",
                    "resource": {
                        "resourceType": "Patient",
                        "identifier": [{"system": CARD, "value": "{card_digits}"}],
                    },
                }
            ],
        },
    ),
    Row(
        "GET",
        "/fhir/R4/Patient/$ihe-pix",
        READS,
        "/fhir/R4/Patient/$ihe-pix?sourceIdentifier={card}",
    ),
    Row("GET", "/me/known-numbers", PARTICIPANT, "/me/known-numbers?participant_id={taro}"),
    Row(
        "POST",
        "/me/known-numbers/not-mine",
        HIS_ANSWER,
        body={"facility_id": "{clinic}", "number": "{number_value}"},
    ),
    Row("GET", "/me/merges", PARTICIPANT, "/me/merges?participant_id={taro}"),
    Row(
        "POST",
        "/me/merges/{merge_id}/answer",
        HIS_ANSWER,
        "/me/merges/{case}/answer",
        {"yes": True},
    ),
    Row("POST", "/me/merges/{merge_id}/split", HIS_ANSWER, "/me/merges/{case}/split"),
    Row("GET", "/account/numbers", PARTICIPANT),
    Row(
        "POST",
        "/account/numbers/not-mine",
        HIS_ANSWER,
        body={"facility_id": "{clinic}", "number": "{number_value}"},
    ),
    Row(
        "POST",
        "/account/numbers/merges/{merge_id}",
        HIS_ANSWER,
        "/account/numbers/merges/{case}",
        {"answer": "yes"},
    ),
    Row(
        "POST",
        "/account/numbers/merges/{merge_id}/split",
        HIS_ANSWER,
        "/account/numbers/merges/{case}/split",
        {},
    ),
    Row("GET", "/support/matches", SUPPORT),
    Row("GET", "/support/matches/{match_id}", HIS_PAGE, "/support/matches/{case}"),
    Row(
        "POST",
        "/support/matches/{match_id}",
        HIS_PAGE,
        "/support/matches/{case}",
        {"decision": "same", "reason": "x"},
    ),
    Row("POST", "/support/matches/{match_id}/ask", HIS_PAGE, "/support/matches/{case}/ask", {}),
    Row("POST", "/support/matches/{match_id}/seen", HIS_PAGE, "/support/matches/{case}/seen", {}),
    Row("GET", "/support/merges", SUPPORT),
    Row(
        "POST",
        "/support/merges",
        HIS_PAGE,
        body={"remains": "{taro}", "other": "{case}", "reason": "x"},
    ),
    Row(
        "POST", "/support/merges/{merge_id}/confirm", HIS_PAGE, "/support/merges/{case}/confirm", {}
    ),
    Row(
        "POST",
        "/support/merges/{merge_id}/withdraw",
        HIS_PAGE,
        "/support/merges/{case}/withdraw",
        {},
    ),
    Row(
        "POST",
        "/support/merges/{merge_id}/split",
        HIS_PAGE,
        "/support/merges/{case}/split",
        {"reason": "x"},
    ),
)
