"""Each state a bringing in can be in has a page that says what is so, and a way on."""

import pytest
from msgspec.structs import replace

from api.consent.lifecycle import leaving
from api.core.database import unit_of_work
from api.records.bringing_in import queries, service
from tests.portal import scene
from tests.portal.scene import Place, Visitor
from tests.records.taking_out import taking


@pytest.mark.parametrize(
    ("state", "heading"),
    [
        ("cancelled", "取り込みをやめました"),
        ("failed", "取り込めませんでした"),
        ("expired", "時間が過ぎました"),
    ],
)
async def test_what_came_to_nothing_says_so_alone_and_leads_to_the_file_again(
    hanako: Visitor, state: str, heading: str
) -> None:
    await taking.wrote_own(hanako.actor)
    looked = await service.look(hanako.actor, await taking.bundle(hanako.actor))
    path = f"/book/bring-in/{looked.import_id}"
    assert "取り込まないもの" in (await hanako.get(path)).text
    async with unit_of_work(hanako.actor) as tx:
        assert await queries.turn(tx, looked.import_id, ["looked"], state)
    page = (await hanako.get(path)).text
    assert f"<h1>{heading}</h1>" in page
    assert "何も保存していません" in page
    assert 'href="/book/bring-in"' in page
    assert "もう一度ファイルを選ぶ" in page
    assert "取り込まないもの" not in page


async def test_what_whoever_acts_is_not_shown_is_not_stored_twice(
    hanako: Visitor, clinic: Place
) -> None:
    """A restricted record they brought is out of their sight at once."""
    await taking.wrote_own(hanako.actor)
    await scene.wrote(
        clinic,
        hanako.actor,
        "condition",
        "統合失調症",
        sensitivity=1,
        code={"text": "統合失調症"},
        subject={"identifier": {"value": "1"}},
    )
    file = await taking.bundle(hanako.actor)
    there, _ = await scene.participant("山本 花子", "ヤマモト ハナコ")
    await leaving.take_part(there, "participating")
    acting = replace(there, is_shown_restricted=False)
    first = await taking.brought(acting, file)
    assert (first.state, first.counts.total) == ("done", 6)
    again = await taking.brought(acting, file)
    assert (again.state, again.counts.total, again.counts.changed) == ("done", 0, 1)
