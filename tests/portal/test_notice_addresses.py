"""Where Hanako wants to be told: her phone, her browser, her mailbox; nobody else's business."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from api.access_log import service as access_log
from api.core import runtime
from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.core.settings import Smtp
from notifications import service as notifications
from notifications.channels import Address, Message
from notifications.reaching import coding
from notifications.reaching import service as addresses
from notifications.rules import Fate, Outcome
from tests.portal import scene
from tests.portal.scene import Visitor


@pytest.fixture(autouse=True)
def every_way() -> Iterator[None]:
    """A network that tells people on every way."""
    settings, keys = runtime.settings(), runtime.keys()
    runtime.start(
        replace(
            settings,
            fcm=Path("account.json"),
            web_push="mailto:ops@example.jp",
            smtp=Smtp(host="localhost", sender="t@example.jp"),
        ),
        keys,
    )
    yield
    runtime.start(settings, keys)


class Letterbox:
    """What a mail server would have got."""

    at_once = 1

    def __init__(self) -> None:
        self.got: list[tuple[str, Message]] = []

    async def send(self, message: Message, to: Address) -> Outcome:
        self.got.append((to["to"], message))
        return Outcome(Fate.SENT)

    async def close(self) -> None:
        self.got.clear()


def subscription(endpoint: str | None = None) -> dict[str, Any]:
    public = (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )
    return {
        "endpoint": endpoint or f"https://fcm.googleapis.com/fcm/send/{uuid4()}",
        "keys": {
            "p256dh": base64.urlsafe_b64encode(public).rstrip(b"=").decode(),
            "auth": base64.urlsafe_b64encode(uuid4().bytes).rstrip(b"=").decode(),
        },
    }


async def take_back(who: Visitor, path: str) -> httpx.Response:
    return await who.browser.delete(path, headers={"authorization": f"Bearer {who.token}"})


async def events(who: Visitor) -> list[str]:
    rows = (await access_log.page(who.actor, count=20)).rows
    return [row.event for row in rows]


async def code_for(hanako: Visitor) -> str:
    """As it stands in the mail that came."""
    box = Letterbox()
    assert hanako.actor.participant_id is not None
    assert await coding.send_code(box, hanako.actor.participant_id) is None
    ((_, message),) = box.got
    return next(word for word in message.body.split() if word.isdigit())


async def test_her_phone_is_added_once_and_gone_when_she_says_so(hanako: Visitor) -> None:
    token = f"phone-{uuid4()}"
    first = await hanako.tell("/me/push-tokens", {"token": token})
    assert first.status_code == 201, first.text
    again = await hanako.tell("/me/push-tokens", {"token": token})
    assert again.json() == first.json()
    found = (await hanako.ask("/me/notice-addresses")).json()
    assert [each["id"] for each in found["phones"]] == [first.json()["id"]]
    assert token not in str(found)
    assert found["ways"] == ["fcm", "mail", "web_push"]
    gone = await take_back(hanako, f"/me/notice-addresses/{first.json()['id']}")
    assert gone.status_code == 204
    assert (await hanako.ask("/me/notice-addresses")).json()["phones"] == []
    seen = await events(hanako)
    assert seen.count("identity:notice_address:added") == 1
    assert seen.count("identity:notice_address:removed") == 1


async def test_a_phone_that_changes_hands_tells_its_new_holder_alone(
    hanako: Visitor, yumi: Visitor
) -> None:
    token = f"phone-{uuid4()}"
    await hanako.tell("/me/push-tokens", {"token": token})
    await yumi.tell("/me/push-tokens", {"token": token})
    async with unit_of_work(hanako.actor) as tx:
        assert await tx.fetchval("SELECT count(*) FROM push_token") == 0
    async with unit_of_work(yumi.actor) as tx:
        assert await tx.fetchval("SELECT count(*) FROM push_token") == 1


@pytest.mark.parametrize(
    "endpoint",
    ["http://localhost:8000/x", "https://127.0.0.1/x", "https://intranet.example/x", "x"],
)
async def test_we_are_not_sent_anywhere_but_to_browser_makers(
    hanako: Visitor, endpoint: str
) -> None:
    answer = await hanako.tell("/me/push-subscriptions", subscription(endpoint))
    assert answer.status_code == 422, answer.text
    assert (await hanako.ask("/me/notice-addresses")).json()["browsers"] == []


async def test_a_browser_is_added_from_the_page_and_removed_there(hanako: Visitor) -> None:
    says = subscription()
    page = await hanako.get("/account/notices")
    assert "このブラウザーに知らせる" in page.text
    answer = await hanako.post(
        "/account/notices/browser", {"endpoint": says["endpoint"], **says["keys"]}
    )
    assert answer.status_code == 303, answer.text
    found = (await hanako.ask("/me/notice-addresses")).json()["browsers"]
    answer = await hanako.post(f"/account/notices/{found[0]['id']}/remove", {})
    assert answer.status_code == 303
    assert (await hanako.ask("/me/notice-addresses")).json()["browsers"] == []


async def test_signing_out_ends_what_that_session_was_told(hanako: Visitor) -> None:
    await hanako.tell("/me/push-tokens", {"token": f"phone-{uuid4()}"})
    await hanako.tell("/me/push-subscriptions", subscription())
    async with unit_of_work(hanako.actor) as tx:
        assert await tx.fetchval("SELECT count(*) FROM push_token") == 1
    await take_back(hanako, "/sessions/current")
    async with unit_of_work(hanako.actor) as tx:
        assert await tx.fetchval("SELECT count(*) FROM push_token") == 0
        assert await tx.fetchval("SELECT count(*) FROM push_subscription") == 0


async def test_a_mailbox_is_hers_once_she_has_typed_what_came_there(hanako: Visitor) -> None:
    answer = await hanako.tell("/me/mail-address", {"address": "hanako@example.jp"})
    assert answer.status_code == 202, answer.text
    mail = (await hanako.ask("/me/notice-addresses")).json()["mail"]
    assert mail == {"address": None, "is_undeliverable": False, "waiting": "hanako@example.jp"}
    right = await code_for(hanako)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    refused = await hanako.tell("/me/mail-address/confirmation", {"code": wrong})
    assert (refused.status_code, refused.json()["type"]) == (
        422,
        "urn:tsunagu:problem:error.notices.code",
    )
    answer = await hanako.tell(
        "/me/mail-address/confirmation", {"code": f" {right[:3]} {right[3:]}"}
    )
    assert answer.status_code == 204, answer.text
    mail = (await hanako.ask("/me/notice-addresses")).json()["mail"]
    assert mail == {"address": "hanako@example.jp", "is_undeliverable": False, "waiting": None}
    while await notifications.deliver():
        pass
    told = [each.event for each in (await notifications.inbox(hanako.actor))[0]]
    assert "mail_address_changed" in told


async def test_a_code_is_not_guessed(hanako: Visitor) -> None:
    await hanako.post("/account/notices/mail", {"address": "hanako@example.jp"})
    right = await code_for(hanako)
    for _ in range(5):
        answer = await hanako.post("/account/notices/mail/confirm", {"code": "wrong"})
        assert answer.status_code == 422
    answer = await hanako.post("/account/notices/mail/confirm", {"code": right})
    assert answer.status_code == 422
    mail = (await hanako.ask("/me/notice-addresses")).json()["mail"]
    assert mail["address"] is None


async def test_nobody_is_flooded_with_codes(hanako: Visitor) -> None:
    for _ in range(5):
        answer = await hanako.tell("/me/mail-address", {"address": "taro@example.jp"})
        assert answer.status_code == 202
    await take_back(hanako, "/me/mail-address")
    answer = await hanako.tell("/me/mail-address", {"address": "taro@example.jp"})
    assert answer.status_code == 429


@pytest.mark.parametrize(
    "address",
    ["hanako", "a@b", "a b@example.jp", "a@example.jp\r\nBcc: x@y.jp", "a@例.jp", "@x.jp"],
)
async def test_what_is_no_mail_address_is_refused(hanako: Visitor, address: str) -> None:
    answer = await hanako.tell("/me/mail-address", {"address": address})
    assert answer.status_code == 422, answer.text


async def test_what_the_network_does_not_send_it_does_not_ask_for(hanako: Visitor) -> None:
    runtime.start(replace(runtime.settings(), fcm=None, web_push=None, smtp=None), runtime.keys())
    for path, body in (
        ("/me/push-tokens", {"token": "x"}),
        ("/me/push-subscriptions", subscription()),
        ("/me/mail-address", {"address": "hanako@example.jp"}),
    ):
        answer = await hanako.tell(path, body)
        assert (answer.status_code, answer.json()["type"]) == (
            409,
            "urn:tsunagu:problem:error.notices.not_offered",
        )
    assert 'name="address"' not in (await hanako.get("/account/notices")).text


async def test_who_acts_for_her_neither_sees_nor_changes_where_she_is_told(
    hanako: Visitor,
) -> None:
    await hanako.tell("/me/push-tokens", {"token": f"phone-{uuid4()}"})
    acting = replace(
        hanako.actor, powers=frozenset(), own_participant_id=uuid4(), account_id=uuid4()
    )
    for deed in (
        addresses.mine(acting),
        addresses.add_phone(acting, "x", "", "ja"),
        addresses.remove(acting, uuid4()),
        addresses.want_mail(acting, "yumi@example.jp", "ja"),
        addresses.confirm_mail(acting, "1"),
        addresses.remove_mail(acting),
    ):
        with pytest.raises(NotFound):
            await deed


async def test_nobody_else_sees_where_she_is_told(hanako: Visitor) -> None:
    await hanako.tell("/me/push-tokens", {"token": f"phone-{uuid4()}"})
    officer = await scene.officer("上田 恵子")
    subject: UUID | None = hanako.actor.participant_id
    for actor in (OPERATOR, officer):
        async with unit_of_work(actor, subject=subject) as tx:
            for table in ("push_token", "push_subscription", "mail_address"):
                assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 0
