"""When children can do what, by the national survey of 2023: information, never a verdict."""

from typing import Final, NamedTuple

EDITION: Final = 2023


class Milestone(NamedTuple):
    """At least 90 % of children can by the age of `since` to under `until` months."""

    name: str
    since: int
    until: int


# 令和5年 (2023) 乳幼児身体発育調査, summary: the month of age from which 90 % or more can.
MILESTONES: Final = (
    Milestone("head", 4, 5),
    Milestone("roll", 6, 7),
    Milestone("sit", 9, 10),
    Milestone("crawl", 10, 11),
    Milestone("stand", 11, 12),
    Milestone("walk", 16, 17),
)
NAMES: Final = tuple(each.name for each in MILESTONES)
