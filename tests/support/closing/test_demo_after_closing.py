"""Hanako closes her account in a demo, and the demo starts again without her."""

from uuid import UUID

import msgspec
import pytest

from api import demo
from api.core import runtime
from tests.portal.scene import Visitor
from tests.support.closing.test_closing import closed


def of_the_cast(key: str, who: Visitor) -> demo.Cast:
    assert who.actor.participant_id is not None
    assert who.actor.account_id is not None
    name = "山本 花子" if key == "hanako" else "山本 由美"
    return demo.Cast(key, "participant", name, "", who.actor.account_id, who.actor.participant_id)


@pytest.mark.parametrize("leaving", ["hanako", "yumi"])
async def test_the_next_start_opens_nothing_for_who_has_left(
    hanako: Visitor, yumi: Visitor, days_pass, tmp_path, monkeypatch, leaving: str
) -> None:
    async def link(account_id: UUID) -> str:
        return account_id.hex

    monkeypatch.setattr(demo.demo_door, "make_demo_link", link)  # a demo's database alone has it
    visitors = {"hanako": hanako, "yumi": yumi}
    people = [of_the_cast(key, who) for key, who in visitors.items()]
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "cast.json").write_bytes(msgspec.json.encode(people))
    settings = msgspec.structs.replace(runtime.settings(), home=tmp_path)
    await closed(visitors[leaving], days_pass)
    if leaving == "hanako":
        await demo.tell_hanako(tmp_path)
    said = await demo.greeting(settings)
    (line,) = [each for each in said.splitlines() if "closed the account" in each]
    assert next(each.name for each in people if each.key == leaving) in line
    assert said.count("/demo/sign-in/") == 1, "the others' links are there"
    assert ("/register#card=" in said) is (leaving != "yumi")
