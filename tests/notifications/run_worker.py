"""A worker that is less patient than the real one: `python -m tests.notifications.run_worker`."""

import asyncio
import json
import sys
from pathlib import Path

import uvloop

from api.core import runtime
from api.core.crypto import KeyRing
from api.core.database import close_database, open_database
from api.core.settings import Settings, Smtp
from notifications import process
from notifications.channels import Limits
from notifications.rules import Pace


async def main(says: dict) -> None:
    keys = KeyRing(Path(says["keys"]))
    settings = Settings(
        home=Path(says["home"]),
        fcm=Path(says["account"]),
        fcm_url=says["fcm_url"],
        web_push="mailto:ops@example.jp",
        push_services=(says["push_service"],),
        smtp=Smtp(host="localhost", port=says["smtp_port"], sender="t@example.jp", tls="none"),
    )
    runtime.start(settings, keys)
    await open_database(says["dsn"], keys, connections=process.CONNECTIONS)
    try:
        await process.run(
            settings,
            keys,
            says["dsn"],
            pace=Pace(**says["pace"]),
            limits=Limits(**says["limits"]),
            heartbeat=says["heartbeat"],
        )
    finally:
        await close_database()


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main(json.loads(sys.argv[1])))
