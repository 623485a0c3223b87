"""When more come than can be served: others wait, emergencies do not."""

import asyncio
from typing import Any

import pytest

from api import admission
from api.admission import TooBusy, admitting
from api.core.reserved import is_reserved

DOORS = ("/emergency/", "/sign-in")


class House:
    """An application whose answers wait until they are let go."""

    def __init__(self) -> None:
        self.served: list[tuple[str, bool]] = []
        self.open = asyncio.Event()
        self.door: Any = admitting(DOORS)(self.answer)

    async def answer(self, scope: Any, receive: Any, send: Any) -> None:
        self.served.append((scope["path"], is_reserved.get()))
        await self.open.wait()

    def asks(self, path: str) -> "asyncio.Task[None]":
        return asyncio.create_task(self.door({"type": "http", "path": path}, None, None))


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(admission, "MOST_OTHERS", 2)
    monkeypatch.setattr(admission, "MOST_RESERVED", 3)
    monkeypatch.setattr(admission, "REFUSAL_SECONDS", 0.01)
    return House()


async def test_others_are_told_to_come_again_and_an_emergency_is_served(house: House) -> None:
    held = [house.asks("/records"), house.asks("/records")]
    await asyncio.sleep(0)
    with pytest.raises(TooBusy) as refused:
        await house.asks("/records")
    assert 1 <= int(refused.value.headers["retry-after"]) <= 5
    held.append(house.asks("/emergency/sessions"))
    await asyncio.sleep(0)
    assert house.served[-1] == ("/emergency/sessions", True)
    house.open.set()
    await asyncio.gather(*held)
    await house.asks("/records")
    assert house.served[-1] == ("/records", False)
    assert not is_reserved.get()


async def test_a_flood_of_the_reserved_doors_is_bounded_and_costs_others_nothing(
    house: House,
) -> None:
    held = [house.asks("/sign-in") for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(TooBusy):
        await house.asks("/sign-in")
    held.append(house.asks("/records"))
    await asyncio.sleep(0)
    assert house.served[-1] == ("/records", False)
    house.open.set()
    await asyncio.gather(*held)


async def test_a_request_that_fails_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MOST_OTHERS", 1)

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise ZeroDivisionError

    door: Any = admitting(DOORS)(broken)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await door({"type": "http", "path": "/records"}, None, None)
