// Pictures: drawn anew elsewhere, shown on canvases. None has an address, so that there is nothing a
// browser could keep, save or lead to; they come as bytes over the session, when they come into sight.

import { fill, h, speak } from "./dom.js";
import { savable, saveFile } from "./file.js";
import { see } from "./net.js";
import { refusal, sheet, told } from "./sheet.js";
import { say, size } from "./words.js";

/** Pictures that are asked for at the same time. */
const TOGETHER = 2;
const known = new WeakMap();
const queue = [];
let under = 0;

// A little before it is seen; what is far away again gives its points back.
const sight = new IntersectionObserver((all) => {
  for (const { target, isIntersecting } of all) {
    const its = known.get(target);
    its.near = isIntersecting;
    if (isIntersecting && !its.drawn) queue.push(target);
    if (!isIntersecting && its.drawn) {
      empty(its.canvas);
      its.drawn = false;
    }
  }
  next();
}, { scrollMargin: "600px" });

function empty(canvas) {
  canvas.width = 0;
  canvas.height = 0;
}

/** Puts a picture on a canvas. */
async function paint(canvas, bytes) {
  const points = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
  canvas.width = points.width;
  canvas.height = points.height;
  canvas.getContext("2d").drawImage(points, 0, 0);
  points.close();
}

async function next() {
  while (under < TOGETHER && queue.length > 0) {
    // What came into sight last is what one looks at.
    const frame = queue.pop();
    const its = known.get(frame);
    if (!its.near || its.drawn || its.asked) continue;
    its.asked = true;
    under += 1;
    small(frame, its).finally(() => {
      its.asked = false;
      under -= 1;
      next();
    });
  }
}

async function small(frame, its) {
  try {
    const bytes = await see({ conversation: its.conversation, id: its.id });
    if (!its.near) return;
    await paint(its.canvas, bytes);
    its.drawn = true;
    frame.classList.add("drawn");
  } catch (error) {
    if (error.name === "no-picture" || error.name === "InvalidStateError") its.failed();
  }
}

/** Has a small picture shown in a frame whenever the frame is in sight. */
export function watch(frame, id, how, failed) {
  const canvas = h("canvas", { width: 0, height: 0, "aria-hidden": "true" });
  frame.append(canvas);
  known.set(frame, { canvas, conversation: how.conversation, id, failed, near: false, drawn: false, asked: false });
  sight.observe(frame);
}

/** Shows one as large as the screen. What is to be seen once is gone when it is shown. */
export function large(message, how) {
  const { file } = message;
  const once = message.fades === 0;
  sheet(file.name || say("kind-of-picture"), (body, its) => {
    const dialog = body.parentElement;
    const canvas = h("canvas", { width: 0, height: 0, role: "img", "aria-label": file.name || say("kind-of-picture") });
    const stage = h("div", { class: "easel" }, h("p", {}, say("picture-drawing")));
    const place = h("div");
    const words = once ? say("picture-once-what") : file.no_saving ? say("file-no-saving") : null;
    const save = once || !savable(message) ? null : h("button", { class: "plain", type: "button", onclick: () => saveFile(message, how, place) }, say("file-save"));
    let found = false;
    const go = how.find ? h("button", { class: "plain", type: "button", onclick: () => { found = true; its.close(); how.find(); } }, say("gallery-go")) : null;
    dialog.classList.add("large");
    // A browser's own menu would offer to keep it.
    dialog.addEventListener("contextmenu", (event) => event.preventDefault());
    its.onclose(() => {
      empty(canvas);
      // Back to where one came from, unless everything is hidden or something else is shown.
      if (how.back && !found && how.app.frame?.isConnected && !document.querySelector("dialog[open]")) how.back();
    });
    fill(body, stage, h("div", { class: "under" }, h("p", { class: "quiet" }, size(file.bytes)), words ? h("p", {}, words) : null, save, go, place));
    see({ conversation: how.conversation, id: message.id, large: true }).then(async (bytes) => {
      if (!its.is()) return;
      await paint(canvas, bytes);
      if (!its.is()) empty(canvas);
      fill(stage, canvas);
      speak(words ?? "");
    }).catch((error) => told(stage, error.name === "InvalidStateError" ? say("refused-no-picture") : refusal(error), true));
  });
}
