// A file in a conversation: what it is, how far it is, what can be done with it.

import { spanOf } from "./bubble.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { call } from "./net.js";
import { confirm, refusal, told } from "./sheet.js";
import { say, size } from "./words.js";

/** A file in a line of words. */
export function described({ text, kind, what, file }) {
  if (kind !== "file") return text;
  const its = what ?? file?.kind ?? "other";
  const words = its === "other" ? say("file-file") : say(`kind-of-${its}`);
  // A neutral name says nothing.
  return its === "voice" || /^file-[0-9a-f]{4}(?:\.|$)/u.test(text) ? words : `${words}: ${text || say("file-nameless")}`;
}

const MOVING = ["fetching", "sending"];
const marks = new Map();

/** What is under way: how much, how fast, how long still. */
function moving(message) {
  const { file, id } = message;
  const all = marks.get(id) ?? [];
  const now = performance.now();
  if (all.at(-1)?.done !== file.done) all.push({ now, done: file.done });
  while (all.length > 2 && now - all[0].now > 15000) all.shift();
  if (marks.size > 200) marks.clear();
  marks.set(id, all);
  const first = all[0];
  const rate = now - first.now > 500 ? ((file.done - first.done) / (now - first.now)) * 1000 : 0;
  const parts = [`${size(file.done)} / ${size(file.bytes)}`];
  if (rate > 1) parts.push(say("file-rate", { rate: size(rate) }), say("file-rest", { span: roughly((file.bytes - file.done) / rate) }));
  return parts.join(" · ");
}

/** A span of seconds as one says it who cannot know it. */
export function roughly(seconds) {
  const unit = seconds < 60 ? 1 : seconds < 3600 ? 60 : 3600;
  return spanOf(Math.max(1, Math.ceil(seconds / unit)) * unit);
}

/** Shows on a message that is drawn already how far its file is now. */
export function advance(node, message) {
  const bar = node?.querySelector("progress");
  if (!bar) return;
  bar.value = message.file.done;
  node.querySelector(".moving").textContent = moving(message);
}

const isVoice = (file) => file.voice_ms !== null && file.voice_ms !== undefined;

/** Pictures that cannot be drawn: they are shown as the files they are. */
const undrawn = new Set();
/** A picture that is here, and no program. */
export const isPicture = ({ id, file }) => file.kind === "picture" && file.here && !file.program && !undrawn.has(id);
const pictures = (app) => (app.pictures ??= import("./picture.js"));
const show = (message, how) => pictures(how.app).then((part) => part.large(message, how));

/** A frame of a size that is known before the picture is. `how.kept` keeps frames that are drawn. */
export function frame(message, how, failed) {
  const old = how.kept?.get(message.id);
  if (old) {
    old.message = message;
    return old.element;
  }
  const words = say("picture-open", { name: message.file.name || say("file-nameless") });
  const element = h("button", { class: "seen", type: "button", "aria-label": words, title: words, onclick: () => show(its.message, how) }, icon("picture"));
  const its = { element, message };
  how.kept?.set(message.id, its);
  pictures(how.app).then((part) => part.watch(element, message.id, how, () => {
    if (undrawn.size > 500) undrawn.clear();
    undrawn.add(message.id);
    how.kept?.delete(message.id);
    failed(its);
  }));
  return element;
}

/** Whether it may be taken out of the home as a file. */
export const savable = ({ from, file }) => file.here && !isVoice(file) && !file.no_saving && (from !== null || file.stage === "sent");

/** The inside of a file's bubble. */
export function fileBody(message, how) {
  const { file } = message;
  const place = h("div");
  const ask = (name, args = {}) => call(name, { conversation: how.conversation, id: message.id, ...args }).catch((error) => told(place, refusal(error), true));
  const deed = (words, work, main) => h("button", { class: main ? "main" : "plain", type: "button", onclick: work }, words);
  const own = message.from === null;
  const cancel = own
    ? deed(say("file-cancel"), () => confirm(say("file-cancel"), say("delete-everywhere-what"), say("delete-everywhere"), () => call("delete", { conversation: how.conversation, id: message.id, everywhere: true })))
    : deed(say("file-cancel"), () => ask("file-drop"));
  const go = (words) => deed(words, () => ask("file-move"), true);
  const voice = isVoice(file);
  // A picture that is shown is saved where it is shown large.
  const save = savable(message) ? deed(say("file-save"), () => import("./save.js").then((part) => part.saveFile(message, how, place))) : null;
  const deeds = {
    offered: [go(say("file-fetch"))],
    fetching: [deed(say("file-pause"), () => ask("file-pause")), cancel],
    sending: [deed(say("file-pause"), () => ask("file-pause")), cancel],
    paused: [go(say("file-go-on")), cancel],
    "no-room": [go(say("file-go-on"))],
    "relay-full": [go(say("file-go-on")), cancel],
  }[file.stage] ?? [];
  if (file.words && file.here && !file.program && !(own && message.fades === 0)) {
    deeds.push(deed(say("file-read"), () => import("./reading.js").then((part) => part.readFile(message, how, place)), message.fades === 0));
  }
  const under = MOVING.includes(file.stage);
  const stage = under || (file.stage === "sent" && own) || (file.stage === "here" && !own) ? null : say(`file-${file.stage}`);
  const once = message.fades === 0;
  const picture = isPicture(message);
  if (picture && once && !own) deeds.push(deed(say("picture-once"), () => show(message, how), true));
  const seen = picture && !once ? frame(message, how, (its) => its.element.closest(".file")?.replaceWith(fileBody(its.message, how))) : null;
  return h("div", { class: seen ? "file pictured" : "file" },
    seen,
    seen && !stage ? null : h("div", { class: "what" }, seen ? null : icon(file.program ? "alert" : voice ? "mic" : file.kind === "picture" ? "picture" : "file"),
      h("div", {},
        seen ? null : voice ? h("b", {}, say("file-voice")) : h("b", { dir: "auto" }, file.name || say("file-nameless")),
        h("span", { class: "quiet" }, [voice ? spanOf(Math.round(file.voice_ms / 1000)) : seen ? null : say(`kind-of-${file.program ? "other" : file.kind}`), size(file.bytes), stage].filter(Boolean).join(" · ")))),
    file.program ? h("p", { class: "say bad" }, say("file-program", { what: say(`program-${file.program}`) })) : null,
    file.signer ? h("p", { class: "quiet" }, signed(file.signer)) : null,
    file.no_saving ? h("p", { class: "quiet" }, say("file-no-saving")) : null,
    under ? h("progress", { max: Math.max(1, file.bytes), value: file.done, "aria-label": say(`file-${file.stage}`) }) : null,
    under ? h("p", { class: "quiet moving" }, moving(message)) : null,
    voice && file.here ? sounding(message, how) : null,
    deeds.length > 0 || (save && !seen) ? h("div", { class: "deedsrow" }, deeds, seen ? null : save) : null,
    place);
}

/** Who signed a program, as far as that is known. The name is the signer's own: it cannot turn the line around it. */
export function signed(signer) {
  const name = `\u2068${signer?.name || "?"}\u2069`;
  const certificate = (signer?.certificate ?? "").slice(0, 16).replace(/(.{4})(?=.)/g, "$1 ");
  return say(`program-signed-${signer?.said ?? "unasked"}`, { name, certificate });
}

/** What plays a note; it is fetched when somebody listens. */
function sounding(message, how) {
  const box = h("div", { class: "sound", role: "group", "aria-label": say("file-voice") });
  const then = (name, ...args) => (how.app.voice ??= import("./voice.js")).then((voice) => voice[name](message, how, box, ...args));
  const play = h("button", { class: "round main play", type: "button", "aria-label": say("voice-play"), onclick: () => then("play") }, icon("play"));
  const seek = h("input", { type: "range", class: "seek", min: "0", max: String(message.file.voice_ms), value: "0", step: "500", "aria-label": say("voice-where"), oninput: () => then("seek", Number(seek.value)) });
  const at = h("span", { class: "quiet clock" }, "0:00");
  const speed = h("button", { class: "plain speed", type: "button", "aria-label": `${say("voice-speed")} 1×`, onclick: () => then("faster") }, "1×");
  fill(box, play, seek, at, speed);
  return box;
}
