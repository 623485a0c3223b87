// Reads QR codes with the camera, or from a picture. Where the browser has no reader of its own, one
// is loaded when it is needed first, and not before. Nothing of a picture leaves the device.

const PAUSE = 120; // between two looks, so that a telephone stays cool
const LONGEST_SIDE = 1600;

let reader;

/** A function that finds the texts of QR codes in a canvas. */
async function readerOf() {
  try {
    const formats = (await globalThis.BarcodeDetector?.getSupportedFormats()) ?? [];
    if (formats.includes("qr_code")) {
      const detector = new BarcodeDetector({ formats: ["qr_code"] });
      return async (canvas) => (await detector.detect(canvas)).map(({ rawValue }) => rawValue);
    }
  } catch { /* announced, but not there */ }
  const { default: decodeQR } = await import("./vendor/qr/decode.js");
  return async (canvas) => {
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    try {
      return [decodeQR({ width, height, data })];
    } catch {
      return []; // no code in this picture
    }
  };
}

const drawn = (source, width, height, longest = LONGEST_SIDE) => {
  const scale = Math.min(1, longest / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
};

export const hasCamera = () => Boolean(navigator.mediaDevices?.getUserMedia);

/** The texts of the codes in a picture file. */
export async function inPicture(file) {
  reader ??= readerOf();
  const picture = await createImageBitmap(file);
  for (const longest of [LONGEST_SIDE, 2400, 900]) {
    const found = await (await reader)(drawn(picture, picture.width, picture.height, longest));
    if (found.length > 0) return found;
  }
  return [];
}

/** Shows the camera in `video` and gives each text it reads to `seen`, until that answers true or
    `signal` is aborted. Throws what getUserMedia throws. */
export async function watch(video, seen, signal) {
  reader ??= readerOf();
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: false,
    video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 1280 } },
  });
  try {
    video.srcObject = stream;
    await video.play();
    const look = await reader;
    while (!signal.aborted) {
      if (video.videoWidth > 0) {
        const texts = await look(drawn(video, video.videoWidth, video.videoHeight));
        for (const text of texts) if (!signal.aborted && seen(text)) return;
      }
      await new Promise((done) => setTimeout(done, PAUSE));
    }
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
}
