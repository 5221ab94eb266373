// Pictures: drawn anew elsewhere, shown on canvases. None has an address, so that there is nothing a
// browser could keep, save or lead to; they come as bytes over the session, when they come into sight.

import { fill, h, speak } from "./dom.js";
import { savable } from "./file.js";
import { saveFile } from "./save.js";
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

/** Shows one as large as the screen, and those beside it (`how.others`) from there. What is to be seen
 *  once is gone when it is shown, and stands alone. */
export function large(message, how) {
  sheet(titled(message), (body, its) => {
    const dialog = body.parentElement;
    const stage = h("div", { class: "easel" });
    const under = h("div", { class: "under" });
    let canvas = null;
    let now = message;
    let found = false;
    dialog.classList.add("large");
    // A browser's own menu would offer to keep it.
    dialog.addEventListener("contextmenu", (event) => event.preventDefault());
    dialog.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      // One that is shown in its own size is moved by these keys.
      if (!step || stage.classList.contains("own") || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      go(step);
    });
    its.onclose(() => {
      if (canvas) empty(canvas);
      // Back to where one came from, unless everything is hidden or something else is shown.
      if (how.back && !found && how.app.frame?.isConnected && !document.querySelector("dialog[open]")) how.back();
    });

    const once = () => now.fades === 0;
    function beside(step) {
      if (once()) return null;
      const all = (how.others?.() ?? []).filter((one) => one.fades !== 0);
      const at = all.findIndex((one) => one.id === now.id);
      return at < 0 ? null : all[at + step] ?? null;
    }

    function go(step) {
      const to = beside(step);
      if (!to) return;
      now = to;
      show();
    }

    function show() {
      const { file } = now;
      const shown = now;
      const title = titled(now);
      if (canvas) empty(canvas);
      canvas = h("canvas", { width: 0, height: 0, role: "img", "aria-label": title });
      const mine = canvas;
      dialog.querySelector("h2").textContent = title;
      stage.classList.remove("own");
      stage.removeAttribute("tabindex");
      fill(stage, h("p", {}, say("picture-drawing")));
      const place = h("div");
      const words = once() ? say("picture-once-what") : file.no_saving ? say("file-no-saving") : null;
      const deed = (name, work, more) => h("button", { class: "plain", type: "button", onclick: work, ...more }, say(name));
      const own = deed("picture-own-size", () => {
        const on = stage.classList.toggle("own");
        own.setAttribute("aria-pressed", on);
        if (on) stage.setAttribute("tabindex", "0");
        else stage.removeAttribute("tabindex");
      }, { "aria-pressed": "false" });
      fill(under,
        beside(-1) ? deed("picture-before", () => go(-1)) : null, beside(1) ? deed("picture-after", () => go(1)) : null, own,
        h("p", { class: "quiet" }, size(file.bytes)), words ? h("p", {}, words) : null,
        once() || !savable(now) ? null : deed("file-save", () => saveFile(shown, how, place)),
        how.find ? deed("gallery-go", () => { found = true; its.close(); how.find(shown); }) : null, place);
      const here = () => its.is() && canvas === mine;
      see({ conversation: how.conversation, id: shown.id, large: true }).then(async (bytes) => {
        if (!here()) return;
        await paint(mine, bytes);
        if (!here()) {
          empty(mine);
          return;
        }
        fill(stage, mine);
        speak(words ?? title);
      }).catch((error) => here() && told(stage, error.name === "InvalidStateError" ? say("refused-no-picture") : refusal(error), true));
    }

    fill(body, stage, under);
    show();
  });
}

const titled = ({ file }) => file.name || say("kind-of-picture");
