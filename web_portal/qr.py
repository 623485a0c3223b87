"""QR codes as pictures inside a page."""

from markupsafe import Markup
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

SIDE = 240


def picture(text: str, label: str) -> Markup:
    """Dark on white whatever the page's contrast, or scanners fail; `label` is read aloud."""
    code: QRCode = QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(text)
    rows = code.get_matrix()
    path = "".join(
        f"M{x} {y}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, is_dark in enumerate(row)
        if is_dark
    )
    return Markup(
        '<svg role="img" aria-label="{}" width="{}" height="{}" viewBox="0 0 {} {}"'
        ' shape-rendering="crispEdges"><rect width="100%" height="100%" fill="#fff"/>'
        '<path fill="#000" d="{}"/></svg>'
    ).format(label, SIDE, SIDE, len(rows), len(rows), path)
