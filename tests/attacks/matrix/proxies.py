"""Who acts for whom."""

from tests.attacks.roles import HIS_PAGE, PARTICIPANT, SUPPORT, WRONG, Row

ROWS = (
    # Proxies
    Row("GET", "/proxies", PARTICIPANT, "/proxies?participant_id={taro}"),
    Row("GET", "/proxies/new", PARTICIPANT),
    Row("POST", "/proxies/new", WRONG, body={"card": "{card_digits}"}),
    Row("GET", "/proxies/{proxy_id}", HIS_PAGE, "/proxies/{case}"),
    Row("POST", "/proxies/{proxy_id}/accept", HIS_PAGE, "/proxies/{case}/accept", {}),
    Row("POST", "/proxies/{proxy_id}/narrow", HIS_PAGE, "/proxies/{case}/narrow", {}),
    Row("POST", "/proxies/{proxy_id}/end", HIS_PAGE, "/proxies/{case}/end", {}),
    Row("POST", "/proxies/{proxy_id}/again", HIS_PAGE, "/proxies/{case}/again", {}),
    Row("POST", "/proxies/{proxy_id}/resume", HIS_PAGE, "/proxies/{case}/resume", {}),
    Row("GET", "/proxies/private", PARTICIPANT),
    Row("POST", "/proxies/private", PARTICIPANT, body={}),
    Row("POST", "/acting", HIS_PAGE, body={"principal": "{taro}"}),
    Row("POST", "/acting/myself", PARTICIPANT, body={}),
    Row("GET", "/me/proxies", PARTICIPANT),
    Row(
        "POST",
        "/me/proxies",
        WRONG,
        body={"card": "1", "name": "x", "powers": ["view"]},
    ),
    Row(
        "POST",
        "/me/proxies/{proxy_id}/acceptance",
        HIS_PAGE,
        "/me/proxies/{case}/acceptance",
        {},
    ),
    Row(
        "POST",
        "/me/proxies/{proxy_id}/narrowing",
        HIS_PAGE,
        "/me/proxies/{case}/narrowing",
        {"powers": ["view"]},
    ),
    Row("POST", "/me/proxies/{proxy_id}/end", HIS_PAGE, "/me/proxies/{case}/end", {}),
    Row("POST", "/me/proxies/{proxy_id}/renewal", HIS_PAGE, "/me/proxies/{case}/renewal", {}),
    Row("POST", "/me/proxies/{proxy_id}/resumption", HIS_PAGE, "/me/proxies/{case}/resumption", {}),
    Row("POST", "/me/safe-mode", PARTICIPANT, body={}),
    Row("GET", "/support/proxies", SUPPORT),
    Row("POST", "/support/proxies", "in . . bad in in . .", body={}),
    Row("POST", "/support/proxies/card", "in . . bad in in . .", body={"card": "{card_digits}"}),
    Row("POST", "/support/proxies/safe-mode", "in . . bad in in . .", body={}),
    Row(
        "POST",
        "/support/proxies/{participant_id}/{proxy_id}/confirm",
        HIS_PAGE,
        "/support/proxies/{taro}/{case}/confirm",
        {},
    ),
    Row(
        "POST",
        "/support/proxies/{participant_id}/{proxy_id}/refuse",
        HIS_PAGE,
        "/support/proxies/{taro}/{case}/refuse",
        {},
    ),
)
