"""Vaccines: one's own, and a child's."""

from tests.attacks.roles import HIS_PAGE, PARTICIPANT, WRONG, Row

_DOSE = {"vaccine": "bcg", "on": "2026-10-20"}

ROWS = (
    *(
        Row("GET", f"/book/vaccines{way}", PARTICIPANT, f"/book/vaccines{way}?book_id={{record}}")
        for way in ("", "/table", "/new")
    ),
    Row("POST", "/book/vaccines/new", WRONG, body={"vaccine": "bcg"}),
    *(
        Row(
            method,
            f"/book/vaccines/{{entry_id}}{way}",
            HIS_PAGE,
            f"/book/vaccines/{{record}}{way}",
            _DOSE if method == "POST" else None,
        )
        for method in ("GET", "POST")
        for way in ("", "/remove")
    ),
    *(
        Row(
            "GET",
            f"/book/children/{{book_id}}/vaccines{way}",
            HIS_PAGE,
            f"/book/children/{{record}}/vaccines{way}",
        )
        for way in ("", "/table", "/new")
    ),
    Row(
        "POST",
        "/book/children/{book_id}/vaccines/new",
        HIS_PAGE,
        "/book/children/{record}/vaccines/new",
        _DOSE,
    ),
    *(
        Row(
            method,
            f"/book/children/{{book_id}}/vaccines/{{entry_id}}{way}",
            HIS_PAGE,
            f"/book/children/{{record}}/vaccines/{{record}}{way}",
            _DOSE if method == "POST" else None,
        )
        for method in ("GET", "POST")
        for way in ("", "/remove")
    ),
    Row("GET", "/me/immunizations", PARTICIPANT, "/me/immunizations?participant_id={taro}"),
    Row("POST", "/me/immunizations", WRONG, body={"vaccine": "", "on": ""}),
    Row("PUT", "/me/immunizations/{entry_id}", HIS_PAGE, "/me/immunizations/{record}", _DOSE),
    Row("DELETE", "/me/immunizations/{entry_id}", HIS_PAGE, "/me/immunizations/{record}"),
    Row(
        "GET",
        "/me/children/{book_id}/immunizations",
        HIS_PAGE,
        "/me/children/{record}/immunizations",
    ),
    Row(
        "POST",
        "/me/children/{book_id}/immunizations",
        HIS_PAGE,
        "/me/children/{record}/immunizations",
        _DOSE,
    ),
    *(
        Row(
            method,
            "/me/children/{book_id}/immunizations/{entry_id}",
            HIS_PAGE,
            "/me/children/{record}/immunizations/{record}",
            _DOSE if method == "PUT" else None,
        )
        for method in ("PUT", "DELETE")
    ),
)
