// The page: one home, two panes. What is shown is what the program says is stored.

import { makeCalls } from "./calls.js";
import { cover } from "./cover.js";
import { fill, h, speak } from "./dom.js";
import { status, look } from "./house.js";
import { icon } from "./icons.js";
import { makeList } from "./list.js";
import { begin, call, listen } from "./net.js";
import { makePane } from "./pane.js";
import { attempt, closeSheet, sheet } from "./sheet.js";
import { choose, language, say, speakIn } from "./words.js";

const TITLE = "Notes";
const root = document.getElementById("root");

/** Everything the parts of the page share. */
const app = { voice: null, name: "", settings: {}, list: null, pane: null, strip: null, frame: null, calls: null, open, menu, refresh, restart, unread: 0 };

// Parts that are fetched when somebody needs them.
const invite = () => import("./invite.js");
const people = () => import("./people.js");
const settings = () => import("./settings.js");

let hidden = false;
let silent = 0;

async function start() {
  await speakIn(choose(""));
  if (!(await begin().catch(() => false))) return cover.used(root);
  listen(heard);
  keys();
  return undefined;
}

/** Begins anew on the home as it is: open or locked. */
async function enter() {
  const hello = await call("hello").catch(() => null);
  if (!hello) return undefined;
  if (hello.locked) return empty(hello.unlocks);
  app.name = hello.name;
  app.settings = hello.settings;
  look(app.settings);
  const tag = choose(app.settings.language);
  if (tag !== language) await speakIn(tag);
  build();
  return undefined;
}

function build() {
  closeSheet();
  app.pane?.leave();
  app.pane = makePane(app);
  app.list = makeList(app);
  app.strip = status();
  if (!app.calls?.is()) app.calls = makeCalls(app);
  const round = (name, label, work, keys) => h("button", { class: "round", type: "button", title: label, "aria-label": label, "aria-keyshortcuts": keys, onclick: work }, icon(name));
  const side = h("section", { class: "side", "aria-label": say("conversations") },
    h("header", { class: "top" },
      h("p", { class: "owner", dir: "auto" }, app.name),
      round("plus", say("new"), beginSheet, "Alt+N"),
      round("hide", say("hide-now"), hide, "F8"),
      round("lock", say("lock-now"), lock, "F9"),
      round("menu", say("menu"), menu)),
    app.list.element,
    app.strip.element);
  app.frame = h("main", { class: "frame" }, h("h1", { class: "unseen" }, app.name), app.calls.element, side, app.pane.element);
  if (!hidden) fill(root, app.frame);
  app.list.refresh();
  app.strip.refresh();
}

/** Nothing of the home stays on the page. */
function empty(unlocks) {
  hidden = false;
  closeSheet();
  app.pane?.leave();
  app.calls?.hangUp("");
  Object.assign(app, { name: "", settings: {}, list: null, pane: null, strip: null, frame: null, calls: null, unread: 0 });
  document.title = TITLE;
  speak("");
  cover.locked(root, unlocks);
}

function open(conversation, around) {
  app.frame.classList.add("talking");
  app.list.choose(conversation);
  return app.pane.show(conversation, around);
}

function refresh() {
  app.list?.refresh();
  app.pane?.refresh();
  app.strip?.refresh();
}

/** In another language everything is said anew. */
async function restart() {
  const at = app.pane?.current();
  await speakIn(choose(app.settings.language));
  build();
  if (at) open(at);
}

function heard(event) {
  if (event.is !== "down") silent = 0;
  switch (event.is) {
    case "down":
      silent += 1;
      app.strip?.down();
      // The program ended: nobody is there who could lock the page.
      if (silent === 3) {
        empty(false);
        cover.ended(root);
      }
      return;
    case "locked":
      empty(true);
      call("hello").then((hello) => hello.locked && cover.locked(root, hello.unlocks)).catch(() => {});
      return;
    case "open":
      if (app.frame) refresh();
      else enter();
      return;
    default:
  }
  if (!app.frame) return;
  app.pane.heard(event);
  app.strip.heard(event);
  app.calls.heard(event);
  if (["received", "progress", "changed", "missed"].includes(event.is)) app.list.refresh();
  if (event.is === "received") notify(event);
  if (event.is === "alerted") speak(say("alerted"));
}

/** The number of unread messages, where one sees it without seeing more. */
app.count = (unread) => {
  app.unread = unread;
  if (!hidden) document.title = unread > 0 ? `(${unread}) ${TITLE}` : TITLE;
};

function notify({ message, conversation }) {
  const how = app.settings.notify;
  if (!how || hidden || (document.hasFocus() && app.pane.current() === conversation)) return;
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const rings = message.kind === "call" && message.text === "ringing";
  const body = how === "name" && rings ? say("call-from", { name: message.from ?? "" }) : how === "name" ? say("note-from", { name: message.from ?? "" }) : say("note-bare");
  new Notification(TITLE, { body, tag: "sogon", silent: false });
}

/** What sounds ends, and what is being spoken, when it is in the home. */
async function quiet() {
  const voice = await app.voice;
  voice?.silence();
  await voice?.settled();
}

async function lock() {
  // First nothing is seen or heard any more, then the call is over and what was spoken is kept, then
  // it is locked.
  const over = Promise.allSettled([quiet(), app.calls?.hangUp("")]);
  empty(false);
  await over;
  call("lock").catch(() => {});
}

function hide() {
  if (!app.frame) return;
  if (hidden) {
    hidden = false;
    fill(root, app.frame);
    app.count(app.unread);
    refresh();
    return;
  }
  hidden = true;
  // Whoever hides the page does not want to be heard in it.
  app.calls.hangUp();
  quiet();
  closeSheet();
  document.title = TITLE;
  cover.notes(root, hide);
}

function beginSheet() {
  sheet(say("new"), (body, its) => {
    const choice = (title, text, work) => h("button", { class: "plain", type: "button", onclick: () => { its.close(); work(); } }, h("b", {}, title), h("br"), text);
    fill(body,
      choice(say("invite"), say("invite-what"), () => invite().then((part) => part.inviteSheet())),
      choice(say("join"), say("join-what"), () => invite().then((part) => part.joinSheet(app))),
      choice(say("group-new"), say("group-new-what"), () => people().then((part) => part.groupSheet(app))));
  });
}

function menu() {
  sheet(say("menu"), (body, its) => {
    const choice = (title, work) => h("button", { class: "plain", type: "button", onclick: () => { its.close(); work(); } }, title);
    fill(body, choice(say("settings"), () => settings().then((part) => part.settingsSheet(app))), choice(say("alerts"), () => settings().then((part) => part.alertsSheet())), choice(say("keys"), () => settings().then((part) => part.keysSheet())));
  });
}

function keys() {
  let attended = 0;
  const here = () => {
    if (!app.frame || Date.now() - attended < 10000) return;
    attended = Date.now();
    call("here").catch(() => {});
  };
  addEventListener("pointerdown", here);
  addEventListener("keydown", (event) => {
    if (!app.frame) return;
    here();
    if (app.calls.keys(event)) return;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const deed = {
      F8: plain && hide,
      F9: plain && lock,
      k: (event.ctrlKey || event.metaKey) && !hidden && (() => app.list.find()),
      n: event.altKey && !hidden && beginSheet,
      ArrowDown: event.altKey && !hidden && (() => app.list.step(1)),
      ArrowUp: event.altKey && !hidden && (() => app.list.step(-1)),
      Escape: plain && !hidden && !document.querySelector("dialog") && !event.isComposing && (() => app.pane.back()),
    }[event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  });
  addEventListener("keyup", (event) => app.calls?.keys(event));
  addEventListener("focus", () => app.pane?.seen());
  document.addEventListener("visibilitychange", () => app.pane?.seen());
  // A picture that is dropped anywhere is looked through for an invitation.
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("drop");
  });
  addEventListener("dragleave", (event) => event.relatedTarget || document.body.classList.remove("drop"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("drop");
    const file = event.dataTransfer?.files?.[0];
    if (!app.frame || hidden || !file) return;
    // A file for whom one writes to; where one does not write, perhaps an invitation.
    if (document.querySelector("dialog") || !app.pane.take([...event.dataTransfer.files])) invite().then((part) => part.takePicture(app, file));
  });
}

app.conversationSheet = (id) => people().then((part) => part.conversationSheet(app, id));
app.quiet = quiet;
app.hidden = () => hidden;
app.attempt = attempt;
app.sync = () => app.strip.sync();
app.narrow = () => {
  app.frame.classList.remove("talking");
  app.list.choose(null);
};

start();
