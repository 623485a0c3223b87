"""The vaccines that can be written down, with their codes.

CVX where it has the vaccine; what Japan alone combines has a code of ours.
"""

from types import MappingProxyType
from typing import Final, Literal, NamedTuple

CVX: Final = "http://hl7.org/fhir/sid/cvx"
Use = Literal["routine", "older", "voluntary"]


class Vaccine(NamedTuple):
    """`is_live`: live and injected; that keeps a distance from others of its kind."""

    code: str
    cvx: str
    name: str
    use: Use
    is_live: bool = False


VACCINES: Final = (
    Vaccine(
        "dpt-ipv-hib", "120", "五種混合（百日せき・ジフテリア・破傷風・ポリオ・ヒブ）", "routine"
    ),
    Vaccine("hbv", "08", "B型肝炎", "routine"),
    Vaccine("rota1", "119", "ロタウイルス（1価）", "routine"),
    Vaccine("rota5", "116", "ロタウイルス（5価）", "routine"),
    Vaccine("pcv", "152", "小児用肺炎球菌", "routine"),
    Vaccine("bcg", "19", "BCG", "routine", is_live=True),
    Vaccine("mr", "04", "麻しん・風しん混合（MR）", "routine", is_live=True),
    Vaccine("varicella", "21", "水痘（水ぼうそう）", "routine", is_live=True),
    Vaccine("je", "129", "日本脳炎", "routine"),
    Vaccine("dt", "28", "二種混合（ジフテリア・破傷風）", "routine"),
    Vaccine("hpv9", "165", "HPV（9価）", "routine"),
    Vaccine("hpv4", "62", "HPV（4価）", "older"),
    Vaccine("hpv2", "118", "HPV（2価）", "older"),
    Vaccine("dpt-ipv", "130", "四種混合（百日せき・ジフテリア・破傷風・ポリオ）", "older"),
    Vaccine("dpt", "20", "三種混合（百日せき・ジフテリア・破傷風）", "older"),
    Vaccine("ipv", "10", "不活化ポリオ", "older"),
    Vaccine("hib", "17", "ヒブ（Hib）", "older"),
    Vaccine("measles", "05", "麻しん", "older", is_live=True),
    Vaccine("rubella", "06", "風しん", "older", is_live=True),
    Vaccine("mumps", "07", "おたふくかぜ", "voluntary", is_live=True),
    Vaccine("influenza", "88", "インフルエンザ", "voluntary"),
    Vaccine("covid", "213", "新型コロナ", "voluntary"),
    Vaccine("pneumococcal", "109", "肺炎球菌（高齢者）", "voluntary"),
    Vaccine("zoster", "188", "帯状疱疹", "voluntary"),
    Vaccine("rsv", "304", "RSウイルス", "voluntary"),
    Vaccine("hav", "85", "A型肝炎", "voluntary"),
    Vaccine("meningococcal", "108", "髄膜炎菌", "voluntary"),
    Vaccine("tetanus", "112", "破傷風", "voluntary"),
    Vaccine("rabies", "90", "狂犬病", "voluntary"),
    Vaccine("another", "", "そのほかの予防接種", "voluntary"),
)
BY_CODE: Final = MappingProxyType({each.code: each for each in VACCINES})
# Written by others with a code of their own: counted as one of ours.
OF_CVX: Final = MappingProxyType(
    {each.cvx: each.code for each in VACCINES if each.cvx}
    | {"45": "hbv", "133": "pcv", "215": "pcv", "216": "pcv", "134": "je"}
    | {"121": "zoster", "187": "zoster"}
    | {"03": "mr", "33": "pneumococcal", "150": "influenza", "185": "influenza"}
)


def is_live(code: str) -> bool:
    return code in BY_CODE and BY_CODE[code].is_live
