// The relays of this home: which, in which order, one more, one less.

import { fill, h } from "./dom.js";
import { call } from "./net.js";
import { attempt, sheet, told } from "./sheet.js";
import { say } from "./words.js";

export function relaysSheet() {
  sheet(say("relays"), async (body, its) => {
    const place = h("div");
    const list = h("ol", { class: "relays" });
    const field = h("input", { class: "field", id: "relay-address", autocomplete: "off", autocapitalize: "off", spellcheck: "false", placeholder: "sogon-relay://" });
    const first = h("input", { type: "checkbox" });
    const form = h("form", { onsubmit: async (event) => {
      event.preventDefault();
      const now = await change("relay-add", { relay: field.value, first: first.checked });
      if (!now) return;
      field.value = "";
      first.checked = false;
      told(place, say("relay-added"));
    } }, h("label", { for: "relay-address" }, say("relay-new")), field,
      h("label", {}, first, " ", say("relay-before")), h("button", { class: "main", type: "submit" }, say("relay-add")));

    async function change(name, args) {
      const now = await attempt(place, () => call(name, args));
      if (now && its.is()) show(now);
      return now;
    }

    function show({ relays, most }) {
      form.hidden = relays.length >= most;
      fill(list, relays.map(({ address, place: where }, at) => h("li", {},
        h("b", { dir: "ltr" }, where),
        h("div", { class: "deedsrow" },
          at > 0 ? h("button", { class: "plain", type: "button", "aria-label": `${say("relay-first")}: ${where}`, onclick: () => change("relay-add", { relay: address, first: true }) }, say("relay-first")) : h("span", { class: "quiet" }, say("relay-is-first")),
          relays.length > 1 ? h("button", { class: "plain", type: "button", "aria-label": say("relay-remove-what", { name: where }), onclick: () => change("relay-remove", { relay: address }) }, say("relay-remove")) : null))));
    }

    const now = await attempt(body, () => call("relays"));
    if (!now || !its.is()) return;
    show(now);
    fill(body, h("p", {}, say("relays-what")), list, form, place);
  });
}
