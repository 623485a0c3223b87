"""Bodies too large, never ended or wrongly counted, sent to the served process: none is kept."""

import asyncio
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import psutil
import pytest_asyncio

from tests.journeys.people import participating, session_of
from tests.serving import Served

MEGABYTE = 1024 * 1024
# Below two of the photos: no refused file is kept, nor four at once while they are refused.
MOST_GROWTH = 80 * MEGABYTE
PATHS = (
    "/records/checkup-file",
    "/book/vitals/file",
    "/book/bring-in",
    "/book/wishes/documents/new",
)
BOUNDARY = "----WebKitFormBoundaryTsunagu"
PATIENCE = 120


@dataclass
class Sender:
    """Somebody signed in, whose bodies go out byte by byte as the test wants them."""

    served: Served
    browser: httpx.Client
    token: str

    def head(self, path: str, length: object, kind: str = "multipart/form-data") -> bytes:
        cookies = "; ".join(f"{each.name}={each.value}" for each in self.browser.cookies.jar)
        return (
            f"POST {path} HTTP/1.1\r\nHost: {urlsplit(self.served.url).netloc}\r\n"
            f"Cookie: {cookies}\r\nAccept: text/html\r\nConnection: close\r\n"
            f"Content-Type: {kind}; boundary={BOUNDARY}\r\nContent-Length: {length}\r\n\r\n"
        ).encode()

    def connect(self) -> socket.socket:
        url = urlsplit(self.served.url)
        return socket.create_connection((url.hostname or "", url.port or 0), timeout=PATIENCE)

    def said(self, sent: bytes, *, is_over: bool = False) -> str:
        """All that is answered, to somebody who reads only when everything was sent."""
        with closing(self.connect()) as line:
            line.sendall(sent)
            if is_over:
                line.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: line.recv(65_536), b"")).decode()

    def photo(self, path: str) -> int:
        body = b"".join(_photo(self.token))
        head = self.head(path, len(body))
        return int(self.said(head + body).split(" ", 2)[1])

    def memory(self) -> int:
        server = psutil.Process(self.served.process.pid)
        family = [server, *server.children(recursive=True)]
        return sum(each.memory_info().rss for each in family)


def _photo(token: str) -> Iterator[bytes]:
    part = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
    yield f'{part}"_csrf_token"\r\n\r\n{token}\r\n{part}"file"; filename="a.pdf"\r\n\r\n'.encode()
    yield bytes(50 * MEGABYTE)
    yield f"\r\n--{BOUNDARY}--\r\n".encode()


@pytest_asyncio.fixture
async def sender(served: Served) -> Sender:
    _, actor = await participating()
    cookies = {"tsunagu_session": await session_of(actor), "locale": "ja"}
    browser = httpx.Client(base_url=served.url, cookies=cookies, timeout=PATIENCE)
    await asyncio.to_thread(browser.get, "/book", headers={"accept": "text/html"})
    return Sender(served, browser, browser.cookies["tsunagu_csrf"])


async def test_what_is_refused_is_not_kept_in_memory(sender: Sender) -> None:
    def sends() -> None:
        for path in PATHS:
            assert sender.photo(path) in (303, 413)
        before = sender.memory()
        for path in PATHS * 4:
            assert sender.photo(path) in (303, 413)
            assert sender.memory() - before < MOST_GROWTH
        with ThreadPoolExecutor(4) as hands:
            at_once = [hands.submit(sender.photo, path) for path in PATHS]
            while not all(each.done() for each in at_once):
                assert sender.memory() - before < MOST_GROWTH
            assert all(each.result() in (303, 413) for each in at_once)
        assert sender.memory() - before < MOST_GROWTH

    await asyncio.to_thread(sends)


async def test_who_sends_a_text_too_long_hears_so(sender: Sender) -> None:
    """A browser that is still sending when the line is closed shows a broken line, not the page."""

    def sends() -> None:
        form = f"_csrf_token={sender.token}&name={'a' * 20 * MEGABYTE}".encode()
        for path in ("/book/allergies/new", "/book/vitals", "/book/wishes/statement"):
            head = sender.head(path, len(form), "application/x-www-form-urlencoded")
            answer = sender.said(head + form)
            assert answer.startswith("HTTP/1.1 413 ")
            assert "申しわけありません" in answer

    await asyncio.to_thread(sends)


async def test_a_body_of_another_length_than_said_is_answered_or_let_go(sender: Sender) -> None:
    said_before = len(sender.served.log.read_text())

    def sends() -> None:
        for path in PATHS:
            for length in (-1, "abc", 10**30, "", "1, 2", "+5"):
                answer = sender.said(sender.head(path, length) + b"x" * 100, is_over=True)
                assert answer.startswith("HTTP/1.1 4"), (path, length, answer)
            assert sender.said(sender.head(path, 10) + b"x" * 100).startswith("HTTP/1.1 4")
            answer = sender.said(sender.head(path, 1000) + b"x" * 100, is_over=True)
            assert not answer or answer.startswith("HTTP/1.1 4"), (path, answer)
        assert "http:request:failed" not in sender.served.log.read_text()[said_before:]

    await asyncio.to_thread(sends)


async def test_who_sends_slowly_holds_nobody_up(sender: Sender) -> None:
    def sends() -> None:
        before = sender.memory()
        lines = [sender.connect() for _ in range(40)]
        try:
            for number, line in enumerate(lines):
                line.sendall(sender.head(PATHS[number % len(PATHS)], 30 * MEGABYTE) + b"x" * 1000)
            for _ in range(3):
                assert httpx.get(f"{sender.served.url}/health/ready", timeout=PATIENCE).is_success
                for line in lines:
                    with suppress(ConnectionError):  # too slow even for us
                        line.sendall(b"x")
            assert sender.memory() - before < MOST_GROWTH
        finally:
            for line in lines:
                line.close()
        assert httpx.get(f"{sender.served.url}/health/ready", timeout=PATIENCE).is_success

    await asyncio.to_thread(sends)
