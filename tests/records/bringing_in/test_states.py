"""Each state a bringing in can be in has a page that says what is so, and a way on."""

import pytest

from api.core.database import unit_of_work
from api.records.bringing_in import queries, service
from tests.portal.scene import Visitor
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
