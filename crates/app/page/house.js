// The home: how it looks, and what it sent.

import { h, later, speak } from "./dom.js";
import { icon } from "./icons.js";
import { call } from "./net.js";
import { refusal } from "./sheet.js";
import { say, size, span } from "./words.js";

/** Makes the page look as it was chosen. */
export function look(settings) {
  const { dataset } = document.documentElement;
  dataset.look = settings.look ?? "";
  dataset.letters = settings.letters ?? "";
}

/** How long a burst that was asked for is read before other figures take its place. */
const BURST_READ_MS = 15_000;

/** The line at the foot of the list: what went over the air, and who does not answer. */
export function status() {
  const words = h("p", { role: "status" });
  const button = h("button", { class: "round", type: "button", title: say("sync-now"), "aria-label": say("sync-now"), onclick: () => sync() }, icon("sync"));
  const element = h("footer", { class: "strip" }, words, button);
  const silent = new Set();
  let busy = false;
  let last = null;

  function show(text, bad = false) {
    words.textContent = text;
    words.className = bad ? "bad" : "";
  }

  function line(tally) {
    silent.clear();
    tally.unreached.forEach((relay) => silent.add(relay.host));
    if (silent.size > 0) {
      show(tally.waiting > 0 ? say("relay-silent-waiting", { host: [...silent].join(", "), count: tally.waiting }) : say("relay-silent", { host: [...silent].join(", ") }), true);
      return;
    }
    const { up, down, air_ms: air } = last ?? tally.figures;
    const waits = tally.waiting > 0 ? ` ${say("waiting-count", { count: tally.waiting })}` : "";
    const pace = { quiet: say("pace-quiet-now") + waits, steady: say("pace-steady-now") }[tally.pace];
    show((pace ? `${pace} · ` : "") + say(last ? "last-burst" : "since-open", { up: size(up), down: size(down), air: span(air) }));
  }

  async function refresh() {
    if (busy) return;
    const tally = await call("tally").catch(() => null);
    if (tally) line(tally);
  }

  const soon = later(300, refresh);

  const read = later(BURST_READ_MS, () => {
    last = null;
    return refresh();
  });

  async function sync() {
    if (busy) return;
    busy = true;
    last = null;
    button.disabled = true;
    show(say("syncing"));
    try {
      const tally = await call("sync");
      last = tally.burst;
      line(tally);
      read();
      speak(words.textContent);
    } catch (error) {
      show(refusal(error), true);
    }
    busy = false;
    button.disabled = false;
  }

  return {
    element,
    refresh,
    sync,
    down: () => show(say("refused-gone"), true),
    heard(event) {
      if (["unreached", "reached", "settled"].includes(event.is) || (event.is === "progress" && words.textContent)) soon();
    },
  };
}
