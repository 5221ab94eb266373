// Everything that was sent in a conversation and is not words.

import { fileBody, frame, isPicture } from "./file.js";
import { fill, h, later, speak } from "./dom.js";
import { call } from "./net.js";
import { attempt, sheet } from "./sheet.js";
import { full } from "./when.js";
import { say } from "./words.js";

const KINDS = ["", "picture", "film", "voice", "sound", "paper", "archive", "other"];

/** The gallery of a conversation; `at` is what of it is looked for. */
export function gallerySheet(app, about, at = { kind: "", words: "" }) {
  sheet(say("gallery"), (body, its) => {
    const place = h("div");
    const all = h("ul", { class: "gallery" });
    const kind = h("select", { class: "field", id: "gallery-kind", onchange: () => look() }, KINDS.map((one) => h("option", { value: one, selected: one === at.kind }, say(one === "" ? "gallery-all" : `kind-of-${one}`))));
    const words = h("input", { class: "field", id: "gallery-words", type: "search", value: at.words, autocomplete: "off", oninput: later(150, () => look()) });
    fill(body,
      h("div", { class: "pairs" }, h("div", {}, h("label", { for: "gallery-kind" }, say("gallery-kind")), kind), h("div", {}, h("label", { for: "gallery-words" }, say("gallery-words")), words)),
      place, all);

    async function look() {
      const wanted = { conversation: about.id, kind: kind.value, words: words.value };
      const found = await attempt(place, () => call("files", wanted));
      if (!found || !its.is() || kind.value !== wanted.kind || words.value !== wanted.words) return;
      speak(say("gallery-count", { count: found.files.length }));
      const to = (message) => ({ app, conversation: about.id, open: about.open, find: (which) => app.open(about.id, (which ?? message).id), others: () => found.files.filter(isPicture), back: () => gallerySheet(app, about, wanted) });
      // Pictures alone lie side by side.
      const tiles = wanted.kind === "picture" && found.files.length > 0;
      all.className = tiles ? "gallery tiles" : "gallery";
      const tile = (message) => frame(message, to(message), look);
      fill(all, found.files.length === 0 ? h("li", { class: "quiet" }, say("gallery-count", { count: 0 })) : found.files.map((message) => tiles && isPicture(message) && message.fades !== 0 ? h("li", {}, tile(message)) : h("li", { class: "whole" },
        fileBody(message, to(message)),
        h("div", { class: "foot" },
          h("span", { dir: "auto" }, message.from === null ? say("you") : message.from), h("time", {}, full(message.at)),
          h("button", { class: "link", type: "button", onclick: () => { its.close(); app.open(about.id, message.id); } }, say("gallery-go"))))));
    }

    its.onclose(() => app.quiet());
    look();
  });
}
