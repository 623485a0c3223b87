"""What a professional needs of one stored resource beside its facts: the gist, and its state."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from api.records.mapping import name_of
from api.records.own.plain import Fact, facts_of
from api.records.parse import Json, as_object, as_objects, as_text

LONGEST_GIST: Final = 120
_GIST: Final = frozenset({"result", "usage", "site", "way", "conclusion"})
# Of conditions and allergies: what a reader must not overlook.
STATES: Final = frozenset(
    {
        "inactive",
        "resolved",
        "remission",
        "refuted",
        "entered-in-error",
        "preliminary",
        "cancelled",
        "stopped",
        "on-hold",
        "revoked",
        "unconfirmed",
        "provisional",
    }
)


class Allergy(NamedTuple):
    """What a reader must see of it at once; `state` as in `STATES`."""

    is_contraindication: bool
    is_severe: bool
    reactions: tuple[str, ...]
    state: str

    @property
    def comes_first(self) -> bool:
        """What can kill, unless it was found not to be so."""
        is_refuted = self.state in ("refuted", "entered-in-error")
        return (self.is_contraindication or self.is_severe) and not is_refuted


class Code(NamedTuple):
    """As the sender coded it."""

    system: str
    code: str
    display: str


def gist_of(body: Json, title: str) -> str:
    """The result, or how a drug is taken, in one line; "" where the title says it all."""
    facts = (fact for fact in facts_of(body) if fact.kind in _GIST)
    parts = [_said(fact) for fact in facts if fact.value not in ("", title)]
    line = " ・ ".join(parts)
    return line if len(line) <= LONGEST_GIST else f"{line[:LONGEST_GIST]}…"


def state_of(body: Json) -> str:
    """One of `STATES`, or ""."""
    found = [as_text(body.get("status"))]
    for element in ("verificationStatus", "clinicalStatus"):
        found += [
            as_text(coding.get("code"))
            for coding in as_objects(as_object(body.get(element)).get("coding"))
        ]
    return next((each for each in found if each in STATES), "")


def allergy_of(body: Json, category: str) -> Allergy:
    reactions = [
        name_of(manifestation)
        for reaction in as_objects(body.get("reaction"))
        for manifestation in as_objects(reaction.get("manifestation"))
    ]
    return Allergy(
        category == "contraindication",
        body.get("criticality") == "high",
        tuple(filter(None, reactions)),
        state_of(body),
    )


def notes_of(body: Json) -> list[str]:
    """What the sender wrote in words of its own, for other professionals."""
    notes = [as_text(each.get("text")) for each in as_objects(body.get("note"))]
    single = as_object(body.get("note"))
    return [note for note in [*notes, as_text(single.get("text"))] if note]


def codes_of(body: Json) -> list[Code]:
    """Every code it has, in the order it came."""
    return list(_codes(body))


def narrative_of(body: Json) -> str:
    """The XHTML of the resource itself, as it came; it must be made safe before it is shown."""
    return as_text(as_object(body.get("text")).get("div"))


def _codes(body: Json) -> Iterator[Code]:
    for element in ("code", "medicationCodeableConcept", "vaccineCode", "type"):
        for coding in as_objects(as_object(body.get(element)).get("coding")):
            if coding.get("code"):
                yield Code(
                    as_text(coding.get("system")),
                    as_text(coding.get("code")),
                    as_text(coding.get("display")),
                )


def _said(fact: Fact) -> str:
    return f"{fact.label} {fact.value}" if fact.label else fact.value
