"""Calls that come while a round is under way go together in the next: one transaction for all."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Together(Generic[Asked, Answer]):
    """`work` answers questions with as many answers. Where it raises, each is asked by itself."""

    def __init__(
        self, work: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer]]], most: int = 100
    ) -> None:
        self._work = work
        self._most = most
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._round: asyncio.Task[None] | None = None

    async def __call__(self, asked: Asked) -> Answer:
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._round is None:
            self._round = asyncio.create_task(self._rounds())
        return await answer

    async def _rounds(self) -> None:
        await asyncio.sleep(0)  # those who are about to ask are let in
        while self._waiting:
            these, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            await self._answer(these)
        self._round = None

    async def _answer(self, these: list[tuple[Asked, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._work([asked for asked, _ in these])
        except Exception as error:
            if len(these) > 1:  # whose fault it is shows alone
                for each in these:
                    await self._answer([each])
            elif not these[0][1].done():
                these[0][1].set_exception(error)
            return
        for (_, future), answer in zip(these, answers, strict=True):
            if not future.done():
                future.set_result(answer)
