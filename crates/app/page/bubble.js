// A message: what somebody wrote, as text and as nothing else.

import { h, languageOf, speak } from "./dom.js";
import { described, fileBody } from "./file.js";
import { icon } from "./icons.js";
import { call } from "./net.js";
import { confirm, sheet } from "./sheet.js";
import { full, time } from "./when.js";
import { apart, listed, say } from "./words.js";

const LINK = /\bhttps?:\/\/[^\s<>"'「」『』《》（）]+[^\s<>"'「」『』《》（）.,;:!?)\]}]/giu;

/** A line that the program wrote. */
export function note(message) {
  const words = message.kind === "membership" ? membershipWords(message) : say(`kind-${message.kind}`);
  return h("li", { class: "note", "data-id": message.id, tabindex: "-1", dir: "auto" }, words);
}

/** Who came or went. */
export function membershipWords({ membership: { words, who, by } }) {
  return say(words, { who: listed(who), by });
}

/** What somebody wrote. `how` says what can be done with it. */
export function bubble(message, how) {
  const mine = message.from === null;
  const deeds = h("button", { class: "deeds", type: "button", "aria-haspopup": "true", "aria-expanded": "false", "aria-label": say("more") }, icon("more"));
  const state = mine ? stateOf(message) : null;
  const box = h("div", { class: "bubble" },
    message.reply ? quote(message.reply, how) : null,
    message.file ? fileBody(message, how) : h("p", { class: "text", dir: "auto", lang: languageOf(message.text) }, withLinks(message.text)),
    h("div", { class: "foot" },
      message.fades === null || message.fades === undefined ? null : h("span", { title: fading(message.fades) }, icon("clock"), h("span", { class: "unseen" }, fading(message.fades))),
      message.edited ? h("span", {}, say("edited")) : null,
      h("time", { datetime: new Date(message.at * 1000).toISOString(), onpointerenter: (event) => { event.currentTarget.title = full(message.at); } }, time(message.at)),
      state),
    message.pending ? null : deeds);
  const author = !mine && how.group && how.first ? h("div", { class: "author", dir: "auto" }, message.from) : null;
  const classes = ["said", mine ? "mine" : "", how.first ? "first" : "", how.found ? "found" : ""].join(" ");
  const who = mine ? say("you") : message.from;
  const li = h("li", { class: classes, "data-id": message.id, tabindex: "-1", "aria-label": `${who}: ${described(message)}`, onkeydown: (event) => keys(event, message, how) }, author, box, reactions(message, how));
  if (!message.pending) deeds.addEventListener("click", () => choices(deeds, message, how));
  return li;
}

function stateOf(message) {
  const words = say(`state-${message.state}`);
  return h("span", { class: message.state === "failed" ? "state failed" : "state" }, words);
}

/** In how long it is gone. */
export function fading(seconds) {
  return seconds === 0 ? say("timer-once") : say("gone-after", { span: spanOf(seconds) });
}

/** A span of seconds in the largest unit that fits. */
export function spanOf(seconds) {
  if (seconds % 86400 === 0) return say("span-days", { count: seconds / 86400 });
  if (seconds % 3600 === 0) return say("span-hours", { count: seconds / 3600 });
  if (seconds % 60 === 0) return say("span-minutes", { count: seconds / 60 });
  return say("span-seconds", { count: seconds });
}

function quote(reply, how) {
  if (reply.gone) return h("div", { class: "quote" }, h("span", {}, say("answered-gone")));
  return h("button", { class: "quote", type: "button", onclick: () => how.go(reply.id) },
    h("b", { dir: "auto" }, reply.from === null ? say("you") : reply.from),
    h("span", { dir: "auto", lang: languageOf(reply.text) }, described(reply)));
}

/** Text in which addresses can be followed, after one was told where they go. */
function withLinks(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(LINK)) {
    parts.push(text.slice(from, found.index));
    parts.push(link(found[0]));
    from = found.index + found[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}

/** No button: a browser puts a button that wraps on lines of its own, and what follows below it. */
function link(text) {
  const go = () => linkSheet(text);
  return h("span", { class: "link", role: "link", tabindex: "0", onclick: go, onkeydown: (event) => event.key === "Enter" && go() }, text);
}

function linkSheet(text) {
  let url;
  try {
    url = new URL(text);
  } catch {
    return;
  }
  sheet(say("link"), (body, its) => {
    body.append(
      h("p", {}, say("link-goes")),
      h("p", { class: "say" }, h("b", {}, url.host)),
      h("p", { class: "address" }, url.href),
      h("p", { class: "quiet" }, say("link-warning")),
      h("div", { class: "deedsrow" },
        h("button", { class: "main", type: "button", onclick: () => { copy(url.href); its.close(); } }, say("copy")),
        h("button", { class: "plain", type: "button", onclick: () => { window.open(url.href, "_blank", "noopener,noreferrer"); its.close(); } }, say("link-open"))));
  });
}

/** Puts a text where it can be pasted from. */
export async function copy(text) {
  await navigator.clipboard.writeText(text).then(() => speak(say("copied"))).catch(() => {});
}

function reactions(message, how) {
  if (!message.reactions?.length) return null;
  const counts = new Map();
  for (const { face, from } of message.reactions) {
    const its = counts.get(face) ?? { names: [], own: false };
    its.names.push(from === null ? say("you") : from);
    its.own ||= from === null;
    counts.set(face, its);
  }
  return h("div", { class: "reactions" }, [...counts].map(([face, { names, own }]) =>
    h("button", { type: "button", "aria-pressed": own ? "true" : "false", title: names.map(apart).join(", "), "aria-label": `${face} ${names.map(apart).join(", ")}`, disabled: !how.open, onclick: () => react(message, how, own ? "" : face) }, `${face}${names.length > 1 ? ` ${names.length}` : ""}`)));
}

function react(message, how, face) {
  return call("react", { conversation: how.conversation, id: message.id, face }).catch(() => {});
}

const FACES = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

function choices(button, message, how) {
  const mine = message.from === null;
  const menu = h("div", { class: "choices", popover: "auto" });
  const choice = (id, work) => h("button", { type: "button", onclick: () => { menu.hidePopover(); work(); } }, say(id));
  menu.append(...[
    how.open ? h("div", { class: "faces" }, FACES.map((face) => h("button", { type: "button", "aria-label": say("react-with", { face }), onclick: () => { menu.hidePopover(); react(message, how, face); } }, face))) : null,
    how.open ? choice("reply", () => how.reply(message)) : null,
    message.file ? null : choice("copy", () => copy(message.text)),
    how.open && mine && !message.file && message.state !== "failed" ? choice("edit", () => how.edit(message)) : null,
    choice("delete-here", () => remove(message, how, false)),
    mine && how.open ? choice("delete-everywhere", () => remove(message, how, true)) : null,
    choice("details", () => details(message)),
  ].filter(Boolean));
  document.body.append(menu);
  menu.addEventListener("toggle", (event) => {
    const shown = event.newState === "open";
    button.setAttribute("aria-expanded", shown ? "true" : "false");
    if (!shown) {
      const inside = menu.contains(document.activeElement);
      menu.remove();
      if (inside && button.isConnected) button.focus();
    }
  });
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...menu.querySelectorAll("button")];
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
  });
  menu.showPopover();
  const near = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(near.left, innerWidth - width - 8))}px`;
  menu.style.top = `${near.bottom + height + 8 < innerHeight ? near.bottom + 4 : Math.max(8, near.top - height - 4)}px`;
  menu.querySelector("button").focus();
}

function remove(message, how, everywhere) {
  const work = () => call("delete", { conversation: how.conversation, id: message.id, everywhere });
  const text = everywhere ? say("delete-everywhere-what") : say("delete-here-what");
  confirm(say("delete"), text, say(everywhere ? "delete-everywhere" : "delete-here"), work);
}

function details(message) {
  sheet(say("details"), (body) => {
    body.append(
      h("p", {}, full(message.at)),
      h("p", { class: "quiet" }, say("clock-of-author")),
      message.state ? h("p", {}, say(`state-${message.state}`)) : "",
      message.state ? h("p", { class: "quiet" }, say(`state-${message.state}-what`)) : "",
      message.fades === null || message.fades === undefined ? "" : h("p", {}, fading(message.fades)));
  });
}

function keys(event, message, how) {
  if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey || message.pending) return;
  const deed = {
    Enter: () => event.currentTarget.querySelector(".deeds").click(),
    r: () => how.open && how.reply(message),
    c: () => !message.file && copy(message.text),
    e: () => how.open && !message.file && message.from === null && how.edit(message),
    Delete: () => remove(message, how, false),
  }[event.key];
  if (!deed) return;
  event.preventDefault();
  deed();
}
