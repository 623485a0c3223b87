"""Hanako in a network of 1,339 facilities, in a database of its own; prints her session's token.

python -m tests.portal.crowd HOME APP_DSN
"""

import asyncio
import sys
from itertools import cycle, islice, product
from pathlib import Path

from api.consent.lifecycle import leaving
from api.core import database, runtime
from api.core.actor import OPERATOR
from api.core.crypto import KeyRing
from api.core.database import unit_of_work
from api.core.settings import Settings
from api.directory import registry
from api.directory import service as directory
from api.directory.registry import NewFacility
from api.identity import service as identity
from tests.portal import scene

FACILITIES = 1339
PLACES = (
    ("阿蘇", "アソ", "aso"),
    ("宇城", "ウキ", "uki"),
    ("天草", "アマクサ", "amakusa"),
    ("八代", "ヤツシロ", "yatsushiro"),
    ("荒尾", "アラオ", "ariake"),
)
FAMILIES = (
    ("佐藤", "サトウ"),
    ("田中", "タナカ"),
    ("中村", "ナカムラ"),
    ("松本", "マツモト"),
    ("坂本", "サカモト"),
    ("れんげ", "レンゲ"),
    ("すみれ", "スミレ"),
)
KINDS = (
    ("内科クリニック", "ナイカクリニック", "clinic"),
    ("薬局", "ヤッキョク", "pharmacy"),
    ("歯科医院", "シカイイン", "dental_clinic"),
    ("病院", "ビョウイン", "hospital"),
)


def facilities() -> list[NewFacility]:
    kinds = islice(cycle(product(PLACES, FAMILIES, KINDS)), FACILITIES)
    return [
        NewFacility(
            f"43{number:08}",
            f"{place}{family}{kind}",
            f"{place_kana}{family_kana}{kind_kana}",
            f"Facility {number} of {region}",
            facility_type,
            region,
        )
        for number, (
            (place, place_kana, region),
            (family, family_kana),
            (kind, kind_kana, facility_type),
        ) in enumerate(kinds)
    ]


async def main(home: Path, dsn: str) -> None:
    keys = KeyRing(home / "keys")
    settings = Settings(home=home, database_url=dsn, is_demo=True)
    runtime.start(settings, keys)
    await database.open_database(dsn, keys)
    try:
        await directory.adopt_profile(settings.profile)
        for facility in facilities():
            await registry.add_facility(OPERATOR, facility)
        hanako, _ = await scene.participant("山本 花子", "ヤマモト ハナコ")
        await leaving.take_part(hanako, "participating")
        async with unit_of_work(hanako) as tx:
            session = await identity.open_session(tx, hanako)
        sys.stdout.write(session.token)
    finally:
        await database.close_database()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
