"""Estimated weight before birth: mean, and two standard deviations below and above, in grams.

日本超音波医学会「超音波胎児計測の標準化と日本人の基準値」（2003年）, by the completed week.
Unsure: the figures are from one retelling (docs/reference/rules-and-sources.md).
"""

from typing import Final, NamedTuple

EDITION: Final = "jsum-2003"
SOURCE: Final = "日本超音波医学会「超音波胎児計測の標準化と日本人の基準値」2003年"


class Grams(NamedTuple):
    """Two standard deviations below the mean, the mean, and two above."""

    low: int
    mean: int
    high: int


TABLE: Final = {
    18: Grams(126, 187, 247),
    20: Grams(210, 313, 416),
    22: Grams(320, 469, 618),
    24: Grams(461, 660, 859),
    26: Grams(639, 892, 1145),
    28: Grams(853, 1163, 1473),
    30: Grams(1098, 1470, 1842),
    32: Grams(1368, 1805, 2242),
    34: Grams(1649, 2156, 2663),
    36: Grams(1927, 2507, 3087),
    38: Grams(2181, 2838, 3495),
    40: Grams(2388, 3125, 3862),
}
