"""The support centre: help, campaigns, papers, professions, the counter."""

from tests.attacks.roles import HIS_CASE, HIS_PAGE, PARTICIPANT, SUPPORT, WRONG, Row

ROWS = (
    Row("POST", "/me/call-backs", PARTICIPANT, body={"phone": "0961234567"}),
    Row("GET", "/help", PARTICIPANT),
    Row("POST", "/help/call-back", PARTICIPANT, body={"phone": "0961234567"}),
    # The support centre
    Row("GET", "/support", SUPPORT),
    Row("GET", "/support/professions", SUPPORT),
    Row(
        "POST",
        "/support/professions/{professional_id}/vouch",
        "in . . bad in in . .",
        "/support/professions/{his_doctor}/vouch",
        {"reason": "", "until": ""},
    ),
    Row(
        "POST",
        "/support/professions/{professional_id}/withdraw",
        HIS_PAGE,
        "/support/professions/{his_doctor}/withdraw",
        {},
    ),
    # His case waits for a call: no question of the log is behind it
    Row("GET", "/support/questions/{case_id}", HIS_PAGE, "/support/questions/{case}"),
    Row(
        "POST",
        "/support/questions/{case_id}/answer",
        HIS_PAGE,
        "/support/questions/{case}/answer",
        {"words": "x"},
    ),
    Row("GET", "/support/cases/{case_id}", HIS_CASE, "/support/cases/{case}"),
    Row("POST", "/support/cases/{case_id}/close", HIS_CASE, "/support/cases/{case}/close", {}),
    Row("GET", "/support/campaigns", SUPPORT),
    Row(
        "POST",
        "/support/campaigns",
        "in . . bad in in . .",
        body={"version": "2026-11", "answer_by": "2026-01-01"},
    ),
    Row(
        "POST",
        "/support/campaigns/{campaign_id}/call-off",
        HIS_PAGE,
        "/support/campaigns/{case}/call-off",
        {},
    ),
    Row("GET", "/support/papers", SUPPORT),
    Row("POST", "/support/papers", "in . . bad in in . .", body={}),
    Row("GET", "/support/papers/{import_id}", HIS_PAGE, "/support/papers/{case}"),
    Row(
        "GET",
        "/support/papers/{import_id}/report.csv",
        HIS_PAGE,
        "/support/papers/{case}/report.csv",
    ),
    # Enrolling on paper, people who look alike, and the counter
    Row("GET", "/support/enrolments", SUPPORT),
    Row("GET", "/support/enrolments/new", SUPPORT),
    Row("POST", "/support/enrolments", "in . . bad in in . .", body={"card": "{card_digits}"}),
    Row("GET", "/support/enrolments/{enrolment_id}", HIS_PAGE, "/support/enrolments/{case}"),
    Row(
        "GET",
        "/support/enrolments/{enrolment_id}/scan",
        HIS_PAGE,
        "/support/enrolments/{case}/scan",
    ),
    Row(
        "POST",
        "/support/enrolments/{enrolment_id}/scan",
        "in . . bad in in . .",
        "/support/enrolments/{case}/scan",
        {},
    ),
    Row(
        "POST",
        "/support/enrolments/{enrolment_id}/confirm",
        HIS_PAGE,
        "/support/enrolments/{case}/confirm",
        {"join": "{taro}", "reason": "x"},
    ),
    Row(
        "POST",
        "/support/enrolments/{enrolment_id}/withdraw",
        HIS_PAGE,
        "/support/enrolments/{case}/withdraw",
        {},
    ),
    Row("GET", "/support/look-alikes", SUPPORT),
    Row(
        "POST",
        "/support/look-alikes/{participant_id}/{other_id}",
        HIS_PAGE,
        "/support/look-alikes/{taro}/{case}",
        {"decision": "same", "reason": "x"},
    ),
    Row("GET", "/support/counter", SUPPORT),
    Row("POST", "/support/counter", "in . . bad in in . .", body={"card": "{card_digits}"}),
    Row(
        "GET",
        "/support/counter/{participant_id}/{visit_id}",
        HIS_PAGE,
        "/support/counter/{taro}/{case}",
    ),
    *(
        Row(
            "POST",
            f"/support/counter/{{participant_id}}/{{visit_id}}/{act}",
            HIS_PAGE,
            f"/support/counter/{{taro}}/{{case}}/{act}",
            {"phone": "0967123456"},
        )
        for act in (
            "code",
            "proxies",
            "sessions",
            "withdrawal",
            "call",
            "end",
            "closing",
            "closing/call-off",
        )
    ),
    Row(
        "GET",
        "/support/counter/{participant_id}/{visit_id}/closing",
        HIS_PAGE,
        "/support/counter/{taro}/{case}/closing",
    ),
    *(
        Row(
            method,
            "/support-centre/visits/{participant_id}/{visit_id}/closing",
            HIS_PAGE,
            "/support-centre/visits/{taro}/{case}/closing",
            body,
        )
        for method, body in (("GET", None), ("POST", {"erases_log": True}), ("DELETE", None))
    ),
    Row(
        "POST",
        "/support/counter/{participant_id}/{visit_id}/merges/{merge_id}",
        HIS_PAGE,
        "/support/counter/{taro}/{case}/merges/{case}",
        {"reason": "窓口で会い、はいと答えた"},
    ),
    # Registering somebody of the family
    Row("GET", "/register/for-someone", PARTICIPANT),
    Row(
        "POST",
        "/register/for-someone",
        WRONG,
        body={"card": "{card_digits}"},
    ),
    Row("GET", "/register/for-someone/agree", PARTICIPANT),
    Row(
        "POST",
        "/register/for-someone/agree",
        "in gone . . in in . .",
        body={"agreed": "yes", "family": "child", "power_view": "yes"},
    ),
    Row("GET", "/register/for-someone/done", PARTICIPANT),
    Row("POST", "/me/family-registrations", WRONG, body={}),
    Row("POST", "/me/family-registrations/current", WRONG, body={}),
    Row(
        "POST",
        "/me/family-registrations/current",
        "in gone . . in in . .",
        body={
            "ticket": "x",
            "family": "child",
            "powers": ["view"],
            "terms_version": "2026-11",
            "has_agreed": True,
        },
    ),
)
