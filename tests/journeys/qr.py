"""QR codes before cameras: a print in bad light and a shaking hand, and fake films."""

import base64
from pathlib import Path
from typing import Any, NamedTuple

import zxingcpp
from playwright.async_api import Page
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

# Turns, shrinks and fades a picture; answers its grey values.
_SPOIL = """async ([png, turn, scale, faint]) => {
  const picture = await createImageBitmap(await (await fetch(png)).blob());
  const side = Math.ceil(Math.hypot(picture.width, picture.height) * scale);
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, side, side);
  context.translate(side / 2, side / 2);
  context.rotate(turn * Math.PI / 180);
  context.scale(scale, scale);
  context.drawImage(picture, -picture.width / 2, -picture.height / 2);
  const { data } = context.getImageData(0, 0, side, side);
  const grey = new Uint8Array(side * side);
  for (let i = 0; i < grey.length; i++) grey[i] = 70 + data[4 * i] * faint;
  let text = "";
  for (let i = 0; i < grey.length; i += 8192) {
    text += String.fromCharCode(...grey.subarray(i, i + 8192));
  }
  return [side, btoa(text)];
}"""


class Spoilt(NamedTuple):
    """By how many degrees, to which part of its size, and how much of its contrast is left."""

    turn: float = 0
    scale: float = 1
    faint: float = 0.7


async def read(page: Page, png: bytes, spoilt: Spoilt) -> list[str]:
    """What a reader of other people's make finds in the picture, from the left."""
    url = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    side, grey = await page.evaluate(_SPOIL, [url, *spoilt])
    pixels = memoryview(base64.b64decode(grey)).cast("B", shape=(side, side))
    found: list[Any] = list(zxingcpp.read_barcodes(pixels))
    corners = [(each.position.top_left, each.text) for each in found]
    return [text for at, text in sorted(corners, key=lambda one: (one[0].y // 100, one[0].x))]


def film(texts: list[str], to: Path, *, side: int = 720, frames_each: int = 12) -> Path:
    """Each code held before the camera for a while, over and over (YUV4MPEG2)."""
    with to.open("wb") as out:
        out.write(b"YUV4MPEG2 W%d H%d F12:1 Ip A1:1 C420jpeg\n" % (side, side))
        for text in texts:
            frame = b"FRAME\n" + _grey(text, side) + b"\x80" * (side * side // 2)
            out.write(frame * frames_each)
    return to


def _grey(text: str, side: int) -> bytes:
    code: QRCode = QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(text)
    rows = code.get_matrix()
    scale = side // len(rows)
    edge = (side - scale * len(rows)) // 2
    blank = bytes([200]) * side
    picture = [blank] * edge
    for row in rows:
        dots = b"".join(bytes([40 if is_dark else 200]) * scale for is_dark in row)
        line = bytes([200]) * edge + dots
        picture += [line + bytes([200]) * (side - len(line))] * scale
    picture += [blank] * (side - len(picture))
    return b"".join(picture)
