"""Notices, on paper too, and where they go."""

from tests.attacks.roles import HIS_PAGE, PARTICIPANT, SUPPORT, WRONG, Row

ROWS = (
    # Notices on paper, and those that did not arrive
    Row("GET", "/support/letters", SUPPORT),
    Row("GET", "/support/letters/pdf", SUPPORT),
    Row(
        "POST",
        "/support/letters/{participant_id}/posted",
        HIS_PAGE,
        "/support/letters/{taro}/posted",
        {"notices": "{notice}"},
    ),
    Row("GET", "/me/notices", PARTICIPANT, "/me/notices?participant_id={taro}"),
    Row("GET", "/inbox", PARTICIPANT, "/inbox?participant_id={taro}"),
    Row("GET", "/support/notices", SUPPORT),
    Row(
        "POST",
        "/support/notices/retry",
        HIS_PAGE,
        body={"participant": "{taro}", "notice": "{absent}", "channel": "mail"},
    ),
    Row(
        "POST",
        "/support/notices/call",
        HIS_PAGE,
        body={"participant": "{taro}", "notice": "{absent}", "channel": "mail"},
    ),
    Row("GET", "/notices/settings", PARTICIPANT, "/notices/settings?participant_id={taro}"),
    Row(
        "POST",
        "/notices/settings",
        PARTICIPANT,
        body={"what": "digest", "on": "yes", "participant_id": "{taro}"},
    ),
    Row("GET", "/me/notice-preferences", PARTICIPANT),
    Row("PATCH", "/me/notice-preferences", PARTICIPANT, body={"monthly_digest": True}),
    # Where my notices go: this network sends none in these tests, and says so
    Row("GET", "/me/notice-addresses", PARTICIPANT, "/me/notice-addresses?participant_id={taro}"),
    Row(
        "DELETE", "/me/notice-addresses/{address_id}", HIS_PAGE, "/me/notice-addresses/{his_phone}"
    ),
    Row("POST", "/me/push-tokens", PARTICIPANT, body={"token": "x"}),
    Row(
        "POST",
        "/me/push-subscriptions",
        PARTICIPANT,
        body={"endpoint": "http://localhost/x", "keys": {"p256dh": "x", "auth": "x"}},
    ),
    Row("POST", "/me/mail-address", PARTICIPANT, body={"address": "x@example.jp"}),
    Row("POST", "/me/mail-address/confirmation", WRONG, body={"code": "1"}),
    Row("DELETE", "/me/mail-address", PARTICIPANT),
    Row("GET", "/account/notices", PARTICIPANT, "/account/notices?participant_id={taro}"),
    Row("POST", "/account/notices/browser", PARTICIPANT, body={"endpoint": "x"}),
    Row(
        "POST",
        "/account/notices/{address_id}/remove",
        HIS_PAGE,
        "/account/notices/{his_phone}/remove",
        {},
    ),
    Row("POST", "/account/notices/mail", PARTICIPANT, body={"address": "x@example.jp"}),
    Row("POST", "/account/notices/mail/confirm", WRONG, body={"code": "1"}),
    Row("POST", "/account/notices/mail/remove", PARTICIPANT, body={}),
    Row("GET", "/me/registration", PARTICIPANT, "/me/registration?participant_id={taro}"),
    Row("GET", "/account/registration", PARTICIPANT),
)
