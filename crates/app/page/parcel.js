// Before files leave: what cleaning takes off, what they will be called, what they cost.

import { roughly } from "./file.js";
import { fill, h, speak } from "./dom.js";
import { call, hand } from "./net.js";
import { refusal, sheet, told } from "./sheet.js";
import { language, say, size } from "./words.js";

const PIECE = 1 << 20;
const MOST = 12;
/** Bytes in a second on the slowest link that is worth naming. */
const EDGE = 6000;

/** Shows what would leave, and lets it. */
export function parcelSheet(app, about, files, reply) {
  sheet(say("parcel-title"), (body, its) => {
    const all = [...files].slice(0, MOST).map((file, at) => parcel(about, file, at));
    const place = h("div");
    const once = h("input", { type: "checkbox", id: "parcel-once" });
    const stays = h("input", { type: "checkbox", id: "parcel-stays" });
    const send = h("button", { class: "main", type: "button", disabled: true }, say("send"));
    let sent = false;
    const ready = () => { send.disabled = sent || !all.some((one) => one.ready()); };
    const option = (box, words) => h("label", { class: "tick", for: box.id }, box, h("span", {}, words));
    send.addEventListener("click", async () => {
      sent = true;
      ready();
      for (const one of all) {
        if (!one.ready()) continue;
        const failed = await one.send({ once: once.checked, no_saving: stays.checked, reply: reply?.id ?? null });
        if (failed && its.is()) told(place, failed, true);
      }
      sent = false;
      ready();
      if (its.is() && all.every((one) => !one.ready())) its.close();
    });
    its.onclose(() => all.forEach((one) => one.leave()));
    fill(body, h("p", { class: "quiet" }, say("parcel-what")), all.map((one) => one.element),
      option(once, say("parcel-once")), option(stays, say("parcel-stays")),
      place, h("div", { class: "deedsrow" }, send, h("button", { class: "plain", type: "button", onclick: its.close }, say("not-now"))));
    rate().then(async (pace) => {
      for (const one of all) await one.look(pace, ready);
      if (its.is()) send.focus();
    });
  });
}

/** Bytes a second on this link so far; null before enough went over it. */
async function rate() {
  const tally = await call("tally").catch(() => null);
  if (!tally) return null;
  const { up, down, air_ms: air } = tally.figures;
  return up + down > 30000 && air > 0 ? ((up + down) / air) * 1000 : null;
}

function parcel(about, file, at) {
  const state = h("p", { class: "quiet", role: "status" }, say("parcel-reading"));
  const bar = h("progress", { max: Math.max(1, file.size), value: 0, "aria-label": say("parcel-reading") });
  const inside = h("div", { class: "found" }, state, bar);
  const element = h("section", { class: "parcel" }, h("h3", { dir: "auto" }, file.name), inside);
  let id = null;
  let looked = null;
  let done = false;
  let gone = false;
  let form = () => null;
  let keep = () => false;

  async function look(pace, ready) {
    try {
      id = (await call("file-begin", { conversation: about.id, name: file.name, bytes: file.size })).parcel;
      for (let from = 0; from < file.size; from += PIECE) {
        if (gone) return;
        await hand(`/in/${id}/${from}`, await file.slice(from, from + PIECE).arrayBuffer());
        bar.value = Math.min(file.size, from + PIECE);
      }
      state.textContent = say("parcel-cleaning");
      bar.removeAttribute("value");
      const beat = setInterval(() => call("file-how", { parcel: id }).catch(() => {}), 60000);
      looked = await call("file-look", { parcel: id, language }).finally(() => clearInterval(beat));
      if (!gone) show(pace, ready);
    } catch (error) {
      if (!gone) told(inside, error.name === "TypeError" || error.name === "NotReadableError" ? say("parcel-unreadable") : refusal(error), true);
    }
    ready();
  }

  function show(pace, ready) {
    const { clean, not } = looked;
    const radio = (value, words, checked) => {
      const box = h("input", { type: "radio", name: `form-${at}`, id: `form-${at}-${value}`, value, checked, onchange: ready });
      return [box, h("label", { class: "tick", for: box.id }, box, h("span", {}, words))];
    };
    const named = h("input", { type: "checkbox", id: `named-${at}` });
    const name = (its) => say("parcel-name", { name: its });
    const price = h("p", { class: "quiet" });
    const cost = (bytes) => fill(price, [size(bytes), pace ? say("parcel-air", { span: roughly(bytes / pace) }) : null, say("parcel-slow", { span: roughly(bytes / EDGE) })].filter(Boolean).join(" · "));
    const fits = clean?.fitted ?? null;
    const [fitted, fittedRow] = radio("fitted", fits === null ? "" : say("parcel-fitted", { size: size(fits) }), fits !== null);
    const [cleanly, cleanRow] = radio("clean", fits === null ? say("parcel-clean") : say("parcel-original", { size: size(clean.bytes) }), fits === null);
    const [asIs, asIsRow] = radio("as-it-is", not ? say("parcel-as-it-is-anyway") : say("parcel-as-it-is"), false);
    form = () => (asIs.checked ? "as-it-is" : clean && cleanly.checked ? "clean" : fits !== null && fitted.checked ? "fitted" : null);
    keep = () => named.checked;
    const goes = h("p", { class: "quiet", dir: "auto" });
    const rename = () => {
      const chosen = form();
      fill(goes, name(named.checked ? file.name : ["clean", "fitted"].includes(chosen) ? clean.name : looked.name));
      cost(chosen === "fitted" ? fits : chosen === "clean" ? clean.bytes : file.size);
    };
    for (const one of [named, fitted, cleanly, asIs]) one.addEventListener("change", rename);
    rename();
    const words = [...new Set((clean?.gone ?? []).map((one) => one.words))];
    fill(inside,
      clean
        ? words.length > 0 ? [h("p", {}, say("parcel-gone")), h("ul", { class: "gone" }, words.map((one) => h("li", {}, one)))] : h("p", {}, say("parcel-nothing"))
        : h("p", { class: "say bad" }, because(not)),
      clean?.left.length > 0 ? h("p", { class: "quiet" }, say("parcel-left", { what: clean.left.join(", ") })) : null,
      h("fieldset", {}, h("legend", { class: "unseen" }, say("parcel-form")), fits === null ? null : fittedRow, clean ? cleanRow : null, asIsRow),
      goes,
      h("label", { class: "tick", for: named.id }, named, h("span", {}, say("parcel-keep-name"))),
      price);
    speak(clean ? `${say("parcel-gone")} ${words.join(", ")}` : because(not));
  }

  return {
    element,
    look,
    ready: () => !done && form() !== null,
    async send(how) {
      fill(inside, state, bar);
      state.textContent = say("parcel-taking-in");
      bar.max = Math.max(1, file.size);
      const watch = setInterval(() => call("file-how", { parcel: id }).then(({ given }) => { bar.value = given; }).catch(() => {}), 400);
      try {
        await call("file-send", { parcel: id, form: form(), keep_name: keep(), ...how });
        done = true;
        id = null;
        fill(inside, h("p", {}, say("parcel-sent")));
        return null;
      } catch (error) {
        form = () => null;
        fill(inside);
        return refusal(error);
      } finally {
        clearInterval(watch);
      }
    },
    leave() {
      gone = true;
      if (id && !done) call("file-forget", { parcel: id }).catch(() => {});
    },
  };
}

/** Why there is no clean copy, and what helps. */
function because({ why, name, instead }) {
  const known = ["unknown", "unsupported", "encrypted", "damaged", "too-large", "fell"];
  return say(`unclean-${known.includes(why) ? why : "other"}`, { name, instead });
}
