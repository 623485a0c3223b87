"""The reference of what may be written into each book, made of the kinds themselves.

python -m tests.checks.own_entries     writes docs/reference/own-entries.md anew
"""

from collections.abc import Iterator
from pathlib import Path

from api.phr.checkup.kinds import CHECKUP
from api.phr.child import kinds as children
from api.phr.directives.kinds import STATEMENT
from api.phr.entries.fields import Choice, Day, Field, Flag, Number, Several, Words
from api.phr.entries.kinds import Kind
from api.phr.immunization.vaccines import VACCINES
from api.phr.maternal import kinds as maternal
from api.phr.notes import kinds as notes

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "own-entries.md"
HEAD = """# What may be written into each book

Made of the code by `python -m tests.checks.own_entries`; a test holds it true.

All values are texts, an empty one is as none, days are `2026-05-01`. Beside these fields stands
`on`, the day; not of a pregnancy or a newborn, and medicines, allergies, doctors and the statement
are of the day they are written. Bounds are what a value may be at all; outside of what is usual it
is asked about once ([`sure`](http-api.md#in-every-book)), and so is a weight, or a child's height
or head, far from their own of the days before and after. Read back, long lists come
[page by page](http-api.md#long-lists). Measurements have
[a table of their own](../how-to/send-measurements.md#a-batch).
"""
DOORS: tuple[tuple[str, Kind], ...] = (
    ("/me/pregnancies", maternal.PREGNANCY),
    *(
        (f"/me/pregnancies/{{id}}/entries, kind {name}", maternal.OF_NAME[kind])
        for name, kind in (
            ("visit", "pregnancy-visit"),
            ("blood", "pregnancy-blood"),
            ("ultrasound", "pregnancy-ultrasound"),
            ("birth", "birth"),
            ("newborn", "newborn"),
        )
    ),
    ("/me/children", children.CHILD),
    *(
        (f"/me/children/{{id}}/entries/{what}", pair.of_child)
        for what, pair in children.PAIRS.items()
    ),
    ("/me/checkups", CHECKUP),
    ("/me/medications", notes.MEDICATION),
    ("/me/allergies", notes.ALLERGY),
    ("/me/doctors", notes.DOCTOR),
    ("/me/school-checkups", notes.SCHOOL),
    ("/me/wishes/statement", STATEMENT),
)
# Told by closing and opening, never by a field.
UNSAID = {"is_closed"}


def page() -> str:
    return "\n".join([HEAD, *_parts()]) + "\n"


def _parts() -> Iterator[str]:
    for door, kind in DOORS:
        yield f"## `{door}`\n"
        yield "| field | takes | |\n|---|---|---|"
        for each in kind.fields:
            if each.name not in UNSAID:
                must = "needed" if each.is_required else ""
                yield f"| `{each.name}` | {takes(each)} | {must} |"
        yield ""
    yield "## Vaccines\n"
    yield "| `vaccine` | |\n|---|---|"
    yield from (f"| `{each.code}` | {each.name} |" for each in VACCINES)


def takes(field: Field) -> str:
    if isinstance(field, Number):
        usual = f", usual {' to '.join(field.usual)}" if field.usual else ""
        digits = f", decimals: {field.decimals}" if field.decimals else ""
        return f"number in {field.unit or '1'}, {' to '.join(field.bounds)}{digits}{usual}"
    if isinstance(field, Choice | Several):
        several = "any of, with spaces between: " if isinstance(field, Several) else ""
        return several + ", ".join(_option(each.code, each.display) for each in field.options)
    if isinstance(field, Day):
        return "day, also to come" if field.may_be_future else "day"
    if isinstance(field, Flag):
        return "`yes`"
    if isinstance(field, Words):
        return f"text, {field.longest} characters at most"
    raise TypeError(field)


def _option(code: str, display: str) -> str:
    return f"`{code}` {display}".strip()


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
