"""Why a submission was not stored or a search not made, in the terms of its sender."""

import re
from collections.abc import Iterable
from typing import Final

from api.core import i18n
from api.core.errors import Conflict, Problem
from api.fhir.outcome import Issue
from api.records.mapping import Identifier
from api.records.parse import Fault

_STATUS: Final = {
    "bad_character": 400,
    "bad_key": 400,
    "duplicate_key": 400,
    "invalid_json": 400,
    "not_a_resource": 400,
    "not_taken": 403,
    "several_match": 412,
    "version_differs": 412,
    "too_deep": 400,
    "too_large": 413,
}
_MOST_ISSUES: Final = 100
_MOST_NAMES: Final = 5
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_.:$-]{0,63}")
_NUMBER: Final = re.compile(r"[0-9]{4}")
# A type or `*`, and up to two names: what an include is made of, whatever it asks for.
_INCLUDE: Final = re.compile(r"(\*|[A-Z][A-Za-z]+)(:(\*|[A-Za-z-]+)){0,2}")


class NotStored(Problem):
    """`is_kept`: the submission lies in quarantine, so it need not be sent again. `named`: by what
    the sender knows whoever was not found."""

    status = 422
    key = "error.fhir.not_stored"

    def __init__(self, faults: Iterable[Fault], *, is_kept: bool = False) -> None:
        super().__init__()
        self.faults = tuple(faults)
        self.is_kept = is_kept
        self.named: tuple[Identifier, ...] = ()
        self.status = _STATUS.get(self.faults[0].reason, 422)

    @property
    def issues(self) -> list[Issue]:
        found = [
            Issue(fault.issue_code, fault.key, _spoken(fault), fault.path)
            for fault in self.faults[:_MOST_ISSUES]
        ]
        if self.is_kept:
            key = "record.kept"
            words = " / ".join(i18n.text(locale, key) for locale in i18n.LOCALES)
            found.append(Issue("informational", key, words, severity="information"))
        return found


class KeyReused(Problem):
    """The Idempotency-Key stands for another request already."""

    status = 422
    key = "error.fhir.key_reused"


class WrongMediaType(Problem):
    status = 415
    key = "error.media_type"


def _is_plain(name: str) -> bool:
    """Letters first, and no number of somebody in it."""
    return bool(_PLAIN_NAME.fullmatch(name)) and not _NUMBER.search(name)


def _is_include(text: str) -> bool:
    return bool(_INCLUDE.fullmatch(text)) and len(text) <= 64


def _spoken(fault: Fault) -> str:
    return " / ".join(i18n.text(locale, fault.key, **fault.params) for locale in i18n.LOCALES)


class UnknownType(Problem):
    status = 404
    key = "error.fhir.unknown_type"


class PatientNeeded(Problem):
    status = 400
    key = "error.fhir.patient_needed"


class BadQuestion(Problem):
    """`where` names the parts of the question that make none, never what they held."""

    status = 400
    key = "error.access.bad_question"

    def __init__(self, *where: str) -> None:
        super().__init__()
        self.where = list(where)


class UnknownParameter(Problem):
    """`names` are the parameters', never what they held; what is no plain name is not repeated."""

    status = 400
    key = "error.fhir.unknown_parameter"

    def __init__(self, *names: str) -> None:
        said = [each for each in sorted(set(names)) if _is_plain(each)][:_MOST_NAMES]
        super().__init__(names=f" ({', '.join(said)})" if said else "")


class BadValue(Problem):
    """`name` is the parameter's, never what it held."""

    status = 400
    key = "error.fhir.bad_value"


class NotOffered(Problem):
    """A parameter that reaches for other resources than those searched for."""

    status = 400
    key = "error.fhir.not_offered"


class IncludeNotOffered(Problem):
    """Something to come along that is not served of the types searched for; `offered` is."""

    status = 400
    key = "error.fhir.include_not_offered"

    def __init__(self, asked: str, offered: Iterable[str]) -> None:
        name = f" ({asked})" if _is_include(asked) else ""
        super().__init__(asked=name, offered=", ".join(offered) or "–")


class MatchNeedsPatient(Problem):
    """`$match` with a body that is no Parameters, or one without a Patient."""

    status = 400
    key = "error.fhir.match_needs_patient"


class BadPage(Problem):
    """Not a page this requester was led to, or one of long ago."""

    status = 400
    key = "error.fhir.bad_page"


class UnknownPlace(Problem):
    """A page of one's own records nobody was led to."""

    status = 400
    key = "error.records.unknown_place"


class NumberRefused(Problem):
    """No patient number, or a 個人番号; it was not kept."""

    status = 422
    key = "error.number.refused"


class NumberTaken(Conflict):
    """The number is another patient's at this facility already."""

    key = "error.number.taken"


class MergeRefused(Conflict):
    """One of both is part of another merge, or this one has gone on meanwhile."""

    key = "error.merge.refused"
