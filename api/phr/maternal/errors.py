"""Why nothing was written in the maternal record."""

from api.core.errors import Conflict


class PregnancyOpen(Conflict):
    """One at a time."""

    key = "error.maternal.open"


class BirthThere(Conflict):
    key = "error.maternal.birth_there"


class PregnancyClosed(Conflict):
    """Its record was closed; it is opened again first."""

    key = "error.maternal.closed"


class NoBirthYet(Conflict):
    """A newborn is written after the birth."""

    key = "error.maternal.no_birth"
