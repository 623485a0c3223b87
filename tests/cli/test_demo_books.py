"""The demo's books are filled, each with a story, and only while a demo is prepared."""

import subprocess
import sys

from api import demo_books
from api.core.actor import Actor
from api.phr import shelf
from tests.journeys.people import participating


async def books(actor: Actor) -> dict[str, int]:
    return {each.book.name: each.entries for each in await shelf.standings(actor)}


async def test_each_of_the_cast_has_books_with_a_story(database: object) -> None:
    actors = {key: (await participating())[1] for key in ("hanako", "yumi", "taro")}
    await demo_books.fill(actors)
    hanako, yumi, taro = [await books(actors[key]) for key in ("hanako", "yumi", "taro")]
    assert hanako["vitals"] == demo_books.MORNINGS + demo_books.WEEKS
    assert yumi["pregnancy"] == 8
    assert yumi["children"] == 1 + len(demo_books.GROWN)
    assert yumi["vaccines"] == 17
    assert (taro["medication"], taro["allergy"], taro["doctor"], taro["wish"]) == (3, 1, 1, 2)
    (said,) = (e for e in await shelf.standings(actors["yumi"]) if e.book.name == "pregnancy")
    assert said.next is not None


def test_a_second_start_does_not_load_them() -> None:
    loaded = "import sys; from api import demo; print('api.demo_books' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "False"
