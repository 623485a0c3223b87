"""What somebody calls an allergy is sealed, also where it has a code."""

from api.core.database import unit_of_work
from api.phr.entries import service as entries
from api.phr.entries.service import Wish
from api.phr.notes.allergens import found
from api.phr.notes.kinds import ALLERGY
from tests.portal.scene import Visitor


async def test_a_code_is_found_by_and_the_words_are_not(hanako: Visitor) -> None:
    shrimp = found("えび")[0]
    typed = {"on": "2024-01-01", "name": "夜店のえび", "sort": "food", "allergen": shrimp.code}
    await entries.write(hanako.actor, Wish(ALLERGY, typed))
    async with unit_of_work(hanako.actor) as tx:
        body = await tx.fetchval(
            "SELECT body FROM record WHERE participant_id = app.subject() AND category = $1",
            ALLERGY.category,
        )
    assert shrimp.code in body
    assert "夜店" not in body
    (read,) = await entries.entries(hanako.actor, [ALLERGY])
    assert read.values == typed
