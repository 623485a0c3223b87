"""What professionals find, ask for, and write without a system."""

from tests.attacks.roles import HIS_PAGE, PROFESSIONAL, Row

ROWS = (
    # What a facility without a system writes
    Row("GET", "/clinic/write", PROFESSIONAL),
    Row(
        "POST",
        "/clinic/write",
        HIS_PAGE,
        body={
            "by": "card",
            "card": "{card_digits}",
            "birth_year": "1950",
            "birth_month": "1",
            "birth_day": "1",
        },
    ),
    *(
        Row(
            method,
            f"/clinic/participants/{{participant_id}}/entries{end}",
            HIS_PAGE,
            f"/clinic/participants/{{taro}}/entries{path}",
            body,
        )
        for method, end, path, body in (
            ("GET", "", "", None),
            ("GET", "/new/{kind}", "/new/note", None),
            (
                "POST",
                "/new/{kind}",
                "/new/note",
                {"on": "2026-01-01", "topic": "visit", "text": "X"},
            ),
            ("GET", "/{entry_id}", "/{record}", None),
            ("GET", "/{entry_id}/correct", "/{record}/correct", None),
            (
                "POST",
                "/{entry_id}/correct",
                "/{record}/correct",
                {"kind": "note", "on": "2026-01-01", "topic": "visit", "text": "X", "version": "1"},
            ),
            ("GET", "/{entry_id}/withdraw", "/{record}/withdraw", None),
            ("POST", "/{entry_id}/withdraw", "/{record}/withdraw", {"version": "1"}),
        )
    ),
    # Professionals
    Row("GET", "/clinic", PROFESSIONAL),
    Row("POST", "/clinic/find", HIS_PAGE, body={"by": "card", "card": "{card_digits}"}),
    Row("POST", "/clinic/find", HIS_PAGE, body={"by": "local_id", "local_id": "{number_value}"}),
    Row("GET", "/clinic/participants/{participant_id}", HIS_PAGE, "/clinic/participants/{taro}"),
    *(
        Row(
            "GET",
            f"/clinic/participants/{{participant_id}}/{tab}",
            HIS_PAGE,
            f"/clinic/participants/{{taro}}/{tab}",
        )
        for tab in ("timeline", "labs", "vitals", "medication", "documents")
    ),
    *(
        Row(
            "GET",
            f"/clinic/participants/{{participant_id}}/records/{{record_id}}{part}",
            HIS_PAGE,
            f"/clinic/participants/{{taro}}/records/{{record}}{part.replace('{place}', '0')}",
        )
        for part in ("", "/original", "/attachments/{place}")
    ),
    # The same form and the same answer for everybody's id
    Row(
        "GET",
        "/clinic/participants/{participant_id}/ask",
        PROFESSIONAL,
        "/clinic/participants/{taro}/ask",
    ),
    Row(
        "POST",
        "/clinic/participants/{participant_id}/ask",
        "in . bad . in in . .",
        "/clinic/participants/{taro}/ask",
        {"days": "0"},
    ),
    Row("POST", "/clinic/ask/start", PROFESSIONAL, body={"card": "{card_digits}"}),
    Row("POST", "/clinic/desk-code", "in . bad . in in . .", body={"code": "1234"}),
    Row("GET", "/clinic/ask", PROFESSIONAL),
    Row("POST", "/clinic/ask", "in . bad . in in . .", body={"card": "1234"}),
    Row(
        "POST",
        "/clinic/notices/{notice_id}/seen",
        PROFESSIONAL,
        "/clinic/notices/{notice}/seen",
        {"facility_id": "{clinic}"},
    ),
    Row(
        "GET",
        "/clinic/participants/{participant_id}/hand-on",
        HIS_PAGE,
        "/clinic/participants/{taro}/hand-on",
    ),
    Row(
        "POST",
        "/clinic/participants/{participant_id}/hand-on/find",
        HIS_PAGE,
        "/clinic/participants/{taro}/hand-on/find",
        {"q": "{number_value}"},
    ),
    Row(
        "POST",
        "/clinic/participants/{participant_id}/hand-on",
        HIS_PAGE,
        "/clinic/participants/{taro}/hand-on",
        {"professional_id": "{account}", "days": "7", "reason": "referral"},
    ),
)
