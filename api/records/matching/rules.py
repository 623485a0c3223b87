"""Whether two descriptions are of one person: a log-likelihood score, and what it never decides.

The score is the sum over fields of log2(m / u), as Fellegi and Sunter (1969) weigh them: `m` is how
often one person's two descriptions compare so, `u` how often those of two people do. Where a rule
here is stricter than the score, the rule holds.
"""

from collections.abc import Mapping, Sequence
from math import log2
from typing import Final, Literal, NamedTuple
from uuid import UUID

from api.records.matching.persons import Folded, is_near, one_edit_apart

Field = Literal["family", "given", "sex", "birth", "address", "insurance"]
Verdict = Literal["link", "doubtful", "none"]
Way = Literal["card", "insurance", "score"]

# (m, u) by field and level. A part of a name is compared in its characters and in its kana: `same`
# in both, `slip` with one sound wrong in the kana, `read_otherwise` in its characters alone,
# `other_characters` in its kana alone; `sounds_same` and `sounds_near` where there are no
# characters to compare.
CHANCES: Final[Mapping[Field, Mapping[str, tuple[float, float]]]] = {
    "family": {
        "same": (0.955, 0.004),
        "slip": (0.012, 0.0001),
        "read_otherwise": (0.008, 0.0003),
        "other_characters": (0.006, 0.0006),
        "sounds_same": (0.955, 0.005),
        "sounds_near": (0.012, 0.004),
        "different": (0.008, 0.991),
    },
    "given": {
        "same": (0.955, 0.003),
        "slip": (0.012, 0.0001),
        "read_otherwise": (0.010, 0.0005),
        "other_characters": (0.008, 0.003),
        "sounds_same": (0.955, 0.006),
        "sounds_near": (0.012, 0.006),
        "different": (0.003, 0.9874),
    },
    "sex": {"same": (0.998, 0.5), "different": (0.002, 0.5)},
    "birth": {
        "same": (0.985, 0.00004),
        "near": (0.012, 0.0016),
        "different": (0.003, 0.99836),
    },
    "address": {
        "same": (0.93, 0.0003),
        "town": (0.03, 0.003),
        "different": (0.04, 0.9967),
    },
    # `household`: the same certificate, without a branch number on one side.
    "insurance": {
        "same": (0.91, 0.000001),
        "household": (0.91, 0.00001),
        "other_branch": (0.0001, 0.00001),
        "insurer": (0.04, 0.06),
        "different": (0.05, 0.94),
    },
}
WEIGHTS: Final[Mapping[Field, Mapping[str, float]]] = {
    field: {level: log2(m / u) for level, (m, u) in levels.items()}
    for field, levels in CHANCES.items()
}

# In bits. Among 200,000 participants (a prior of 17.6 bits against) 33 leave one in 43,000.
LINK: Final = 33.0
DOUBTFUL: Final = 22.0
# How far the second must lie behind before the first is linked.
AHEAD: Final = 10.0

_SAME_NAME: Final = frozenset({"same", "slip", "read_otherwise", "sounds_same"})
_SAME_CERTIFICATE: Final = frozenset({"same", "household"})


class Compared(NamedTuple):
    """`levels` are the fields both sides have; `bits` their weights' sum."""

    levels: dict[Field, str]
    bits: float
    verdict: Verdict
    way: Way


class Ranked(NamedTuple):
    """One who may be meant, and how surely."""

    participant_id: UUID
    compared: Compared


class Outcome(NamedTuple):
    """Of `link` the first of `ranked` is meant; of `doubtful` all are; of `none` there are none."""

    verdict: Verdict
    ranked: tuple[Ranked, ...]


def compare(one: Folded, other: Folded) -> Compared:
    """How each field both sides have compares, what that makes in bits, and what follows."""
    levels: dict[Field, str] = {}
    _compare_names(levels, one, other)
    if one.sex and other.sex:
        levels["sex"] = "same" if one.sex == other.sex else "different"
    if one.birth_on and other.birth_on:
        levels["birth"] = _births(one, other)
    if one.town and other.town:
        levels["address"] = _addresses(one, other)
    if one.insured and other.insured:
        levels["insurance"] = _certificates(one, other)
    bits = sum(WEIGHTS[field][level] for field, level in levels.items())
    has_card = one.card != "" and one.card == other.card
    verdict, way = _judge(levels, bits, has_card=has_card)
    return Compared(levels, round(bits, 1), verdict, way)


def decide(sent: Folded, candidates: Mapping[UUID, Folded]) -> Outcome:
    """`candidates`: whom the description may be of, by id."""
    return outcome_of(ranked(sent, candidates))


def ranked(sent: Folded, candidates: Mapping[UUID, Folded]) -> list[Ranked]:
    """Those who may be meant, the best first."""
    found = [Ranked(key, compare(sent, each)) for key, each in candidates.items()]
    found = [each for each in found if each.compared.verdict != "none"]
    found.sort(key=lambda each: (each.compared.verdict != "link", -each.compared.bits, each[0]))
    return found


def outcome_of(found: Sequence[Ranked]) -> Outcome:
    """Of the best first. Two who come close to each other are never told apart here."""
    if not found:
        return Outcome("none", ())
    first, others = found[0].compared, [each.compared for each in found[1:]]
    is_alone = all(each.verdict != "link" and each.bits <= first.bits - AHEAD for each in others)
    if first.verdict == "link" and is_alone:
        return Outcome("link", tuple(found[:1]))
    return Outcome("doubtful", tuple(found))


def _judge(levels: Mapping[Field, str], bits: float, *, has_card: bool) -> tuple[Verdict, Way]:
    given, birth = levels.get("given"), levels.get("birth")
    if has_card:
        is_them = given != "different" and birth in ("same", None)
        return ("link" if is_them else "doubtful"), "card"
    # Somebody else of the same house shares family name, address and certificate.
    if given == "different" and birth != "same":
        return "none", "score"
    # Invariant: twins share all but the given name and its branch of the certificate, and are never
    # linked without a person's eye.
    if given not in _SAME_NAME or levels.get("insurance") == "other_branch":
        return ("doubtful" if bits >= DOUBTFUL else "none"), "score"
    if birth == "same" and levels.get("insurance") in _SAME_CERTIFICATE:
        return "link", "insurance"
    if birth in ("same", "near") and bits >= LINK:
        return "link", "score"
    return ("doubtful" if bits >= DOUBTFUL else "none"), "score"


def _compare_names(levels: dict[Field, str], one: Folded, other: Folded) -> None:
    """Undivided on either side, a name is compared whole where it can be, and divided by the other
    where not."""
    characters = _parted(one.name, one.family, one.given, other.name, other.family, other.given)
    kana = _parted(
        one.kana, one.family_kana, one.given_kana, other.kana, other.family_kana, other.given_kana
    )
    for field, at in (("family", 0), ("given", 2)):
        level = _part(*characters[at : at + 2], *kana[at : at + 2])
        if level:
            levels[field] = level  # type: ignore[index]


def _parted(
    name: str, family: str, given: str, other: str, other_family: str, other_given: str
) -> tuple[str, str, str, str]:
    """(family, the other's family, given, the other's given)"""
    if family and other_family:
        return family, other_family, given, other_given
    if not name or not other:
        return "", "", "", ""
    if family:
        found = _divided_like(other, family, given)
        return family, found[0], given, found[1]
    if other_family:
        found = _divided_like(name, other_family, other_given)
        return found[0], other_family, found[1], other_given
    return name, other, name, other


def _divided_like(name: str, family: str, given: str) -> tuple[str, str]:
    if name.startswith(family):
        return family, name[len(family) :]
    if name.endswith(given):
        return name[: -len(given)], given
    return name, name


def _part(one: str, other: str, kana: str, other_kana: str) -> str:
    """The level of a part of a name; empty where nothing can be compared."""
    has_characters, has_kana = bool(one and other), bool(kana and other_kana)
    if has_characters and one == other:
        if not has_kana or kana == other_kana:
            return "same"
        return "slip" if one_edit_apart(kana, other_kana) else "read_otherwise"
    if has_kana and kana == other_kana:
        return "other_characters" if has_characters else "sounds_same"
    if has_kana and not has_characters and one_edit_apart(kana, other_kana):
        return "sounds_near"
    return "different" if has_characters or has_kana else ""


def _births(one: Folded, other: Folded) -> str:
    if one.birth_on == other.birth_on:
        return "same"
    if one.birth_on is None or other.birth_on is None:
        raise ValueError("both have a birth date")
    return "near" if is_near(one.birth_on, other.birth_on) else "different"


def _addresses(one: Folded, other: Folded) -> str:
    if one.town != other.town:
        return "different"
    return "same" if one.place and one.place == other.place else "town"


def _certificates(one: Folded, other: Folded) -> str:
    mine, theirs = one.insured, other.insured
    if mine is None or theirs is None:
        raise ValueError("both are insured")
    if mine.insurer != theirs.insurer:
        return "different"
    if (mine.symbol, mine.number) != (theirs.symbol, theirs.number):
        return "insurer"
    if not mine.branch or not theirs.branch:
        return "household"
    return "same" if mine.branch == theirs.branch else "other_branch"


def grades(outcome: Outcome) -> Sequence[tuple[UUID, str, float]]:
    """HL7's match grades, with the share of a score between none and certain."""
    found = []
    for at, (participant_id, compared) in enumerate(outcome.ranked):
        if outcome.verdict == "link" and at == 0:
            found.append((participant_id, "certain", 1.0))
            continue
        share = max(0.01, min(0.99, (compared.bits - DOUBTFUL) / (LINK - DOUBTFUL)))
        grade = "probable" if compared.bits >= (LINK + DOUBTFUL) / 2 else "possible"
        found.append((participant_id, grade, round(share, 2)))
    return found
