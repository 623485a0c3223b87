"""The record of a pregnancy."""

from tests.attacks.roles import HIS_PAGE, PARTICIPANT, WRONG, Row

ROWS = (
    Row("GET", "/book/pregnancy", PARTICIPANT, "/book/pregnancy?participant_id={taro}"),
    Row("GET", "/book/pregnancy/earlier", PARTICIPANT),
    Row("GET", "/book/pregnancy/new", PARTICIPANT),
    Row("POST", "/book/pregnancy/new", WRONG, body={"participant_id": "{taro}"}),
    Row("GET", "/book/pregnancy/visits/new", PARTICIPANT),
    *(
        Row(
            "GET",
            f"/book/pregnancy/{{pregnancy_id}}{way}",
            HIS_PAGE,
            f"/book/pregnancy/{{record}}{way}",
        )
        for way in ("", "/schedule", "/charts", "/dates", "/close", "/closed", "/remove")
    ),
    *(
        Row(
            "POST",
            f"/book/pregnancy/{{pregnancy_id}}{way}",
            HIS_PAGE,
            f"/book/pregnancy/{{record}}{way}",
            {"edd": "2026-10-08"},
        )
        for way in ("/dates", "/close", "/reopen", "/show", "/keep", "/remove")
    ),
    *(
        Row(
            method,
            "/book/pregnancy/{pregnancy_id}/new/{kind}",
            HIS_PAGE,
            "/book/pregnancy/{record}/new/visit",
            {"weight": "55"} if method == "POST" else None,
        )
        for method in ("GET", "POST")
    ),
    *(
        Row(
            method,
            f"/book/pregnancy/{{pregnancy_id}}/entries/{{entry_id}}{way}",
            HIS_PAGE,
            f"/book/pregnancy/{{record}}/entries/{{record}}{way}",
            {"weight": "55"} if method == "POST" else None,
        )
        for method in ("GET", "POST")
        for way in ("", "/remove")
    ),
    Row("GET", "/me/pregnancies", PARTICIPANT, "/me/pregnancies?participant_id={taro}"),
    Row("POST", "/me/pregnancies", WRONG, body={"fields": {}}),
    Row("GET", "/me/pregnancies/{pregnancy_id}", HIS_PAGE, "/me/pregnancies/{record}"),
    Row(
        "GET",
        "/me/pregnancies/{pregnancy_id}/fetal-weights",
        HIS_PAGE,
        "/me/pregnancies/{record}/fetal-weights",
    ),
    Row(
        "PUT",
        "/me/pregnancies/{pregnancy_id}",
        HIS_PAGE,
        "/me/pregnancies/{record}",
        {"fields": {"edd": "2026-10-08"}, "version": 1},
    ),
    Row("DELETE", "/me/pregnancies/{pregnancy_id}", HIS_PAGE, "/me/pregnancies/{record}"),
    *(
        Row(
            "POST",
            f"/me/pregnancies/{{pregnancy_id}}{way}",
            HIS_PAGE,
            f"/me/pregnancies/{{record}}{way}",
            {},
        )
        for way in ("/close", "/reopen", "/show", "/keep")
    ),
    Row(
        "POST",
        "/me/pregnancies/{pregnancy_id}/entries",
        HIS_PAGE,
        "/me/pregnancies/{record}/entries",
        {"kind": "visit", "fields": {"on": "2026-05-01", "weight": "55"}},
    ),
    Row(
        "PUT",
        "/me/pregnancies/{pregnancy_id}/entries/{entry_id}",
        HIS_PAGE,
        "/me/pregnancies/{record}/entries/{record}",
        {"kind": "visit", "fields": {"on": "2026-05-01", "weight": "55"}, "version": 1},
    ),
    Row(
        "DELETE",
        "/me/pregnancies/{pregnancy_id}/entries/{entry_id}",
        HIS_PAGE,
        "/me/pregnancies/{record}/entries/{record}",
    ),
)
