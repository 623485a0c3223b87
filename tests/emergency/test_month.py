"""A month at the hospital: four doctors, two officers, whoever is brought in, and chance.

Each day is lived by the database's own clock and then moved into the past, so that three days are
three days for the rules, and PostgreSQL holds every step as it would any other.
"""

import random
from datetime import timedelta
from typing import Any

from api.core.actor import Actor
from api.emergency import choices, reviews
from api.emergency import service as emergency
from api.emergency.errors import CannotRenew, NotOpened, SessionOver
from api.emergency.gates import IDENTIFICATIONS, REASONS
from api.emergency.reach import Choice
from api.records.emergency import service as in_emergency
from notifications import service as notifications
from tests.access_log.superuser import unguarded
from tests.emergency.conftest import ground, joined, who
from tests.emergency.log_fold import sessions_in_logs
from tests.portal import scene

DAYS, A_DAY = 30, timedelta(days=1)
TABLES = {
    "emergency_session": ("requested_at", "identified_at", "authenticated_at"),
    "emergency_step": ("recorded_at", "expires_at"),
    "emergency_review_step": ("recorded_at",),
}


async def a_day_passes(admin: Any, sessions: list[Any]) -> None:
    """All that happened is a day older."""
    ids = ", ".join(f"'{each}'" for each in sessions)
    await unguarded(
        admin,
        *(
            f"UPDATE {table} SET "
            + ", ".join(f"{column} = {column} - interval '1 day'" for column in columns)
            + f" WHERE session_id IN ({ids})"
            for table, columns in TABLES.items()
        ),
    )


async def one_opening(
    chance: random.Random, doctor: Actor, person: Actor, ueda: Actor
) -> Any | None:
    """Opens, perhaps by a second officer, and does this and that; the id of what was opened."""
    asked = ground(
        reason=chance.choice([each for each in REASONS if each != "disaster"]),
        words=chance.choice(("路上で倒れていた", "胸が痛いと言って倒れた", "意識がもどらない")),
        identification=chance.choice([each for each in IDENTIFICATIONS if "card" not in each]),
    )
    try:
        session = await emergency.open_session(doctor, who(person), asked)
    except NotOpened:
        return None
    if not session.is_active:
        if chance.random() < 0.5:
            return None
        await emergency.approve(ueda, session.session_id)
    for _ in range(chance.randrange(1, 6)):
        try:
            match chance.choice(("read", "read", "widen", "renew", "close", "shut")):
                case "read":
                    await in_emergency.summary(doctor, session.session_id)
                case "widen":
                    await emergency.widen(doctor, session.session_id)
                case "renew":
                    await emergency.renew(doctor, session.session_id)
                case "close":
                    await emergency.close(doctor, session.session_id)
                case "shut" if chance.random() < 0.2:
                    await choices.choose(person, Choice("refuse"))
        except SessionOver:
            break
        except CannotRenew:
            continue
    return session.session_id


async def reviewed(chance: random.Random, officers: list[Actor], session_id: Any) -> None:
    """To its end, by whom it may be: who opened it with the doctor leaves it to the others."""
    wish = chance.random() < 0.8
    for officer in chance.sample(officers, len(officers)):
        seen = await reviews.look(officer, session_id)
        if seen.state == "told":
            return
        if (
            (wish and "justified" in seen.may)
            or "doubted" in seen.may
            or "not_justified" in seen.may
        ):
            await reviews.judge(officer, session_id, wish, "記録を確認した")


async def test_in_a_month_every_opening_has_its_reason_its_notice_and_its_review(
    mori, hospital, ueda, colleague, admin
):
    chance = random.Random(20260401)
    doctors = [
        mori,
        *[await scene.professional(hospital, f"救急 {n}", "physician") for n in "一二三"],
    ]
    officers = [ueda, colleague, await scene.officer("佐々木 学")]
    people = [await joined(f"来院 {n}", "ライイン") for n in range(8)]
    sessions: list[Any] = []
    due: list[Any] = []
    for _ in range(DAYS):
        for _ in range(chance.randrange(1, 5)):
            person = chance.choice(people)
            if chance.random() < 0.3:
                await choices.choose(person, Choice())
            found = await one_opening(chance, chance.choice(doctors), person, ueda)
            if found is not None:
                sessions.append(found)
                due.append(found)
        while len(due) > 4:
            await reviewed(chance, officers, due.pop(0))
        if sessions:
            await a_day_passes(admin, sessions)
    for each in due:
        await reviewed(chance, officers, each)
    while await notifications.deliver():
        pass
    assert len(sessions) >= 40
    logged = await sessions_in_logs(people)
    assert set(logged) == {str(each) for each in sessions}
    told = {person.participant_id: await _notices(person) for person in people}
    seen = {each.session_id: each for person in people for each in await reviews.about_me(person)}
    for session_id in sessions:
        opening = logged[str(session_id)]
        assert opening["ground"]["reason"] in REASONS
        assert opening["found"] in ("justified", "not_justified")
        review = seen[session_id]
        assert review.words
        assert (review.state, review.is_overdue) == ("told", False)
        assert str(session_id) in told[opening["person"].participant_id]
    assert {each["found"] for each in logged.values()} == {"justified", "not_justified"}


async def _notices(person: Actor) -> set[str]:
    """Of which sessions the inbox tells."""
    found: set[str] = set()
    page = 1
    while True:
        notices, total = await notifications.inbox(person, page=page, count=50)
        found |= {each.params.get("session", "") for each in notices}
        if page * 50 >= total:
            return found
        page += 1
