"""One's own measurements, and checkups side by side."""

from tests.attacks.roles import HIS_PAGE, PARTICIPANT, WRONG, Row

A_WEIGHT = {"on": "2026-05-01", "values": {"weight": "62.5"}}

ROWS = (
    # One's own measurements
    Row("GET", "/me/vitals", PARTICIPANT, "/me/vitals?participant_id={taro}"),
    Row("POST", "/me/vitals", WRONG, body={"participant_id": "{taro}"}),
    Row("PUT", "/me/vitals/{entry_id}", HIS_PAGE, "/me/vitals/{record}", A_WEIGHT | {"version": 1}),
    Row("DELETE", "/me/vitals/{entry_id}", HIS_PAGE, "/me/vitals/{record}"),
    Row("POST", "/me/vitals/batches", WRONG, body={"participant_id": "{taro}"}),
    Row("GET", "/me/vitals/summary", PARTICIPANT, "/me/vitals/summary?kind=weight"),
    Row("POST", "/me/vitals/import/preview", WRONG, body={}),
    Row("POST", "/me/vitals/import", WRONG, body={"participant_id": "{taro}"}),
    Row("DELETE", "/me/vitals/import/{import_id}", HIS_PAGE, "/me/vitals/import/{record}"),
    Row("GET", "/book/vitals", PARTICIPANT, "/book/vitals?saved={record}"),
    Row("POST", "/book/vitals", WRONG, body={"participant_id": "{taro}"}),
    Row("POST", "/book/vitals/undo", HIS_PAGE, body={"ids": "{record}"}),
    Row("GET", "/book/vitals/kinds/{name}", PARTICIPANT, "/book/vitals/kinds/weight"),
    Row("GET", "/book/vitals/month", PARTICIPANT, "/book/vitals/month?month={month}"),
    Row("GET", "/book/vitals/{entry_id}/correct", HIS_PAGE, "/book/vitals/{record}/correct"),
    Row("POST", "/book/vitals/{entry_id}/correct", HIS_PAGE, "/book/vitals/{record}/correct", {}),
    Row("GET", "/book/vitals/{entry_id}/remove", HIS_PAGE, "/book/vitals/{record}/remove"),
    Row("POST", "/book/vitals/{entry_id}/remove", HIS_PAGE, "/book/vitals/{record}/remove", {}),
    Row("GET", "/book/vitals/file", PARTICIPANT),
    Row("POST", "/book/vitals/file", WRONG, body={}),
    Row("POST", "/book/vitals/file/keep", WRONG, body={"content": "?"}),
    Row(
        "POST", "/book/vitals/file/{book}/remove", HIS_PAGE, "/book/vitals/file/{record}/remove", {}
    ),
    # Checkups side by side
    Row("GET", "/book/checkups", PARTICIPANT, "/book/checkups?participant_id={taro}"),
    Row("GET", "/book/checkups/{checkup_id}", HIS_PAGE, "/book/checkups/{record}"),
    Row("GET", "/book/checkups/trends/{item}", PARTICIPANT, "/book/checkups/trends/waist"),
    Row("GET", "/book/checkups/new", PARTICIPANT),
    Row("POST", "/book/checkups/new", WRONG, body={"participant_id": "{taro}"}),
    Row("GET", "/book/checkups/{checkup_id}/edit", HIS_PAGE, "/book/checkups/{record}/edit"),
    Row(
        "POST",
        "/book/checkups/{checkup_id}/edit",
        HIS_PAGE,
        "/book/checkups/{record}/edit",
        body={"on": "2024-05-20", "waist": "88", "version": "1"},
    ),
    Row("GET", "/book/checkups/{checkup_id}/remove", HIS_PAGE, "/book/checkups/{record}/remove"),
    Row(
        "POST",
        "/book/checkups/{checkup_id}/remove",
        HIS_PAGE,
        "/book/checkups/{record}/remove",
        body={},
    ),
    Row("GET", "/me/checkups", PARTICIPANT, "/me/checkups?participant_id={taro}"),
    Row("GET", "/me/checkups/{checkup_id}", HIS_PAGE, "/me/checkups/{record}"),
    Row("GET", "/me/checkups/trends/{item}", PARTICIPANT, "/me/checkups/trends/waist"),
    Row("POST", "/me/checkups", WRONG, body={"participant_id": "{taro}"}),
    Row(
        "PUT",
        "/me/checkups/{checkup_id}",
        HIS_PAGE,
        "/me/checkups/{record}",
        body={"on": "2024-05-20", "values": {"waist": "88"}, "version": 1},
    ),
    Row("DELETE", "/me/checkups/{checkup_id}", HIS_PAGE, "/me/checkups/{record}"),
)
