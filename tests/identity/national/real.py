"""A real OpenID provider in a process of its own, and Hanako's finger on its buttons."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import httpx

from api.identity.national.login import Answer, Begun
from tests.checks.node import NODE, ROOT, install
from tests.identity.national.issuer import CLIENT
from tests.serving import ANSWER_SECONDS, free_port

SCRIPT = ROOT / "tests" / "identity" / "national" / "real_issuer.mjs"


class RealIssuer(NamedTuple):
    url: str

    async def consent(self, begun: Begun, person: str = "hanako") -> Answer:
        """What a browser meets between our page and ours again."""
        async with httpx.AsyncClient(
            trust_env=False, base_url=self.url, timeout=ANSWER_SECONDS
        ) as browser:
            asked = await browser.get(begun.url)
            await browser.get(asked.headers["location"])
            step = await browser.get(f"{asked.headers['location']}/{person}")
            while step.headers["location"].startswith(self.url):
                step = await browser.get(step.headers["location"])
        given = {k: v[0] for k, v in parse_qs(urlsplit(step.headers["location"]).query).items()}
        return Answer(*(given.get(name, "") for name in Answer._fields))


@contextmanager
def real_issuer(
    client: Mapping[str, Any], people: Mapping[str, Any], port: int | None = None
) -> Iterator[RealIssuer]:
    install()
    port = port or free_port()
    settings = {"port": port, "client": {"client_id": CLIENT, **client}, "people": people}
    process = subprocess.Popen(
        [NODE, SCRIPT, json.dumps(settings)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said = []
        assert process.stdout
        for line in process.stdout:
            said.append(line)
            if re.match("ready", line):
                break
        else:
            raise AssertionError("the issuer did not start:\n" + "".join(said))
        yield RealIssuer(f"http://localhost:{port}")
    finally:
        process.terminate()
        process.wait(timeout=60)
