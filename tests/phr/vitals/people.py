"""What Hanako measures."""

from datetime import date, datetime, timedelta
from typing import Any

from api.core import clock
from api.phr.entries.kinds import JAPAN
from tests.portal.scene import Visitor


def today() -> date:
    return clock.today_in_japan()


def day(ago: int) -> str:
    return (today() - timedelta(days=ago)).isoformat()


def pressure(
    upper: int, lower: int, ago: int = 1, time: str = "07:05", **more: Any
) -> dict[str, Any]:
    values = {"systolic": upper, "diastolic": lower, **more}
    return {"kind": "blood-pressure", "on": day(ago), "time": time, "values": values}


def sample(key: str, upper: int = 132, **more: Any) -> dict[str, Any]:
    at = datetime.combine(today() - timedelta(days=1), datetime.min.time(), JAPAN)
    return {
        "id": key,
        "kind": "blood-pressure",
        "measured_at": at.replace(hour=7, minute=5).isoformat(),
        "values": {"systolic": upper, "diastolic": 84},
        **more,
    }


async def send(who: Visitor, *samples: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    answer = await who.tell("/me/vitals/batches", {"samples": list(samples), **more})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["samples"])


async def measured(who: Visitor, **query: Any) -> list[dict[str, Any]]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    answer = await who.ask(f"/me/vitals?{asked}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["entries"])


async def upload(who: Visitor, path: str, body: bytes) -> Any:
    headers = {"authorization": f"Bearer {who.token}", "content-type": "text/csv"}
    return await who.browser.post(path, content=body, headers=headers)
