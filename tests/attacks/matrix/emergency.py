"""Emergencies, disaster mode, figures, and the emergency card."""

from tests.attacks.roles import (
    HIS_ANSWER,
    HIS_PAGE,
    NOT_IN_EMERGENCY,
    OPEN,
    PARTICIPANT,
    PROFESSIONAL,
    SUPPORT,
    Row,
)

HIS_VIEWING = {"session_id": "{case}", "record_id": "{record}", "place": "0"}

ROWS = (
    # Emergencies: Dr Satō's clinic has no emergency right, and no session is his
    Row("GET", "/clinic/emergency", PROFESSIONAL),
    Row(
        "POST",
        "/clinic/emergency",
        "in . bad . in in . .",
        body={"by": "card", "card": "{card_digits}", "reason": "unconscious", "words": "x"},
    ),
    Row("GET", "/clinic/emergency/{session_id}", HIS_PAGE, "/clinic/emergency/{case}"),
    Row(
        "POST",
        "/clinic/emergency/{session_id}/{deed}",
        HIS_PAGE,
        "/clinic/emergency/{case}/widen",
        {},
    ),
    Row("GET", "/account/emergency-ties", PROFESSIONAL),
    Row("POST", "/account/emergency-ties", PROFESSIONAL, body={"card": "{card_digits}"}),
    Row("GET", "/emergency/disasters", OPEN),
    Row("GET", "/support/disaster", SUPPORT),
    Row(
        "POST",
        "/support/disaster",
        "in . . bad in in . .",
        body={"region": "nowhere", "hours": "24", "words": "x"},
    ),
    Row("GET", "/support/disaster/{disaster_id}", HIS_PAGE, "/support/disaster/{case}"),
    Row(
        "POST",
        "/support/disaster/{disaster_id}/{deed}",
        HIS_PAGE,
        "/support/disaster/{case}/confirm",
        {},
    ),
    Row(
        "GET",
        "/clinic/emergency/{session_id}/records/{record_id}",
        HIS_PAGE,
        "/clinic/emergency/{case}/records/{record}",
    ),
    Row(
        "GET",
        "/clinic/emergency/{session_id}/records/{record_id}/attachments/{place}",
        HIS_PAGE,
        "/clinic/emergency/{case}/records/{record}/attachments/0",
    ),
    Row("GET", "/emergency/figures", OPEN),
    Row("GET", "/emergency/figures.csv", OPEN),
    Row("GET", "/support/emergency/figures", SUPPORT),
    # Nobody named by Tarō looks at an emergency of his
    Row("GET", "/proxies/viewings", PARTICIPANT),
    *(
        Row("GET", f"{path}{end}", HIS_PAGE, f"{path}{end}".format(**HIS_VIEWING))
        for path, ends in (
            (
                "/proxies/viewings/{session_id}",
                ("", "/{record_id}", "/{record_id}/attachments/{place}"),
            ),
            (
                "/me/nominations/viewings/{session_id}",
                ("/directives", "/directives/{record_id}"),
            ),
        )
        for end in ends
    ),
    Row("GET", "/me/nominations/viewings", PARTICIPANT),
    Row("GET", "/disclosure/emergency", PARTICIPANT),
    Row("POST", "/disclosure/emergency", PARTICIPANT, body={"kind": "allow"}),
    Row("GET", "/support/emergency", SUPPORT),
    Row("GET", "/support/emergency/{session_id}", HIS_PAGE, "/support/emergency/{case}"),
    Row(
        "POST",
        "/support/emergency/{session_id}/{deed}",
        HIS_PAGE,
        "/support/emergency/{case}/justified",
        {"words": "x"},
    ),
    Row("GET", "/me/emergency", PARTICIPANT),
    Row("PUT", "/me/emergency", PARTICIPANT, body={"kind": "allow"}),
    Row("GET", "/me/emergency/sessions", PARTICIPANT),
    Row(
        "POST",
        "/emergency/sessions",
        NOT_IN_EMERGENCY,
        body={"reason": "unconscious", "words": "x", "card": "{card_digits}"},
    ),
    *(
        Row(
            method,
            f"/emergency/sessions/{{session_id}}{end}",
            NOT_IN_EMERGENCY,
            f"/emergency/sessions/{{case}}{at}",
            None if method == "GET" else {"reason": "x"} if end == "/hold" else {},
        )
        for method, end, at in (
            ("GET", "", ""),
            ("GET", "/records", "/records"),
            ("GET", "/records/{resource_type}", "/records/Condition"),
            ("POST", "/widened", "/widened"),
            ("POST", "/renewed", "/renewed"),
            ("POST", "/closed", "/closed"),
            ("POST", "/hold", "/hold"),
        )
    ),
    # The emergency card: only ever one's own, and what anybody may check it with
    Row("GET", "/card", OPEN),
    Row("GET", "/card/file", OPEN),
    Row("GET", "/.well-known/emergency-card/jwks.json", OPEN),
    Row("GET", "/emergency-card", PARTICIPANT, "/emergency-card?participant_id={taro}"),
    Row("GET", "/emergency-card/new", PARTICIPANT, "/emergency-card/new?participant_id={taro}"),
    Row("POST", "/emergency-card/preview", HIS_ANSWER, body={"record": "{record}"}),
    Row("POST", "/emergency-card", HIS_ANSWER, body={"record": "{record}"}),
    Row("POST", "/emergency-card/paper", HIS_ANSWER, body={"participant_id": "{taro}"}),
    Row("POST", "/emergency-card/phone", HIS_ANSWER, body={"participant_id": "{taro}"}),
    Row("POST", "/emergency-card/revoked", PARTICIPANT, body={"participant_id": "{taro}"}),
    Row("GET", "/me/emergency-card", HIS_PAGE),
    Row("GET", "/me/emergency-card/choices", PARTICIPANT),
    Row("POST", "/me/emergency-card/preview", HIS_ANSWER, body={"records": ["{record}"]}),
    Row("POST", "/me/emergency-card", HIS_ANSWER, body={"records": ["{record}"]}),
    Row("POST", "/me/emergency-card/copies", HIS_ANSWER, body={"medium": "paper"}),
    Row("DELETE", "/me/emergency-card", PARTICIPANT),
)
