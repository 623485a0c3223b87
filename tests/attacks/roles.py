"""The roles, what each of them meets, and the rows that say so."""

from typing import Any, NamedTuple

ROLES = (
    "anonymous", "participant", "professional", "support", "reads", "writes", "auditor",
    "facility_admin",
)  # fmt: skip

# What each role meets, in the order of ROLES. A dot: the same answer as for an absent thing
# (404; for FHIR searches an empty Bundle). "in": asked to sign in (401, or the sign-in page).
OPEN = "ok ok ok ok ok ok ok ok"
PARTICIPANT = "in ok . . in in . ."
PROFESSIONAL = "in . ok . in in . ."
SUPPORT = "in . . ok in in . ."
AUDITOR = "in . . . in in ok ."
PARTICIPANT_AND_AUDITOR = "in ok . . in in ok ."
EVERYONE = "in ok ok ok in in ok ok"
BAD_PROOF = "in bad bad bad in in bad bad"
READS = "in in in in ok in in in"
WRITES = "in in in in in ok in in"
FACILITY_ADMIN = "in . . . in in . ok"
NOBODY = ". . . . . . . ."
TICKET = "gone gone gone gone gone gone gone gone"
# Tarō's own things, for everyone else
HIS_PAGE = "in . . . in in . ."
# Kumamoto offers one way of letting people in: nobody picks
NO_CHOICE = "in . . . in in . ."
HIS_CASE = "in . . ok in in . ."
HIS_ANSWER = "in . . . in in . ."
HIS_RECORD = "in in in in . in in in"
# A code that opens no certificate
NO_CODE = "bad bad bad bad bad bad bad bad"
# A system that was not let export
EXPORTS = "in in in in bad in in in"
# A form of one's own, wrongly filled in
WRONG = "in bad . . in in . ."
# A token that was not asked for in an emergency
NOT_IN_EMERGENCY = "in in in in bad in in in"
# No process serves the demo's issuer in these tests
ISSUER_AWAY = "503 503 503 503 503 503 503 503"


class Row(NamedTuple):
    """One line of the table. `url` and `body` may name Tarō's things in {braces}.

    A body goes out as a form on the portal and as JSON elsewhere.
    """

    method: str
    route: str
    expected: str
    url: str = ""
    body: Any = None
