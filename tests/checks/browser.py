"""Finds a Chromium and a Japanese font for the browser tests, or installs them, or says how."""

import os
import shutil
import subprocess
import sys

# Chromium without windows or notices; it opens a page in a third of the time.
QUICK = "chromium-headless-shell"
FONTS = ("fonts-noto-cjk", "fontconfig")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find() -> str | None:
    """The path of a browser the tests can drive."""
    for candidate in (os.environ.get("CHROMIUM"), *NAMES, *PLACES):
        if candidate and (path := shutil.which(candidate)):
            return path
    return _playwrights_own()


def find_quick() -> str | None:
    """The path of one that drives most of them sooner, where there is one."""
    return None if os.environ.get("CHROMIUM") else shutil.which(QUICK)


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None


def _has_japanese_font() -> bool:
    if shutil.which("fc-list") is None:
        return sys.platform == "darwin"
    fonts = subprocess.run(
        ["fc-list", ":lang=ja", "family"], capture_output=True, text=True, check=False
    )
    return bool(fonts.stdout.strip())


def _may_be_quicker() -> bool:
    if find_quick() or os.environ.get("CHROMIUM") or shutil.which("apt-cache") is None:
        return False
    offered = subprocess.run(["apt-cache", "show", QUICK], capture_output=True, check=False)
    return offered.returncode == 0


def _apt(*packages: str, update: bool = True) -> bool:
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return False
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    quiet = {"stdout": subprocess.DEVNULL, "env": environment, "check": False}
    if update:
        subprocess.run(["apt-get", "update", "-qq"], **quiet)  # type: ignore[call-overload]
    done = subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
        **quiet,  # type: ignore[call-overload]
    )
    return bool(done.returncode == 0)


def main() -> int:
    if find() is None:
        print("Installing a browser for the tests …", flush=True)
        if not _apt("chromium", *FONTS):
            subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if find() is None:
        print(
            "The tests need a browser and could not install one. On Debian or Ubuntu, as root: "
            "apt-get install chromium fonts-noto-cjk. Elsewhere install Chrome or Chromium, or "
            "name one with CHROMIUM=/path/to/it.",
            file=sys.stderr,
        )
        return 1
    if _may_be_quicker():
        _apt(QUICK, update=False)
    if not _has_japanese_font() and not _apt(*FONTS):
        print(
            "The tests need a Japanese font: apt-get install fonts-noto-cjk fontconfig.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
