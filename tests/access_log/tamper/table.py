"""All kinds, by chapter."""

from tests.access_log.tamper import covering, forgetting, guards, rows, served, signatures
from tests.access_log.tamper.kinds import Chapter, Kind

CHAPTERS: tuple[Chapter, ...] = (
    *rows.CHAPTERS,
    *covering.CHAPTERS,
    *signatures.CHAPTERS,
    *forgetting.CHAPTERS,
    *guards.CHAPTERS,
    *served.CHAPTERS,
)
KINDS: dict[str, Kind] = {kind.id: kind for chapter in CHAPTERS for kind in chapter.kinds}
assert len(KINDS) == sum(len(chapter.kinds) for chapter in CHAPTERS), "an id stands twice"
