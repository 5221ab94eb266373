// Where one writes. Words that were begun are kept in the home.

import { fill, h, languageOf, later } from "./dom.js";
import { described } from "./file.js";
import { icon } from "./icons.js";
import { call } from "./net.js";
import { refusal, told } from "./sheet.js";
import { say } from "./words.js";

export function makeComposer(app, about, send) {
  let answered = null;
  let changed = null;
  const conversation = about.id;
  const place = h("div");
  const over = h("div");
  const field = h("textarea", { class: "words", rows: 1, placeholder: say("write"), "aria-label": say("write-to", { name: about.title }), autocomplete: "off", spellcheck: "false", oninput: typed, onkeydown: keys, onpaste: pasted });
  const round = (name, label, work, more) => h("button", { class: "round", type: "button", "aria-label": label, title: label, onclick: work, ...more }, icon(name));
  const button = h("button", { class: "round main", type: "submit", "aria-label": say("send"), title: say("send") }, icon("send"));
  const picker = h("input", { type: "file", multiple: true, class: "unseen", tabindex: "-1", "aria-hidden": "true", onchange: () => {
    files([...picker.files]);
    picker.value = "";
  } });
  const mic = round("mic", say("voice-record"), () => voice(true), { "aria-keyshortcuts": "Alt+V" });
  const form = h("form", { class: "compose", onsubmit: (event) => { event.preventDefault(); go(); } }, round("clip", say("attach"), () => picker.click()), picker, field, mic, button);
  const row = h("div", {}, form);
  const element = h("div", {}, place, over, row);
  field.value = about.draft ?? "";
  choose();
  if (about.open && about.speech_ms > 0) voice(false);
  new ResizeObserver(() => requestAnimationFrame(grow)).observe(field);

  const keep = later(400, () => {
    if (changed) return undefined;
    about.draft = field.value;
    return call("memo", { conversation, draft: field.value }).then(() => app.list?.refresh()).catch(() => {});
  });

  /** One speaks or writes: where there are words, they are sent. */
  function choose() {
    const words = field.value !== "" || changed !== null;
    mic.hidden = words;
    button.hidden = !words;
  }

  async function voice(begin) {
    const { voiceRow } = await (app.voice ??= import("./voice.js"));
    const its = voiceRow(about, {
      reply: () => answered,
      done() {
        cancel();
        fill(row, form);
        field.focus();
        app.list?.refresh();
      },
    });
    fill(row, its.element);
    if (begin) its.begin();
  }

  function files(all) {
    if (all.length === 0) return;
    const reply = answered;
    cancel();
    import("./parcel.js").then((parcel) => parcel.parcelSheet(app, about, all, reply));
  }

  function pasted(event) {
    const all = [...(event.clipboardData?.files ?? [])];
    if (all.length === 0 || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    files(all);
  }

  function typed() {
    grow();
    keep();
  }

  function grow() {
    choose();
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + 2}px`;
    if (field.value) field.setAttribute("lang", languageOf(field.value) ?? "");
  }

  function keys(event) {
    // While a syllable is being put together, Enter ends the syllable and sends nothing.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.altKey && event.code === "KeyV") {
      event.preventDefault();
      voice(true);
      return;
    }
    if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !matchMedia("(pointer: coarse)").matches) {
      event.preventDefault();
      go();
    }
  }

  async function go() {
    const text = field.value.replace(/\s+$/u, "");
    if (!text.trim()) return;
    const reply = answered;
    const change = changed;
    fill(place);
    clear();
    keep.never();
    about.draft = "";
    if (change) {
      await call("edit", { conversation, id: change.id, text }).catch((error) => {
        told(place, refusal(error), true);
        if (!field.value) field.value = text;
      });
      return;
    }
    await send(text, reply);
    app.list?.refresh();
  }

  function clear() {
    field.value = "";
    answered = null;
    changed = null;
    fill(over);
    grow();
  }

  function bar(title, text) {
    fill(over, h("div", { class: "about" },
      h("div", { class: "quote" }, h("b", {}, title), h("span", { dir: "auto", lang: languageOf(text) }, text)),
      h("button", { class: "round", type: "button", "aria-label": say("not-now"), onclick: () => { cancel(); field.focus(); } }, icon("close"))));
  }

  function cancel() {
    if (!answered && !changed) return false;
    if (changed) clear();
    answered = null;
    fill(over);
    return true;
  }

  return {
    element,
    focus: () => field.focus({ preventScroll: true }),
    cancel,
    /** The next words answer this message. */
    answer(message) {
      cancel();
      answered = message;
      bar(message.from === null ? say("you") : message.from, described(message));
      field.focus();
    },
    /** The next words take the place of this message's. */
    change(message) {
      changed = message;
      answered = null;
      field.value = message.text;
      bar(say("edit"), message.text);
      grow();
      field.focus();
    },
    /** Says why nothing was sent, and gives the words back. */
    failed(why, text) {
      told(place, why, true);
      if (!field.value) {
        field.value = text;
        typed();
      }
    },
    files,
    /** Keeps what was begun, now. */
    keep: () => keep.waits() && keep.now(),
  };
}
