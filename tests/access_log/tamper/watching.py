"""Everybody looks, an hour after the deed: honest life has gone on, as far as it could."""

from datetime import date, timedelta
from typing import Final
from unittest import mock

import asyncpg
import httpx
import msgspec

from api.access_log import verifier as v
from api.core import clock
from tests.access_log.tamper.attack import Attack, Bundle
from tests.access_log.tamper.kinds import By, Kind
from tests.access_log.tamper.scene import Scene

HOUR: Final = 3600 * 1_000_000
RECONCILE: Final = "/facility/receipts/reconcile"
Seen = dict[By, str]


async def after(scene: Scene, kind: Kind) -> Seen:
    """Who has noticed an hour after the deed, and what they said."""
    attack, seen = Attack(scene), Seen()
    await _do(attack, kind, seen)
    await scene.an_hour_passes()
    await _live_on(attack, seen)
    await _look(attack, seen)
    return seen


async def at_once(scene: Scene, kind: Kind) -> Seen:
    """Where PostgreSQL refuses, or nothing but a file is touched: one scene serves for many."""
    attack, seen = Attack(scene), Seen()
    await _do(attack, kind, seen)
    await _look_at_file(attack, seen)
    return seen


async def _do(attack: Attack, kind: Kind, seen: Seen) -> None:
    try:
        await kind.deed(attack)
    except asyncpg.PostgresError as error:
        seen[By.POSTGRESQL] = str(error)


async def _live_on(attack: Attack, seen: Seen) -> None:
    """The sealer starts again, Dr Satō reads once more, the hour's head map is made; all of it is
    sealed and shown to the witnesses."""
    scene = attack.scene
    await scene.seal(head_maps=False)
    await _publish(attack, seen)
    if await scene.halted() is None:
        await scene.read()
        await scene.seal(head_maps=attack.makes_head_maps)
        await _publish(attack, seen)
    reason = await scene.halted()
    if reason is not None and By.WITNESS not in seen:
        seen[By.SEALER] = reason


async def _publish(attack: Attack, seen: Seen) -> None:
    if (reason := await attack.scene.halted()) is not None:
        seen[By.SEALER] = reason
    for each in await attack.scene.publish(hours_later=attack.hours_later):
        if each.fault is not None:
            seen[By.WITNESS] = f"{each.fault}"


async def _look(attack: Attack, seen: Seen) -> None:
    findings = await attack.scene.rescan()
    if findings:
        seen[By.FSCK] = ", ".join(sorted(set(findings)))
    await _look_at_file(attack, seen)
    await _reconcile(attack, seen)


async def _look_at_file(attack: Attack, seen: Seen) -> None:
    for who, kept in ((By.KEPT, attack.scene.world.remembered), (By.NEW, None)):
        said = await phone(attack, None if kept is None else v.read_remembered(kept))
        if said:
            seen[who] = said


async def phone(attack: Attack, remembered: v.Remembered | None) -> str:
    """What it finds wrong with what it is served; that it is served nothing is wrong, too."""
    scene = attack.scene
    since = remembered and remembered.checkpoint.size
    answer = await scene.bundle("hanako", since)
    if answer.status_code != 200:
        return f"no file ({answer.status_code})"
    verdict = v.verify_bundle(
        await served(attack, answer),
        [v.parse_vkey(scene.world.log_key)],
        scene.witness_keys,
        remembered,
        scene.now + attack.hours_later * HOUR,
    )
    if isinstance(verdict.subject, v.Bundle) and verdict.subject.participant != attack.hanako:
        return "somebody else's file"
    return ", ".join(dict.fromkeys(each.code for each in verdict.findings))


async def served(attack: Attack, answer: httpx.Response) -> str:
    if attack.serving is None:
        return answer.text
    bundle: Bundle = msgspec.json.decode(answer.content)
    return msgspec.json.encode(await attack.serving(bundle)).decode()


async def _reconcile(attack: Attack, seen: Seen) -> None:
    """The clinic holds its receipts against what the log has of its accesses."""
    scene = attack.scene
    key = v.parse_vkey(scene.world.log_key)
    days: dict[date, list[v.Receipt]] = {}
    wrong = []
    for each in map(v.parse_receipt, scene.receipts):
        days.setdefault(clock.day_in_japan(clock.datetime_of(each.at // 10**6)), []).append(each)
        if not each.is_signed(key):
            wrong.append("forged")
        if abs(each.at - scene.now) > HOUR:
            wrong.append("time")
    for day, receipts in days.items():
        wrong += await _compared(scene, day, receipts)
    if wrong:
        seen[By.FACILITY] = ", ".join(sorted(set(wrong)))


async def _compared(scene: Scene, day: date, receipts: list[v.Receipt]) -> list[str]:
    """What each side has and the other has not, as the clinic's system asks for it."""
    answered = await scene.ask("GET", RECONCILE, params={"day": day.isoformat()})
    leaves = {each["commit"]: each["leaf"] for each in answered.json()["answers"]}
    wrong = []
    for each in receipts:
        commit = v.to_base64url(each.commit)
        if commit not in leaves:
            wrong.append("not in the log")
        elif leaves[commit] is None:
            wrong.append("not in the tree")
    tomorrow = day + timedelta(days=1)
    with mock.patch.object(clock, "today_in_japan", return_value=tomorrow):
        body = {"day": day.isoformat(), "receipts": list(map(str, receipts))}
        compared = (await scene.ask("POST", RECONCILE, json=body)).json()
    return wrong + [name for name in ("missing", "unknown", "not_ours") if compared[name]]
