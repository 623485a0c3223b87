"""How long a body is waited for, in a time of its own that passes while everybody waits."""

import asyncio
import selectors
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from api.bodies import LEAST_BYTES_A_SECOND, in_time, patience
from api.core.errors import TooSlow

QUIET = 30
HOUR = 3600


class Hurried(asyncio.SelectorEventLoop):
    """Where nothing can be done before a moment, that moment is now."""

    def __init__(self) -> None:
        self.passed = 0.0
        super().__init__(_Leaping(self))

    def time(self) -> float:
        return self.passed


class _Leaping(selectors.SelectSelector):
    def __init__(self, loop: Hurried) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "everybody waits for ever"
        self._loop.passed += timeout
        return super().select(0)


async def pieces(*each: tuple[float, int], is_whole: bool = True) -> AsyncIterator[dict[str, Any]]:
    """`each`: the seconds until it comes, and its bytes."""
    for number, (seconds, size) in enumerate(each, 1):
        await asyncio.sleep(seconds)
        more = number < len(each) or not is_whole
        yield {"type": "http.request", "body": bytes(size), "more_body": more}
    await asyncio.sleep(10 * HOUR)
    yield {"type": "http.disconnect"}


Reader = Callable[[Any], Any]


async def whole(receive: Any) -> int:
    count = 0
    while True:
        message = await receive()
        assert message["type"] == "http.request"
        count += len(message["body"])
        if not message["more_body"]:
            return count


def read(body: AsyncIterator[dict[str, Any]], reader: Reader = whole) -> tuple[Any, float]:
    """What the reader came to, and after how many seconds."""
    found: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            found.append(await reader(receive))
        except TooSlow as error:
            found.append(error)

    loop = Hurried()
    try:
        arriving: Any = body.__anext__
        door: Any = in_time(app, QUIET)
        loop.run_until_complete(door({"type": "http"}, arriving, None))
        seconds = loop.passed
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
    return found[0], seconds


def test_a_photo_over_a_weak_line_goes_through() -> None:
    """50 MB at 128 kbit/s, with a tunnel now and then."""
    photo = [(1.0 if number % 100 else 25.0, 16_000) for number in range(3_200)]
    sent, seconds = read(pieces(*photo))
    assert sent == 51_200_000
    assert seconds > HOUR


def test_what_stops_coming_is_given_up() -> None:
    refused, seconds = read(pieces((1, 5_000_000), (1, 1000), is_whole=False))
    assert isinstance(refused, TooSlow)
    assert seconds == pytest.approx(2 + QUIET)


def test_what_never_begins_is_given_up() -> None:
    refused, seconds = read(pieces((HOUR, 10)))
    assert isinstance(refused, TooSlow)
    assert seconds == pytest.approx(QUIET)


@pytest.mark.parametrize("size", [0, 1, LEAST_BYTES_A_SECOND // 10])
def test_what_comes_in_drops_is_given_up_though_it_never_stops(size: int) -> None:
    refused, seconds = read(pieces(*[(1.0, size)] * 100_000))
    assert isinstance(refused, TooSlow)
    assert QUIET <= seconds < 2 * QUIET


def test_what_is_done_between_two_pieces_is_not_waiting() -> None:
    async def slowly(receive: Any) -> int:
        async def unhurried() -> Any:
            await asyncio.sleep(HOUR)
            return await receive()

        return await whole(unhurried)

    sent, _ = read(pieces(*[(1.0, 10)] * 20), slowly)
    assert sent == 200


def test_who_reads_on_after_it_hears_that_nobody_is_there() -> None:
    async def stubborn(receive: Any) -> Any:
        with pytest.raises(TooSlow):
            await receive()
        return await receive()

    assert read(pieces((HOUR, 10)), stubborn)[0] == {"type": "http.disconnect"}


def test_once_all_is_there_its_end_may_be_waited_for_as_long_as_it_takes() -> None:
    async def listening(receive: Any) -> Any:
        await whole(receive)
        return await receive()

    gone, seconds = read(pieces((1, 10)), listening)
    assert gone == {"type": "http.disconnect"}
    assert seconds > HOUR


@pytest.mark.parametrize(
    ("received", "waited", "left"),
    [(0, 0, 30), (0, 29, 1), (1000, 30, 1), (10**9, 30, 30), (0, 30, 0), (0, 31, -1)],
)
def test_patience(received: int, waited: float, left: float) -> None:
    assert patience(30, received, waited) == left
