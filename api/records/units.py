"""Whether a unit is written as UCUM has it (the Unified Code for Units of Measure, 2.1, section 2).

Its syntax alone: which units there are, and whether one fits what was measured, is not known here.
"""

import re
from functools import lru_cache
from typing import Final

UCUM: Final = "http://unitsofmeasure.org"

_LONGEST: Final = 100
_ANNOTATION: Final = r"\{[!-z|~]*\}"
# Letters and the signs UCUM uses in symbols, with what it puts into square brackets; or a number.
_SYMBOL: Final = r"(?:10[*^]|[0-9]+|(?:[A-Za-z%'\"_]|\[[!-Z\\^-z|~]+\])+)"
_COMPONENT: Final = rf"(?:{_SYMBOL}(?:[+-]?[0-9]+)?(?:{_ANNOTATION})?|{_ANNOTATION})"
_TERM: Final = rf"/?{_COMPONENT}(?:[./]{_COMPONENT})*"
_WHOLE: Final = re.compile(_TERM)
_IN_BRACKETS: Final = re.compile(rf"\(({_TERM})\)")


@lru_cache(maxsize=1024)
def is_plausible(code: str) -> bool:
    """A code that UCUM's grammar could make."""
    if not 1 <= len(code) <= _LONGEST:
        return False
    while (flat := _IN_BRACKETS.sub("1", code)) != code:
        code = flat
    return _WHOLE.fullmatch(code) is not None
