"""All books in one, taking everything out, bringing it in elsewhere, closing."""

from tests.attacks.roles import HIS_PAGE, NO_CODE, OPEN, PARTICIPANT, WRONG, Row

ROWS = (
    Row("GET", "/book", PARTICIPANT, "/book?participant_id={taro}"),
    Row("GET", "/me/books", PARTICIPANT, "/me/books?participant_id={taro}"),
    Row("GET", "/me/exports", PARTICIPANT, "/me/exports?participant_id={taro}"),
    Row("POST", "/me/exports", PARTICIPANT, body={}),
    Row("GET", "/me/exports/{export_id}", HIS_PAGE, "/me/exports/{record}"),
    Row("GET", "/me/exports/{export_id}/{form}", HIS_PAGE, "/me/exports/{record}/fhir"),
    Row("DELETE", "/me/exports/{export_id}", HIS_PAGE, "/me/exports/{record}"),
    Row("GET", "/book/out", PARTICIPANT, "/book/out?participant_id={taro}"),
    Row("POST", "/book/out", PARTICIPANT, body={"participant_id": "{taro}"}),
    Row("GET", "/book/out/{export_id}/{form}", HIS_PAGE, "/book/out/{record}/pdf"),
    Row("POST", "/book/out/{export_id}/cancel", HIS_PAGE, "/book/out/{record}/cancel", {}),
    Row("GET", "/me/imports", PARTICIPANT, "/me/imports?participant_id={taro}"),
    Row("POST", "/me/imports", WRONG, body={"participant_id": "{taro}"}),
    Row("GET", "/me/imports/{import_id}", HIS_PAGE, "/me/imports/{record}"),
    Row("POST", "/me/imports/{import_id}/keep", HIS_PAGE, "/me/imports/{record}/keep", {}),
    Row("DELETE", "/me/imports/{import_id}", HIS_PAGE, "/me/imports/{record}"),
    Row("GET", "/book/bring-in", PARTICIPANT, "/book/bring-in?participant_id={taro}"),
    Row("POST", "/book/bring-in", WRONG, body={"participant_id": "{taro}"}),
    Row("GET", "/book/bring-in/{import_id}", HIS_PAGE, "/book/bring-in/{record}"),
    Row("POST", "/book/bring-in/{import_id}/keep", HIS_PAGE, "/book/bring-in/{record}/keep", {}),
    Row(
        "POST",
        "/book/bring-in/{import_id}/cancel",
        HIS_PAGE,
        "/book/bring-in/{record}/cancel",
        {},
    ),
    # Closing the account: never somebody else's
    Row("GET", "/me/closing", HIS_PAGE, "/me/closing?participant_id={taro}"),
    Row("POST", "/me/closing", WRONG, body={"participant_id": "{taro}"}),
    Row("DELETE", "/me/closing", PARTICIPANT, "/me/closing?participant_id={taro}"),
    Row("GET", "/account/closing", PARTICIPANT, "/account/closing?participant_id={taro}"),
    Row("POST", "/account/closing", WRONG, body={"participant_id": "{taro}"}),
    Row("POST", "/account/closing/call-off", PARTICIPANT, body={}),
    Row("GET", "/closing-certificate", OPEN),
    Row("POST", "/closing-certificates", NO_CODE, body={"code": "0123-4567-89AB-CDEF"}),
    Row("POST", "/closing-certificate", NO_CODE, body={"code": "0123-4567-89AB-CDEF"}),
)
