"""What a person knows a device by: its family and its browser, and nothing more of what it says."""

from typing import Final

LONGEST_READ: Final = 400
# In this order: each later name also stands in what the earlier ones say of themselves.
_FAMILIES: Final = (
    ("iPhone", "iphone"),
    ("iPad", "ipad"),
    ("Android", "android"),
    ("Windows", "windows"),
    ("CrOS", "chromebook"),
    ("Macintosh", "mac"),
    ("Linux", "linux"),
)
_BROWSERS: Final = (
    ("Edg", "edge"),
    ("OPR/", "opera"),
    ("SamsungBrowser", "samsung"),
    ("Firefox", "firefox"),
    ("FxiOS", "firefox"),
    ("CriOS", "chrome"),
    ("Chrome", "chrome"),
    ("Safari", "safari"),
)
FAMILIES: Final = ("", *(code for _, code in _FAMILIES))
BROWSERS: Final = tuple(dict.fromkeys(code for _, code in _BROWSERS))


def device_of(user_agent: str) -> str:
    """`family browser`, `family` or "": codes of ours, whatever the header holds."""
    text = user_agent[:LONGEST_READ]
    family = next((code for mark, code in _FAMILIES if mark in text), "")
    browser = next((code for mark, code in _BROWSERS if mark in text), "")
    return f"{family} {browser}" if family and browser else family
