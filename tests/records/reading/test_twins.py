"""Nothing that can be asked tells whether somebody keeps something from whoever asks (REC-02)."""

import httpx
import pytest
import pytest_asyncio

from api.records.reading import wire
from tests.attacks.conftest import install
from tests.portal import scene
from tests.portal.scene import Place
from tests.records.reading.scene import Emr, World
from tests.records.reading.twins import WAYS, answers, questions, twins


@pytest_asyncio.fixture(scope="session")
async def other(world: World) -> Place:
    return await scene.place("ひのき病院", "ヒノキビョウイン", "Hinoki Hospital", "hospital")


@pytest.fixture(autouse=True)
def unwaited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers of nothing leave when they are made; `test_timing` is about when they leave."""
    monkeypatch.setattr(wire, "EVEN_SECONDS", 1e-6)


@pytest.mark.parametrize("asker", ["physician", "stranger"])
@pytest.mark.parametrize("way", WAYS)
async def test_who_keeps_records_and_who_has_none_answer_alike(
    world: World, other: Place, http: httpx.AsyncClient, way: str, asker: str
):
    full, bare = await twins(world, other, way)
    system = world.emr
    if asker == "stranger":
        place = await scene.place("すぎ医院", "スギイイン", "Sugi Clinic", "clinic")
        system = await install(place, await scene.professional(place, "伊藤 健", "physician"))
    emr = Emr(http, await system.token())
    asked = list(zip(questions(full), questions(bare), strict=True))
    shown = 0
    for of_full, of_bare in asked:
        got, expected = await answers(emr, of_full), await answers(emr, of_bare)
        assert got == expected, (of_full[0], of_full[1], of_full[2])
        shown += sum("shown-" in each for each in got)
    assert (shown > 30) == (asker == "physician" and way != "altogether")


async def test_the_comparison_would_notice(world: World, other: Place, http: httpx.AsyncClient):
    """The same questions by the hospital that wrote what is kept: it sees the difference."""
    full, bare = await twins(world, other, "single record")
    emr = Emr(http, await world.hospital_emr.token())
    asked = list(zip(questions(full), questions(bare), strict=True))
    different = [one for one, two in asked if await answers(emr, one) != await answers(emr, two)]
    assert len(different) > len(asked) / 4
