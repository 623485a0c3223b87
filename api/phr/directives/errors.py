"""Why a document of one's wishes was not taken."""

from api.core.errors import Problem
from api.phr.directives.paper import MOST_DOCUMENTS


class DocumentRefused(Problem):
    """What is wrong with the file. Nothing of it was kept."""

    status = 422

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


class TooManyDocuments(Problem):
    status = 409
    key = "error.wish.file.too_many"

    def __init__(self) -> None:
        super().__init__(most=MOST_DOCUMENTS)


class TooManyPeople(Problem):
    status = 409
    key = "error.wish.people.too_many"

    def __init__(self, most: int) -> None:
        super().__init__(most=most)
