// Pages without anything of the home on them: locked, hidden, ended.

import { fill, h, speak } from "./dom.js";
import { call } from "./net.js";
import { attempt } from "./sheet.js";
import { say } from "./words.js";

const plain = (root, title, text) => fill(root, h("main", { class: "cover" }, h("div", {}, h("h1", {}, title), h("p", {}, text))));

export const cover = {
  /** The link was used, or is too old. */
  used(root) {
    plain(root, say("link-used"), say("link-used-next"));
  },

  /** The program is not there any more. */
  ended(root) {
    plain(root, say("ended"), say("ended-next"));
  },

  /** The home is locked: a passphrase, and nothing else. */
  locked(root, unlocks) {
    if (!unlocks) {
      plain(root, say("locked"), say("locked-for-good"));
      return;
    }
    const place = h("div");
    const field = h("input", { class: "field", id: "passphrase", type: "password", autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
    const button = h("button", { class: "main", type: "submit" }, say("unlock"));
    const form = h("form", { onsubmit: async (event) => {
      event.preventDefault();
      const passphrase = field.value;
      field.value = "";
      button.disabled = true;
      speak(say("unlocking"));
      await attempt(place, () => call("unlock", { passphrase }));
      button.disabled = false;
      if (field.isConnected) field.focus();
    } }, h("h1", {}, say("locked")), h("div", {}, h("label", { for: "passphrase" }, say("passphrase")), field), place, button);
    fill(root, h("main", { class: "cover" }, form));
    field.focus();
  },

  /** Something harmless to look at; it does what it says. */
  notes(root, back) {
    const pairs = [["kg", "lb", 2.20462], ["km", "mi", 0.621371], ["cm", "in", 0.393701], ["l", "gal", 0.264172]];
    const rows = pairs.map(([one, other, factor]) => {
      const left = h("input", { class: "field", type: "number", step: "any", "aria-label": one, value: "1", oninput: () => { right.value = String(Math.round(left.value * factor * 1e4) / 1e4); } });
      const right = h("input", { class: "field", type: "number", step: "any", "aria-label": other, value: String(factor), oninput: () => { left.value = String(Math.round((right.value / factor) * 1e4) / 1e4); } });
      return h("tr", {}, h("td", {}, left), h("td", {}, one), h("td", {}, right), h("td", {}, other));
    });
    // The way back for a finger: the title, three times.
    let touched = [];
    const title = h("h1", { onclick: () => {
      touched = [...touched, Date.now()].slice(-3);
      if (touched.length === 3 && touched[2] - touched[0] < 1500) back();
    } }, say("units"));
    fill(root, h("main", { class: "notes" }, title, h("table", {}, rows)));
  },
};
