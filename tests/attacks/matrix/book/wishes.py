"""Wishes: nobody but the participant has any; this one wrote none yet."""

from tests.attacks.roles import HIS_PAGE, PARTICIPANT, WRONG, Row


def _rows() -> list[Row]:
    here, one = "/book/wishes", "/book/wishes/documents/{entry_id}"
    return [
        Row("GET", here, PARTICIPANT, f"{here}?participant_id={{taro}}"),
        Row("GET", f"{here}/statement", PARTICIPANT),
        Row("POST", f"{here}/statement", WRONG, body={"participant_id": "{taro}"}),
        Row("GET", f"{here}/versions", HIS_PAGE),
        Row("GET", f"{here}/revoke", HIS_PAGE),
        Row("POST", f"{here}/revoke", HIS_PAGE, body={"participant_id": "{taro}"}),
        Row("GET", f"{here}/people/new", PARTICIPANT),
        Row("POST", f"{here}/people/new", WRONG, body={"participant_id": "{taro}"}),
        Row("GET", f"{here}/people/{{place}}", HIS_PAGE, f"{here}/people/1"),
        Row("POST", f"{here}/people/{{place}}", HIS_PAGE, f"{here}/people/1", {}),
        Row("POST", f"{here}/people/{{place}}/move", HIS_PAGE, f"{here}/people/1/move", {}),
        Row("GET", f"{here}/people/{{place}}/remove", HIS_PAGE, f"{here}/people/1/remove"),
        Row("POST", f"{here}/people/{{place}}/remove", HIS_PAGE, f"{here}/people/1/remove", {}),
        Row("GET", f"{here}/documents/new", PARTICIPANT),
        Row("POST", f"{here}/documents/new", WRONG, body={"participant_id": "{taro}"}),
        Row("GET", one, HIS_PAGE, f"{here}/documents/{{record}}"),
        Row("GET", f"{one}/remove", HIS_PAGE, f"{here}/documents/{{record}}/remove"),
        Row("POST", f"{one}/remove", HIS_PAGE, f"{here}/documents/{{record}}/remove", {}),
        Row("GET", "/me/wishes", PARTICIPANT, "/me/wishes?participant_id={taro}"),
        Row("PUT", "/me/wishes/statement", WRONG, body={"fields": {"life": "magic"}}),
        Row("PUT", "/me/wishes/people", WRONG, body={"people": [{"relation": "x"}]}),
        Row("GET", "/me/wishes/readers", PARTICIPANT, "/me/wishes/readers?of={taro}"),
        Row("GET", "/me/wishes/versions", PARTICIPANT, "/me/wishes/versions?of={taro}"),
        Row("DELETE", "/me/wishes", HIS_PAGE, "/me/wishes?participant_id={taro}"),
        Row("POST", "/me/wishes/document", WRONG, body={"participant_id": "{taro}"}),
        Row("GET", "/me/wishes/document/{entry_id}", HIS_PAGE, "/me/wishes/document/{record}"),
        Row("DELETE", "/me/wishes/document/{entry_id}", HIS_PAGE, "/me/wishes/document/{record}"),
    ]


ROWS = tuple(_rows())
