"""To whom a notice goes, on which way, and when."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Final, Literal, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from notifications.kinds import BY_EVERY_CHANNEL, Kind, kind_of

# What people choose by: a telephone's notice goes by one service or another.
Way = Literal["push", "mail", "letter"]
Part = Literal["subject", "proxy", "nominee"]

WAYS: Final[tuple[Way, ...]] = ("push", "mail", "letter")
AT_ONCE: Final = ("fcm", "web_push", "mail")
LETTER: Final = "letter"
WAY_OF: Final[dict[str, Way]] = {
    "fcm": "push",
    "web_push": "push",
    "mail": "mail",
    "letter": "letter",
}
JAPAN: Final = ZoneInfo("Asia/Tokyo")
# What must reach somebody whom nothing else reaches.
ON_PAPER: Final = frozenset({Kind.EMERGENCY, Kind.SECURITY, Kind.PROXY, Kind.SUPPORT})
# Once a day and act: too often for paper.
NOT_ON_PAPER: Final = frozenset({"proxy_acted"})
# What ends or opens something by itself unless its reader says otherwise.
ALSO_ON_PAPER: Final = frozenset({"facility_joins", "terms_asked"})
# Keys are one's own, and what is told of proxies would tell each of what the others do.
TOLD_TO_PROXIES: Final = frozenset(Kind) - {Kind.SECURITY, Kind.PROXY}
TOLD_TO_NOMINEES: Final = frozenset({"emergency_opened"})
# What a proxy may not choose for somebody: it would hide what the proxy does.
OWN_TO_CHOOSE: Final = frozenset({Kind.EMERGENCY, Kind.PROXY, Kind.SECURITY})


class Quiet(NamedTuple):
    """From one time on a clock in Japan until another, through midnight where that is earlier."""

    start: time
    end: time

    def ends_after(self, now: datetime) -> datetime | None:
        """When the quiet that holds now ends; None where none does."""
        local = now.astimezone(JAPAN)
        clock = local.time()
        if self.start < self.end:
            holds = self.start <= clock < self.end
        else:
            holds = clock >= self.start or clock < self.end
        if not holds:
            return None
        day = local.date() + timedelta(days=int(clock >= self.end))
        return datetime.combine(day, self.end, JAPAN)


USUAL_QUIET: Final = Quiet(time(21), time(7))


class Recipient(NamedTuple):
    """`part`: the subject, or in what capacity somebody else is told. `channels`: those with an
    address. `off` and `on`: kinds and ways chosen otherwise than usual.
    """

    participant_id: UUID
    part: Part
    channels: frozenset[str]
    off: frozenset[tuple[str, str]] = frozenset()
    on: frozenset[tuple[str, str]] = frozenset()
    quiet: Quiet | None = USUAL_QUIET


class Planned(NamedTuple):
    """`not_before`: None for at once. Without an address it is noted that nobody could be told."""

    recipient: UUID
    channel: str
    not_before: datetime | None = None
    has_address: bool = True


def is_usual(kind: Kind, way: Way) -> bool:
    """Whether a kind goes by a way where nothing was chosen."""
    return way != "letter" or kind in ON_PAPER


def is_wanted(
    kind: Kind, way: Way, off: frozenset[tuple[str, str]], on: frozenset[tuple[str, str]]
) -> bool:
    return (kind, way) not in off and ((kind, way) in on or is_usual(kind, way))


def told(event: str, recipients: Iterable[Recipient]) -> list[Recipient]:
    """Whom it concerns, each once; the first that names somebody counts. All have an inbox."""
    found: dict[UUID, Recipient] = {}
    for one in recipients:
        match one.part:
            case "subject":
                is_concerned = True
            case "proxy":
                is_concerned = kind_of(event) in TOLD_TO_PROXIES
            case "nominee":
                is_concerned = event in TOLD_TO_NOMINEES
        if is_concerned:
            found.setdefault(one.participant_id, one)
    return list(found.values())


def plan(event: str, recipients: Iterable[Recipient], now: datetime) -> list[Planned]:
    """Every way that has an address and was not turned off; a letter where there is no other way.

    Of an emergency somebody always hears at once, by all there is if nothing of it was left on.
    """
    return [
        planned
        for one in told(event, recipients)
        for planned in (*_at_once(event, one, now), *_on_paper(event, one))
    ]


def _at_once(event: str, one: Recipient, now: datetime) -> list[Planned]:
    kind = kind_of(event)
    there = [channel for channel in AT_ONCE if channel in one.channels]
    wanted = [each for each in there if is_wanted(kind, WAY_OF[each], one.off, one.on)]
    if event in BY_EVERY_CHANNEL or (kind is Kind.EMERGENCY and not wanted):
        wanted = there
    later = None
    if one.quiet is not None and kind is not Kind.EMERGENCY:
        later = one.quiet.ends_after(now)
    return [
        Planned(one.participant_id, each, later if WAY_OF[each] == "push" else None)
        for each in wanted
    ]


def _on_paper(event: str, one: Recipient) -> list[Planned]:
    """To the subject alone: it says whose it is on its envelope."""
    kind = kind_of(event)
    if one.part != "subject":
        return []
    has_address = LETTER in one.channels
    if event in BY_EVERY_CHANNEL and has_address:
        return [Planned(one.participant_id, LETTER)]
    is_reached = any(channel in one.channels for channel in AT_ONCE)
    if is_reached or event in NOT_ON_PAPER:
        return []
    is_off = (kind, "letter") in one.off
    is_due = event in ALSO_ON_PAPER or is_wanted(kind, "letter", one.off, one.on)
    if kind is not Kind.EMERGENCY and (is_off or not is_due):
        return []
    return [Planned(one.participant_id, LETTER, has_address=has_address)]
