"""Serves the sample pages as the portal would: `python -m tests.portal_shell.serve [PORT]`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from threading import Thread
from urllib.parse import parse_qs, urlsplit

from tests.checks.node import ROOT
from tests.portal_shell.contexts import PAGES, render

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        locale, _, name = url.path.strip("/").partition("/")
        static = ROOT / "web_portal" / url.path.lstrip("/")
        if name in PAGES:
            changes = {key: values[0] for key, values in parse_qs(url.query).items()}
            body, kind = render(name, locale, **changes).encode(), "text/html; charset=utf-8"
        elif locale == "static" and static.is_file():
            body = static.read_bytes()
            kind = guess_type(static.name)[0] or "application/manifest+json"
        elif url.path == "/robots.txt":
            body, kind = b"User-agent: *\nAllow: /\n", "text/plain"
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.send_header("content-security-policy", CSP)
        if locale == "static":
            self.send_header("cache-control", "max-age=3600")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def served(port: int = 0) -> Iterator[str]:
    server = ThreadingHTTPServer(("localhost", port), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    with served(int(sys.argv[1]) if sys.argv[1:] else 8001) as address:
        print(*(f"{address}/{lo}/{name}" for lo in ("ja", "en") for name in PAGES), sep="\n")
        input()
