// Looks for a code: through the camera, or in a picture. The squares are read by the program.

import { fill, h } from "./dom.js";
import { lookForCode } from "./net.js";
import { told } from "./sheet.js";
import { say } from "./words.js";

const SIDE = 960;

/** Draws a picture so large at most, and gives its grey. */
function grey(source, width, height) {
  const scale = Math.min(1, SIDE / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const pixels = new Uint8Array(canvas.width * canvas.height);
  for (let at = 0; at < pixels.length; at += 1) {
    pixels[at] = (data[at * 4] * 77 + data[at * 4 + 1] * 150 + data[at * 4 + 2] * 29) >> 8;
  }
  return [canvas.width, canvas.height, pixels];
}

/** The text of the code in a file, or null. */
export async function inFile(file) {
  const bitmap = await createImageBitmap(file);
  try {
    return await lookForCode(...grey(bitmap, bitmap.width, bitmap.height));
  } finally {
    bitmap.close();
  }
}

/** Two buttons and a place for the camera's view; `found(text)` hears of the first code. */
export function scanner(sheet, found) {
  const place = h("div");
  const view = h("div");
  let stream = null;
  const file = h("input", { type: "file", accept: "image/*", class: "unseen", tabindex: "-1", "aria-hidden": "true", onchange: async () => {
    const [picture] = file.files;
    file.value = "";
    if (!picture) return;
    const text = await inFile(picture).catch(() => null);
    if (text) found(text);
    else told(place, say("no-code"), true);
  } });
  const stop = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    fill(view);
  };
  sheet.onclose(stop);

  async function camera() {
    fill(place);
    stop();
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false });
    } catch {
      told(place, say("no-camera"), true);
      return;
    }
    const video = h("video", { class: "viewer", playsinline: true, muted: true, "aria-label": say("camera") });
    video.srcObject = stream;
    fill(view, video);
    await video.play().catch(() => {});
    const look = async () => {
      if (!stream || !video.isConnected) return;
      if (video.videoWidth > 0) {
        const text = await lookForCode(...grey(video, video.videoWidth, video.videoHeight)).catch(() => null);
        if (text && stream) {
          stop();
          found(text);
          return;
        }
      }
      setTimeout(look, 180);
    };
    look();
  }

  const buttons = h("div", { class: "deedsrow" },
    h("button", { class: "plain", type: "button", onclick: camera }, say("scan-camera")),
    h("button", { class: "plain", type: "button", onclick: () => file.click() }, say("scan-picture")), file);
  return h("div", { class: "scanner" }, buttons, view, place);
}
