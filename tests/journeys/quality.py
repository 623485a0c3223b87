"""What a browser says about a page: axe's violations, Lighthouse's scores."""

import asyncio
import json
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.checks.browser import find, find_quick
from tests.checks.node import ROOT, install, run_node

WHOLE = find()
CHROMIUM = find_quick() or WHOLE
GOOD = 95
MOST_BYTES = 100_000
# How long a page may take to come to what is expected: enough on a machine busy with others.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
QUIET = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
]


@cache
def _axe_source() -> str:
    install()
    return (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()


async def leads_on(target: Locator) -> None:
    """One tap, and the page it leads to is there, whole: a tap alone ends at its first byte."""
    async with target.page.expect_navigation():
        await target.click()


async def bring_axe(page: Page) -> None:
    """To every document it will open: for a page that goes from one to the next."""
    await page.add_init_script(_axe_source())


async def axe_violations(page: Page) -> list[str]:
    """Each violation as one line "rule: selector: how to fix"; [] is a clean page.

    Runs through the debugger's evaluate, so the page's own CSP stays in force.
    """
    await page.wait_for_load_state()
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_axe_source())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found: dict[str, Any] = await page.evaluate(
        "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", tags
    )
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


async def lighthouse(url: str, cookie: str = "") -> dict[str, float]:
    """Scores 0 to 100 by category (performance, accessibility, best-practices, seo), as a phone.

    Whatever else the machine does only ever lowers a score: of up to three runs the best counts.
    """
    best: dict[str, float] = {}
    for _ in range(3):
        scores = await asyncio.to_thread(_lighthouse, url, cookie)
        best = {name: max(score, best.get(name, 0)) for name, score in scores.items()}
        if min(best.values()) >= GOOD:
            break
    return best


def lighthouse_report(url: str, cookie: str = "") -> dict[str, Any]:
    if CHROMIUM is None:
        raise RuntimeError("Lighthouse needs Chromium: apt-get install chromium fonts-noto-cjk")
    headers = ["--extra-headers", json.dumps({"Cookie": cookie})] if cookie else []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        report = Path(folder) / "report.json"
        run_node(
            "node_modules/lighthouse/cli/index.js",
            url,
            "--quiet",
            "--output=json",
            f"--output-path={report}",
            f"--chrome-flags={' '.join([*QUIET, f'--user-data-dir={folder}/profile'])}",
            "--only-categories=performance,accessibility,best-practices,seo",
            "--no-enable-error-reporting",
            *headers,
            env={**os.environ, "CHROME_PATH": CHROMIUM},
            stdout=subprocess.DEVNULL,
            timeout=180,
        )
        return json.loads(report.read_text())  # type: ignore[no-any-return]


def _lighthouse(url: str, cookie: str) -> dict[str, float]:
    categories = lighthouse_report(url, cookie)["categories"]
    return {name: round(100 * category["score"]) for name, category in categories.items()}


async def is_for_everyone(page: Page) -> None:
    """Nothing for axe to say, no wider than the phone, and within 100 kB with all it loads."""
    assert await axe_violations(page) == []
    root = "document.documentElement"
    assert await page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
    loaded = (
        "[...performance.getEntriesByType('navigation'),"
        " ...performance.getEntriesByType('resource')]"
        ".reduce((sum, each) => sum + each.encodedBodySize, 0)"
    )
    weight: int = await page.evaluate(loaded)
    assert 0 < weight <= MOST_BYTES, f"{page.url}: {weight}"
