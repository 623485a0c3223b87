"""A sealer in a process of its own, to be killed. Arguments: DSN, folder of roles' keys, home."""

import asyncio
import sys
from pathlib import Path

from api.access_log.sealing import sealer, service
from api.core.crypto import KeyRing, SigningKeys
from tests.access_log.house import BLIND, ORIGIN

if __name__ == "__main__":
    app_dsn, roles, home = sys.argv[1], KeyRing(Path(sys.argv[2])), Path(sys.argv[3])
    keys = sealer.LogKeys(SigningKeys(home / "keys" / "log"), BLIND, roles.log_master)
    sealer.RHYTHM_SECONDS = 0.02
    asyncio.run(sealer.run(lambda: service.connect(app_dsn, roles), keys, home, ORIGIN))
