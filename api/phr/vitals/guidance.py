"""Lines beside blood pressure, each with the edition it is of: what they are, not what one is.

JSH 2025 is 日本高血圧学会「高血圧管理・治療ガイドライン2025」: hypertension from 135/85 mmHg at
home and from 140/90 mmHg at a clinic, as before it; treatment aims below 125/75 mmHg at home and
below 130/80 mmHg at a clinic.
"""

from typing import Final, Literal, NamedTuple

Edition = Literal["jsh2025"]


class Line(NamedTuple):
    """`name` is part of its message key; in mmHg."""

    name: str
    systolic: int
    diastolic: int
    edition: Edition
    is_home: bool


LINES: Final = (
    Line("home", 135, 85, "jsh2025", is_home=True),
    Line("clinic", 140, 90, "jsh2025", is_home=False),
    Line("aim_home", 125, 75, "jsh2025", is_home=True),
    Line("aim", 130, 80, "jsh2025", is_home=False),
)
HOME: Final = LINES[0]
# Home blood pressure is read as the mean of seven days, five at least (JSH 2019).
DAYS: Final = 7
FEWEST_DAYS: Final = 5
