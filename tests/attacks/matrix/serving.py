"""What the server serves to anybody, and the demo's own phones, browsers and mailboxes."""

from tests.attacks.roles import NOBODY, OPEN, Row

ROWS = (
    Row("GET", "/health/live", OPEN),
    Row("GET", "/health/ready", OPEN),
    Row("GET", "/static/{file_path}", OPEN, "/static/app.css"),
    Row("HEAD", "/static/{file_path}", OPEN, "/static/app.css"),
    Row("GET", "/schema", OPEN),
    Row("GET", "/schema/openapi.json", OPEN),
    Row("GET", "/schema/{path}", NOBODY, "/schema/redoc"),
    Row("GET", "/.well-known/smart-configuration", OPEN),
    Row("GET", "/fhir/R4/.well-known/smart-configuration", OPEN),
    Row("GET", "/fhir/R4/metadata", OPEN),
    # The demo's own phones, browsers and mailboxes
    Row("GET", "/demo/outbox", OPEN),
    Row("POST", "/demo/outbox/token", OPEN),
    Row("POST", "/demo/outbox/fcm", NOBODY, body={"message": {"token": "{taro}"}}),
    Row("POST", "/demo/outbox/push", NOBODY, body={"title": "{taro}"}),
    Row("GET", "/.well-known/assetlinks.json", OPEN),
    Row("GET", "/.well-known/apple-app-site-association", OPEN),
)
