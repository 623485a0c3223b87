"""A witness as a process of its own; it needs neither a database nor a Tsunagu."""

import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn

from api.access_log.witnessing.app import create_app
from api.access_log.witnessing.store import Store
from api.access_log.witnessing.witness import Witness, parse_log_keys
from api.core.logging import configure
from api.core.settings import SettingFault


def vkey(folder: Path, name: str | None) -> str:
    """Made at first use."""
    return str(Store(folder, name).vkey)


def serve(
    folder: Path, logs: list[str], listen: str, name: str | None = None, *, is_mirror: bool = False
) -> None:
    """Until SIGINT or SIGTERM. Raises `SettingFault`."""
    keys = parse_log_keys(logs)
    store = Store(folder, name)
    store.check()
    configure()
    with _listening(listen) as place:
        config = uvicorn.Config(
            create_app(Witness(store, keys, is_mirror=is_mirror)),
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=10,
            limit_concurrency=200,
        )
        say = f"{store.vkey}\nListening on {listen} for {len({key.name for key in keys})} log(s)."
        _Server(config, say).run(sockets=[place])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, say: str) -> None:
        super().__init__(config)
        self._say = say

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(f"{self._say}\n")
        sys.stdout.flush()


def _listening(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    try:
        if not 0 < int(port) < 1 << 16:
            raise ValueError
        address: Any = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[4], family=address[0])
    except (ValueError, socket.gaierror) as error:
        raise SettingFault(f"--listen takes HOST:PORT of this machine, not {listen!r}.") from error
    except OSError as error:
        raise SettingFault(f"{listen} cannot be listened on: {error.strerror}.") from error
