"""Refusals of the support centre's doors, and of the log's."""

from api.core.errors import Conflict, Problem


class NoTelephoneNumber(Problem):
    """What was typed is no Japanese telephone number of 10 or 11 digits; it was not kept."""

    status = 422
    key = "error.support.telephone"


class NoNumberToCall(Problem):
    """The participant gave no telephone number on enrolling, so nobody can be called back."""

    status = 422
    key = "error.counter.no_number"


class IdentifiedByOne(Conflict):
    """A letter with a code opens an account: two officers, each in their own visit, stand behind
    it."""

    key = "error.counter.identified_by_one"


class HasAKey(Conflict):
    """Who has a key gets no activation code: a lost key is recovered with two officers."""

    key = "error.counter.has_key"


class NothingToWithdraw(Conflict):
    key = "error.counter.nothing_to_withdraw"


class FilterFaults(Problem):
    """`fields` maps what the log cannot be narrowed by to the key of what is wrong with it."""

    status = 422
    key = "error.log.filter"

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__()
        self.fields = fields


class TooManyToExport(Problem):
    """One file holds so many events at most; nothing was taken out."""

    status = 422
    key = "error.log.too_many_to_export"


class QuestionFaults(Problem):
    """`fields` maps what was filled in wrongly to the key of what is wrong with it."""

    status = 422
    key = "error.question.faults"

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__()
        self.fields = fields


class AskedAlready(Conflict):
    """There is a question about this event; it stands."""

    key = "error.question.asked_already"


class NotThisStep(Conflict):
    """The question has gone on meanwhile, or was reopened before; nothing was changed."""

    key = "error.question.not_this_step"


class AnswerFirst(Conflict):
    """The case of a question is closed by its answer."""

    key = "error.question.answer_first"
