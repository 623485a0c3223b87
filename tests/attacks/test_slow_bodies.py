"""Bodies begun and never finished, over real lines: each ends with a word, and nothing stays."""

import asyncio
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
import pytest_asyncio
from msgspec import structs

from api import demo
from api.admission import MOST_OTHERS
from tests.conftest import Deployment
from tests.journeys.people import participating, session_of
from tests.serving import Served, serving

SECONDS = 3
PATIENCE = 120
BOUNDARY = "----WebKitFormBoundaryTsunagu"
FILES = (
    "/records/checkup-file",
    "/book/vitals/file",
    "/book/bring-in",
    "/book/wishes/documents/new",
)


@dataclass
class Sender:
    served: Served
    session: str
    csrf: str
    token: str

    def head(self, path: str, kind: str, length: int = 2_000_000, locale: str = "ja") -> bytes:
        who = f"Cookie: tsunagu_session={self.session}; tsunagu_csrf={self.csrf}; locale={locale}"
        if path.startswith(("/fhir", "/me")):
            bearer = self.token if path.startswith("/fhir") else self.session
            who = f"Authorization: Bearer {bearer}"
        return (
            f"POST {path} HTTP/1.1\r\nHost: {urlsplit(self.served.url).netloc}\r\n{who}\r\n"
            f"Accept: {'text/html' if 'form' in kind else '*/*'}\r\nAccept-Language: {locale}\r\n"
            f"Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
        ).encode()

    def begun(self, path: str, size: int = 1000, locale: str = "ja") -> socket.socket:
        """A form with a file of which `size` bytes have come."""
        part = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
        line = self.connect()
        line.sendall(
            self.head(path, f"multipart/form-data; boundary={BOUNDARY}", locale=locale)
            + f'{part}"_csrf_token"\r\n\r\n{self.csrf}\r\n'.encode()
            + f'{part}"file"; filename="a.pdf"\r\n\r\n'.encode()
            + bytes(size)
        )
        return line

    def connect(self) -> socket.socket:
        url = urlsplit(self.served.url)
        return socket.create_connection((url.hostname or "", url.port or 0), timeout=PATIENCE)

    def get(self, path: str) -> Any:
        bearer = {"authorization": f"Bearer {self.session}"}
        answer = httpx.get(f"{self.served.url}{path}", headers=bearer, timeout=PATIENCE)
        assert answer.status_code == 200
        return answer.json()

    def keeps_no_part(self) -> bool:
        """None of the files that no folder lists stays open, where forms lay their parts; what else
        the server has to do may open some for a while."""
        until = time.monotonic() + PATIENCE
        while self._unnamed_files() and time.monotonic() < until:
            time.sleep(0.05)
        return not self._unnamed_files()

    def _unnamed_files(self) -> list[str]:
        server = psutil.Process(self.served.process.pid)
        found = []
        for process in (server, *server.children(recursive=True)):
            for each in Path(f"/proc/{process.pid}/fd").iterdir():
                with suppress(OSError):
                    found.append(str(each.readlink()))
        return [each for each in found if "(deleted)" in each and "/memfd:" not in each]


def answered(line: socket.socket) -> str:
    """All that is said until the server closes the line, though nobody asked it to."""
    with closing(line):
        return b"".join(iter(lambda: line.recv(65_536), b"")).decode()


def ended(line: socket.socket) -> None:
    with suppress(ConnectionError):
        answered(line)


def all_answered(lines: list[socket.socket]) -> list[str]:
    with ThreadPoolExecutor(len(lines)) as ears:
        return list(ears.map(answered, lines))


@pytest.fixture(scope="module")
def impatient(database: Deployment, people: dict[str, demo.Cast]) -> Iterator[Served]:
    few = {"BODY_SECONDS": str(SECONDS)}
    with serving(database.settings.home, database.app_dsn, settings=few) as served:
        yield served


@pytest_asyncio.fixture
async def sender(impatient: Served, database: Deployment) -> Sender:
    _, actor = await participating()
    session = await session_of(actor)

    def asks() -> Sender:
        page = httpx.get(
            f"{impatient.url}/book",
            cookies={"tsunagu_session": session},
            headers={"accept": "text/html"},
            timeout=PATIENCE,
        )
        settings = structs.replace(database.settings, public_url=impatient.url)
        token = demo.fetch_token(settings, "sato", "system/*.read system/*.write")
        return Sender(impatient, session, page.cookies["tsunagu_csrf"], token)

    return await asyncio.to_thread(asks)


async def test_a_file_that_stops_coming_is_ended_on_every_page_in_both_languages(
    sender: Sender,
) -> None:
    def sends() -> None:
        for locale, words in (
            ("ja", ("送信が途中で止まりました", "保存されていません")),
            ("en", ("Sending stopped", "Nothing was stored")),
        ):
            # Past what is kept in memory, so that it lies in a file.
            lines = [sender.begun(path, 1_500_000, locale) for path in FILES]
            for path, answer in zip(FILES, all_answered(lines), strict=True):
                assert answer.startswith("HTTP/1.1 408 "), (path, answer[:200])
                assert all(each in answer for each in words), (path, answer)
        assert sender.keeps_no_part()
        assert sender.get("/me/wishes")["documents"] == []
        assert sender.get("/me/imports")["imports"] == []

    await asyncio.to_thread(sends)


async def test_a_text_that_stops_coming_is_ended_at_every_kind_of_door(sender: Sender) -> None:
    form = "application/x-www-form-urlencoded"
    doors = {
        ("/book/allergies/new", form): "送信が途中で止まりました",
        ("/sign-in/password", form): "送信が途中で止まりました",
        ("/me/allergies", "application/json"): "urn:tsunagu:problem:error.too_slow",
        ("/me/imports", "application/json"): "urn:tsunagu:problem:error.too_slow",
        ("/sessions", "application/json"): "urn:tsunagu:problem:error.too_slow",
        ("/fhir/R4", "application/fhir+json"): '"code":"timeout"',
        ("/oauth/token", form): "invalid_request",
    }

    said_before = len(sender.served.log.read_text())

    def sends() -> None:
        lines = []
        for path, kind in doors:
            lines.append(sender.connect())
            lines[-1].sendall(sender.head(path, kind, 10_000) + b"{")
        for (door, words), answer in zip(doors.items(), all_answered(lines), strict=True):
            assert answer.startswith("HTTP/1.1 408 "), (door, answer[:200])
            assert words in answer, (door, answer)
        assert "http:request:failed" not in sender.served.log.read_text()[said_before:]

    await asyncio.to_thread(sends)


async def test_what_comes_in_drops_is_ended_though_it_never_stops(sender: Sender) -> None:
    def sends() -> None:
        with closing(sender.begun(FILES[0])) as line:
            line.settimeout(SECONDS / 20)
            for _ in range(PATIENCE * 20):
                # Who sends into a closed line may lose what was said before.
                with suppress(TimeoutError, ConnectionError):
                    said = line.recv(65_536)
                    break
                try:
                    line.sendall(b"x")
                except ConnectionError:
                    said = b""
                    break
        assert not said or said.startswith(b"HTTP/1.1 408 ")

    await asyncio.to_thread(sends)


async def test_a_file_too_large_that_stops_coming_is_answered_all_the_same(sender: Sender) -> None:
    def sends() -> None:
        line = sender.connect()
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        line.sendall(sender.head("/book/allergies/new", kind, 60_000_000) + bytes(1000))
        answer = answered(line)
        assert answer.startswith("HTTP/1.1 413 ")
        assert "大きすぎます" in answer

    await asyncio.to_thread(sends)


async def test_many_who_never_finish_give_their_places_back(sender: Sender) -> None:
    def sends() -> None:
        lines = [sender.begun(FILES[each % len(FILES)]) for each in range(MOST_OTHERS + 4)]
        with ThreadPoolExecutor(len(lines)) as ears:
            list(ears.map(ended, lines))
        assert sender.get("/me/imports")["imports"] == []
        assert sender.keeps_no_part()

    await asyncio.to_thread(sends)
