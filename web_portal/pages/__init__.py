"""All pages, in one list for the wiring."""

from litestar.types import ControllerRouterHandler

from web_portal.pages import (
    access_log,
    auditor,
    campaigns,
    clinic,
    clinic_asking,
    decided_again,
    desk_code,
    disclosure,
    home,
    inbox,
    log_by_file,
    months,
    papers,
    questions,
    receipts,
    record_choices,
    records,
    register,
    requests,
    sign_in,
    support,
    terms,
)

pages: list[ControllerRouterHandler] = [
    *home.routes,
    *register.routes,
    *sign_in.routes,
    *disclosure.routes,
    *desk_code.routes,
    *requests.routes,
    *records.routes,
    *record_choices.routes,
    *receipts.routes,
    *access_log.routes,
    *log_by_file.routes,
    *months.routes,
    *questions.routes,
    *decided_again.routes,
    *inbox.routes,
    *clinic.routes,
    *clinic_asking.routes,
    *support.routes,
    *campaigns.routes,
    *papers.routes,
    *terms.routes,
    *auditor.routes,
]
demo_pages: list[ControllerRouterHandler] = [*sign_in.demo_routes]
