"""What a person knows a device by: its family and its browser, and nothing more of what it says."""

from typing import Final, NamedTuple

from api.core import i18n

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


class Device(NamedTuple):
    """`code` as `device_of` gives it. `mark`: the secret it was given so that its holder's account
    knows it again; "" for one that was given none yet, None for one that keeps none.
    """

    code: str = ""
    mark: str | None = None


UNKNOWN: Final = Device()


def device_of(user_agent: str) -> str:
    """`family browser`, `family` or "": codes of ours, whatever the header holds."""
    text = user_agent[:LONGEST_READ]
    family = next((code for mark, code in _FAMILIES if mark in text), "")
    browser = next((code for mark, code in _BROWSERS if mark in text), "")
    return f"{family} {browser}" if family and browser else family


def said(code: str, locale: str) -> str:
    """`iphone safari` as people say it."""
    family, _, browser = code.partition(" ")
    if not family:
        return i18n.text(locale, "device.other")
    name = i18n.text(locale, f"device.{family}")
    return f"{name} ({i18n.text(locale, f'browser.{browser}')})" if browser else name
