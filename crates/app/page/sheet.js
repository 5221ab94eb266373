// A sheet over the page: one thing to do, then back to where one was.

import { fill, h, speak } from "./dom.js";
import { icon } from "./icons.js";
import { say } from "./words.js";

let open = null;

/** Shows a sheet. `build(body, sheet)` fills it; `sheet.close()` ends it. */
export function sheet(title, build) {
  closeSheet();
  const before = document.activeElement;
  const body = h("div", { class: "body", tabindex: "0" });
  const shut = h("button", { class: "round", type: "button", "aria-label": say("close"), onclick: () => dialog.close() }, icon("close"));
  const heading = h("h2", { id: "sheet-title", tabindex: "-1" }, title);
  const dialog = h("dialog", { "aria-labelledby": "sheet-title" }, h("div", { class: "head" }, heading, shut), body);
  const endings = [];
  const its = {
    body,
    close: () => dialog.close(),
    onclose: (work) => endings.push(work),
    is: () => open === its,
  };
  dialog.addEventListener("close", () => {
    if (open === its) open = null;
    endings.forEach((work) => work());
    dialog.remove();
    if (before?.isConnected) before.focus({ preventScroll: true });
  });
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target === dialog) dialog.close();
  });
  open = its;
  document.body.append(dialog);
  dialog.showModal();
  heading.focus();
  build(body, its);
  return its;
}

/** Ends whatever sheet is open. */
export function closeSheet() {
  open?.close();
}

/** Words about how something went, put where the eye is and said aloud. */
export function told(place, text, bad = false) {
  const line = h("p", { class: bad ? "say bad" : "say", role: bad ? "alert" : null }, text);
  fill(place, line);
  if (!bad) speak(text);
}

/** What was refused, in words. */
export function refusal(error) {
  const id = `refused-${error?.name ?? "bug"}`;
  const words = say(id, { count: error?.count ?? 0 });
  return words === id ? say("refused-bug") : words;
}

/** Does something, and says so where it failed. */
export async function attempt(place, work) {
  fill(place);
  try {
    return await work();
  } catch (error) {
    told(place, refusal(error), true);
    return undefined;
  }
}

/** Asks before something that cannot be taken back. */
export function confirm(title, text, deed, work) {
  sheet(title, (body, its) => {
    const place = h("div");
    const yes = h("button", { class: "grave", type: "button", onclick: async () => {
      if (await attempt(place, async () => { await work(); return true; })) its.close();
    } }, deed);
    const no = h("button", { class: "plain", type: "button", onclick: its.close }, say("not-now"));
    fill(body, h("p", {}, text), place, h("div", { class: "deedsrow" }, yes, no));
    no.focus();
  });
}
