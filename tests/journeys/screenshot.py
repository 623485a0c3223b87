"""The README's picture of a phone: `python -m tests.journeys.screenshot` writes it anew."""

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright

from api import demo
from api.core import database, runtime
from api.core.crypto import KeyRing
from api.core.embedded import EmbeddedPostgres
from api.core.provisioning import app_dsn, ensure_database, provision
from api.core.settings import Settings
from api.directory import service as directory
from tests.journeys import emr
from tests.journeys.conftest import LANGUAGES, PHONE
from tests.journeys.people import as_actor, session_of
from tests.journeys.quality import CHROMIUM, QUIET
from tests.serving import Served, serving

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "phone.png"


async def take(home: Path, server_dsn: str) -> None:
    keys = KeyRing(home / "keys")
    admin_dsn = await ensure_database(server_dsn, "tsunagu_picture")
    await provision(admin_dsn, keys)
    settings = Settings(home=home, database_url=admin_dsn, is_demo=True)
    runtime.start(settings, keys)
    await database.open_database(app_dsn(admin_dsn, keys), keys)
    await directory.adopt_profile(settings.profile)
    await demo.seed(home)
    people = {person.key: person for person in demo.cast(home)}
    with serving(home, app_dsn(admin_dsn, keys)) as served:
        await _look(served, settings, people["hanako"])
        session = await session_of(as_actor(people["hanako"]))
        await _picture(served, session)
    await database.close_database()


async def _look(served: Served, settings: Settings, hanako: demo.Cast) -> None:
    """Dr Mori is refused, Dr Satō reads."""
    for person, kind in (("mori", "Condition"), ("sato", "MedicationRequest")):
        client = await emr.reader(served, settings, person)
        await client.resources(kind).search(patient=str(hanako.person_id)).fetch()


async def _picture(served: Served, session: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        context = await browser.new_context(
            base_url=served.url, viewport=PHONE, is_mobile=True, locale=LANGUAGES["ja"]
        )
        cookie = {"name": "tsunagu_session", "value": session, "url": served.url}
        await context.add_cookies([cookie])
        page = await context.new_page()
        await page.goto("/access-log")
        await page.evaluate("document.fonts.ready")
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=PICTURE)
        await browser.close()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tsunagu-picture-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        home.chmod(0o711)
        server = EmbeddedPostgres(home)
        dsn = server.start()
        try:
            asyncio.run(take(home, dsn))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
