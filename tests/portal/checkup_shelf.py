"""Checkups of Hanako for tests of the shelf: a file with all items, and one typed in."""

from datetime import date

from tests.records import checkup_files as files
from tests.records.checkup_files import Examined, checkup, choice, quantity

HERS = Examined("ヤマモト　ハナコ", date(1940, 4, 9))
YES_NO = "1.2.392.200119.6.2003"
SMOKING = "1.2.392.200119.6.24060"
LEVEL = "1.2.392.200119.6.3001"

FULL = (
    quantity("9N001000000000001", "152.3", "cm"),
    quantity("9N006000000000001", "61.0", "kg"),
    quantity("9N011000000000001", "26.3", "kg/m2"),
    quantity("9N016160200000001", "95.0", "cm"),
    quantity("9N016160100000001", "91.5", "cm"),
    quantity("9A751000000000001", "138", "mm[Hg]"),
    quantity("9A752000000000001", "134", "mm[Hg]"),
    quantity("9A761000000000001", "84", "mm[Hg]"),
    quantity("9A762000000000001", "80", "mm[Hg]"),
    quantity("3F015000002399901", "160", "mg/dL"),
    quantity("3F070000002327201", "58", "mg/dL"),
    quantity("3F077000002391901", "145", "mg/dL"),
    quantity("3B045000002399901", "22", "IU/L"),
    quantity("3D010000002227101", "98", "mg/dL"),
    quantity("3D046000001920402", "5.8", "%"),
    quantity("3C015000002327101", "0.70", "mg/dL"),
    quantity("2A030000001930101", "13800", "g/dL"),
    choice("1A020000000190111", "1.2.392.200119.6.2102", "2"),
    choice("9N701000000000011", YES_NO, "2"),
    choice("9N706000000000011", YES_NO, "2"),
    choice("9N711000000000011", YES_NO, "2"),
    choice("9N736000000000011", SMOKING, "3"),
    choice(files.METABOLIC, "1.2.392.200119.6.1008", "1"),
    choice("9N506000000000011", LEVEL, "1"),
)
TYPED = {
    "on": "2024-05-20",
    "place": "れんげ内科クリニック",
    "program": "specific",
    "height": "152.5",
    "weight": "58",
    "waist": "88",
    "systolic_1": "126",
    "diastolic_1": "78",
    "tg_fasting": "120",
    "hdl": "60",
    "hba1c": "5.4",
    "smoking": "3",
    "on_pressure_medicine": "2",
    "on_glucose_medicine": "2",
    "on_lipid_medicine": "2",
}


def full(who: Examined = HERS, on: str = "20260512") -> bytes:
    return checkup(who, FULL, on=on)
