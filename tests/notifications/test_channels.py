"""Each way out against the other end, on a real socket: every way it can go wrong."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from firebase_admin import messaging

from api.core.crypto import KeyRing
from api.core.settings import PUSH_SERVICES, Smtp
from notifications.channels import Limits, Message, key_of
from notifications.channels.fcm import Fcm
from notifications.channels.mail import Mail
from notifications.channels.push_services import is_push_service, public_key
from notifications.channels.web_push import WebPush
from notifications.rules import Fate
from tests.notifications.sinks import DROP, HANG, Behaviour, Sinks, listening

QUICK = Limits(seconds=0.6, at_once=4)


@pytest.fixture(scope="module")
def sinks() -> Iterator[Sinks]:
    with listening() as open_ones:
        yield open_ones


@pytest.fixture
async def fcm(sinks: Sinks, tmp_path: Path) -> AsyncIterator[Fcm]:
    channel = Fcm(sinks.account(tmp_path), QUICK, sinks.fcm_url)
    yield channel
    await channel.close()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    return KeyRing(tmp_path_factory.mktemp("keys"))


@pytest.fixture
async def web_push(sinks: Sinks, keys: KeyRing) -> AsyncIterator[WebPush]:
    channel = WebPush(keys.web_push, "mailto:ops@example.jp", (sinks.host,), QUICK)
    yield channel
    await channel.close()


@pytest.fixture
async def mail(sinks: Sinks) -> AsyncIterator[Mail]:
    smtp = Smtp(host="localhost", port=sinks.smtp_port, sender="tsunagu@example.jp", tls="none")
    channel = Mail(smtp, QUICK)
    yield channel
    await channel.close()


def message() -> Message:
    return Message(key_of(uuid4()), "お知らせ", "つなぐを開いてください。", "http://x/inbox", True)


def browser(sinks: Sinks, name: str) -> dict[str, str]:
    subscription = sinks.browser(name)
    return {"to": subscription["endpoint"], **subscription}


async def test_a_phone_gets_title_sentence_and_link_under_the_notices_own_key(fcm, sinks):
    says = message()
    assert (await fcm.send(says, {"to": "phone"})).fate is Fate.SENT
    (got,) = sinks.of("phone")
    assert got.key == says.key
    assert got.body["notification"] == {"title": says.title, "body": says.body}
    assert got.body["data"] == {"url": says.url, "tag": says.key}
    assert got.body["android"]["priority"] == "high"
    assert sinks.tokens >= 1


@pytest.mark.parametrize(
    ("behaviour", "fate", "reason", "after"),
    [
        (404, Fate.GONE, "unregistered 404", None),
        (403, Fate.GONE, "mismatch 403", None),
        ((429, "17"), Fate.LATER, "unavailable 429", 17.0),
        (429, Fate.LATER, "unavailable 429", None),
        (500, Fate.LATER, "unavailable 500", None),
        ((503, "90"), Fate.LATER, "unavailable 503", 90.0),
        (400, Fate.REFUSED, "refused 400", None),
        (401, Fate.FAULT, "unauthorized 401", None),
        (HANG, Fate.LATER, "timeout", None),
        (DROP, Fate.LATER, "unreachable", None),
    ],
)
async def test_what_fcm_answers_is_understood(
    fcm, sinks, behaviour: Behaviour, fate: Fate, reason: str, after: float | None
):
    to = f"fcm-{behaviour}"
    sinks.always[to] = behaviour
    assert tuple(await fcm.send(message(), {"to": to})) == (fate, reason, after)
    # It is asked once: the queue waits, not a thread. A token not believed is fetched anew.
    assert sinks.asked[to] == (3 if behaviour == 401 else 1)


async def test_a_service_account_google_does_not_believe_is_our_fault(sinks, tmp_path):
    channel = Fcm(sinks.account(tmp_path), QUICK, sinks.fcm_url)
    sinks.token_behaviour = 400
    try:
        assert tuple(await channel.send(message(), {"to": "x"})) == (
            Fate.FAULT, "credentials", None,
        )  # fmt: skip
    finally:
        sinks.token_behaviour = None
        await channel.close()


def test_where_fcm_is_asked_is_as_the_library_has_it(sinks, tmp_path):
    assert messaging._MessagingService.FCM_URL == (
        "https://fcm.googleapis.com/v1/projects/{0}/messages:send"
    )
    channel = Fcm(sinks.account(tmp_path), QUICK)
    assert channel._service._fcm_url == (
        "https://fcm.googleapis.com/v1/projects/tsunagu-test/messages:send"
    )
    adapters = channel._service._client.session.adapters.values()
    assert [each.max_retries.total for each in adapters] == [0] * len(adapters)


async def test_a_browser_reads_what_nobody_on_the_way_could(web_push, sinks, keys):
    says = message()
    assert (await web_push.send(says, browser(sinks, "chrome"))).fate is Fate.SENT
    (got,) = sinks.of("chrome")
    assert got.body == {
        "title": says.title, "body": says.body, "url": says.url, "tag": says.key,
    }  # fmt: skip
    assert got.key == says.key
    assert (got.headers["urgency"], got.headers["ttl"]) == ("high", "259200")
    assert sinks.vapid == {public_key(keys.web_push)}


@pytest.mark.parametrize(
    ("behaviour", "fate", "reason", "after"),
    [
        (404, Fate.GONE, "unsubscribed 404", None),
        (410, Fate.GONE, "unsubscribed 410", None),
        (413, Fate.REFUSED, "refused 413", None),
        (400, Fate.REFUSED, "refused 400", None),
        ((429, "30"), Fate.LATER, "unavailable 429", 30.0),
        (503, Fate.LATER, "unavailable 503", None),
        (401, Fate.FAULT, "unauthorized 401", None),
        ((302, "0"), Fate.REFUSED, "refused 302", None),
        (HANG, Fate.LATER, "timeout", None),
        (DROP, Fate.LATER, "unreachable", None),
    ],
)
async def test_what_a_push_service_answers_is_understood(
    web_push, sinks, behaviour: Behaviour, fate: Fate, reason: str, after: float | None
):
    to = f"push-{str(behaviour).replace(' ', '')}"
    sinks.always[to] = behaviour
    assert tuple(await web_push.send(message(), browser(sinks, to))) == (fate, reason, after)


@pytest.mark.parametrize(
    ("endpoint", "is_one"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc", True),
        ("https://wns2-by3p.notify.windows.com/w/?token=x", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/x", True),
        ("http://fcm.googleapis.com/fcm/send/abc", False),
        ("https://fcm.googleapis.com:8443/x", False),
        ("https://fcm.googleapis.com.example.jp/x", False),
        ("https://notify.windows.com.evil.example/x", False),
        ("https://user@fcm.googleapis.com/x", False),
        ("https://127.0.0.1/x", False),
        ("http://localhost:8000/admin", False),
        ("file:///etc/passwd", False),
        ("https://[broken", False),
        # Where one reader sees a long name, another sees a short one and a path.
        ("https://127.0.0.1\\.notify.windows.com/x", False),
        ("https://evil.example\\.notify.windows.com", False),
        ("https://fcm.googleapis.com\\@evil.example/x", False),
        ("https://evil.example%2f.notify.windows.com/x", False),
        ("https://evil.example .notify.windows.com/x", False),
        ("https://fcm.googleapis.com/x\r\nHost: evil.example", False),
        ("https://fcm.googleapis.com/ｘ", False),
    ],
)
def test_only_the_services_of_browser_makers_are_ever_asked(endpoint: str, is_one: bool):
    assert is_push_service(endpoint, PUSH_SERVICES) is is_one


async def test_a_subscription_elsewhere_is_dropped_unasked(sinks, keys):
    channel = WebPush(keys.web_push, "mailto:ops@example.jp", PUSH_SERVICES, QUICK)
    before = sinks.asked["inside"]
    assert (await channel.send(message(), browser(sinks, "inside"))).fate is Fate.GONE
    assert sinks.asked["inside"] == before
    await channel.close()


async def test_a_mail_says_no_more_than_a_push(mail, sinks):
    says = message()
    assert (await mail.send(says, {"to": "hanako@example.jp"})).fate is Fate.SENT
    (got,) = sinks.of("hanako@example.jp")
    assert got.body["title"] == says.title
    assert got.body["body"].split() == [says.body, says.url]
    assert got.key == says.key
    assert got.headers["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("behaviour", "fate", "reason"),
    [
        (451, Fate.LATER, "smtp 451"),
        (452, Fate.LATER, "smtp 452"),
        (550, Fate.GONE, "smtp 550"),
        (551, Fate.GONE, "smtp 551"),
        (554, Fate.REFUSED, "smtp 554"),
        (HANG, Fate.LATER, "timeout"),
        (DROP, Fate.LATER, "unreachable"),
    ],
)
async def test_what_a_mail_server_answers_is_understood_by_its_code(
    mail, sinks, behaviour: Behaviour, fate: Fate, reason: str
):
    to = f"m{behaviour}@example.jp"
    sinks.always[to] = behaviour
    assert tuple(await mail.send(message(), {"to": to}))[:2] == (fate, reason)
    assert (await mail.send(message(), {"to": "after@example.jp"})).fate is Fate.SENT


async def test_a_connection_the_server_closed_meanwhile_is_opened_anew(mail):
    assert (await mail.send(message(), {"to": "a@example.jp"})).fate is Fate.SENT
    mail._idle[0].transport.abort()
    assert (await mail.send(message(), {"to": "a@example.jp"})).fate is Fate.SENT


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_server_that_cannot_encrypt_gets_no_mail(sinks, tls: str):
    smtp = Smtp(host="localhost", port=sinks.smtp_port, sender="t@example.jp", tls=tls)
    channel = Mail(smtp, QUICK)
    before = len(sinks.got)
    end = await channel.send(message(), {"to": "hanako@example.jp"})
    assert (end.fate, len(sinks.got)) == (Fate.FAULT, before), end
    await channel.close()


async def test_a_mail_server_that_is_away_is_tried_later(sinks):
    smtp = Smtp(host="localhost", port=1, sender="t@example.jp", tls="none")
    assert tuple(await Mail(smtp, QUICK).send(message(), {"to": "a@example.jp"})) == (
        Fate.LATER, "unreachable", None,
    )  # fmt: skip
