"""A participant's records, and checkup files of their own."""

from tests.attacks.roles import HIS_PAGE, PARTICIPANT, WRONG, Row

ROWS = (
    Row("GET", "/me/records", PARTICIPANT, "/me/records?participant_id={taro}"),
    Row("GET", "/me/summary", PARTICIPANT, "/me/summary?participant_id={taro}"),
    Row("GET", "/me/records/{record_id}", HIS_PAGE, "/me/records/{record}"),
    Row("GET", "/me/records/{record_id}/accesses", HIS_PAGE, "/me/records/{record}/accesses"),
    # A participant's own pages
    Row("GET", "/home", PARTICIPANT, "/home?participant_id={taro}"),
    Row("GET", "/records", PARTICIPANT, "/records?participant_id={taro}"),
    Row("GET", "/records/summary", PARTICIPANT, "/records/summary?participant_id={taro}"),
    Row("GET", "/records/summary/file", PARTICIPANT, "/records/summary/file?patient={taro}"),
    Row("GET", "/records/{record_id}", HIS_PAGE, "/records/{record}"),
    Row("GET", "/records/{record_id}/accesses", HIS_PAGE, "/records/{record}/accesses"),
    Row(
        "POST",
        "/records/{record_id}/choices",
        HIS_PAGE,
        "/records/{record}/choices",
        {"act": "hide", "version": "0"},
    ),
    Row("GET", "/records/{record_id}/share", HIS_PAGE, "/records/{record}/share?q="),
    Row(
        "POST",
        "/records/{record_id}/share",
        HIS_PAGE,
        "/records/{record}/share",
        {"to": "facility:{clinic}", "until": "2099-01-01", "version": "0"},
    ),
    Row("GET", "/records/incoming", PARTICIPANT, "/records/incoming?participant_id={taro}"),
    Row(
        "POST",
        "/records/incoming",
        PARTICIPANT,
        body={"level": "restricted", "version": "0", "participant_id": "{taro}"},
    ),
    Row("POST", "/records/undo", PARTICIPANT, body={"version": "0", "participant_id": "{taro}"}),
    # A checkup file of one's own
    Row("GET", "/records/checkup-file", PARTICIPANT, "/records/checkup-file?kept={record}"),
    Row("POST", "/records/checkup-file", WRONG, body={"participant_id": "{taro}"}),
    Row(
        "POST",
        "/records/checkup-file/keep",
        WRONG,
        body={"content": "eA==", "participant_id": "{taro}"},
    ),
    Row(
        "GET",
        "/records/checkup-file/{document_id}/remove",
        HIS_PAGE,
        "/records/checkup-file/{record}/remove",
    ),
    Row(
        "POST",
        "/records/checkup-file/{document_id}/remove",
        HIS_PAGE,
        "/records/checkup-file/{record}/remove",
        {},
    ),
    Row("GET", "/me/checkup-files", PARTICIPANT, "/me/checkup-files?participant_id={taro}"),
    Row("POST", "/me/checkup-files/preview", WRONG, body={}),
    Row("POST", "/me/checkup-files", WRONG, body={"participant_id": "{taro}"}),
    Row("DELETE", "/me/checkup-files/{document_id}", HIS_PAGE, "/me/checkup-files/{record}"),
)
