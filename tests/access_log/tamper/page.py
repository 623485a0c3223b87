"""docs/reference/tamper-matrix.md, written from the table that the tests hold to."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.access_log.tamper.kinds import By, Chapter, Kind
from tests.access_log.tamper.table import CHAPTERS, KINDS

PLACE: Final = Path(__file__).parents[3] / "docs" / "reference" / "tamper-matrix.md"

INTRODUCTION: Final = """\
# Tampering with the access log, and who notices

Each row is done for real by `tests/access_log/tamper`: on a copy of a small network whose events
were written by the product's own services, sealed, counted and witnessed; mostly as PostgreSQL's
superuser, with every guard out of the way. Then an hour passes. The sealer starts again, a doctor
reads once more, the hour's head map is made, all of it is sealed and shown to two witnesses, and
everybody looks. A dot says who notices; the tests hold every dot and every empty place to be so.
This page is written by `python -m tests.access_log.tamper --write`.

- **PostgreSQL** refuses, and nothing has changed.
- The **sealer** stops signing, and the log is under investigation.
- **fsck**, the nightly look at everything, has findings.
- A **witness** refuses to cosign.
- A **phone with state** has verified the log before and kept what it saw. The verifier says that it
  failed, or there is no file to verify: never a check that is green.
- A **phone without** has never looked. It knows the keys of log and witnesses from paper.
- A **facility** finds that its receipts and what the log has of its accesses are not the same.
"""

LIMITS: Final = """\
## What nobody notices

- **A look past the application.** Whoever reads tables as superuser leaves no event. The log proves
  what was done through the product.
- **An event without a receipt, erased in the second before it is sealed.** Facilities have a
  receipt with every answer. Of an operator's own deed nobody has one.
- **An event that never happened, in the name of somebody who counts no receipts.** Whoever holds
  the database can add it at the end of a log. A facility finds one that it has no receipt for.
- **A first look at an old file.** A phone without state sees a log that was true; it shows when it
  was counted and when the witnesses saw it.
- **What transaction an old event came in** (`xid`). It matters until the event is sealed, and to
  nothing afterwards.
"""


def page() -> str:
    parts = [INTRODUCTION, *(_chapter(each) for each in CHAPTERS), LIMITS]
    return "\n".join(parts)


def _chapter(chapter: Chapter) -> str:
    heads = ["what is done", "with", *(each.value for each in By)]
    lines = [
        f"## {chapter.title}",
        "",
        f"| {' | '.join(heads)} |",
        "|---|---|" + ":-:|" * len(By),
        *(_row(kind) for kind in chapter.kinds),
        "",
    ]
    return "\n".join(lines)


def _row(kind: Kind) -> str:
    dots = " | ".join("●" if each in kind.by else "" for each in By)
    note = f" {kind.note}" if kind.note else ""
    return f"| `{kind.id}` {kind.what}.{note} | {kind.holds.value} | {dots} |"


def summary() -> Iterator[str]:
    for each in By:
        count = sum(each in kind.by for kind in KINDS.values())
        yield f"{each.value}: {count} of {len(KINDS)}"
