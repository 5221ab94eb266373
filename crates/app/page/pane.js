// One conversation. A window of messages is on the page; more come in at either end as one scrolls,
// and those far away go, so that the hundred thousandth is as quick as the first.

import { bubble, note } from "./bubble.js";
import { callNote } from "./calls.js";
import { makeComposer } from "./composer.js";
import { advance, described, isPicture } from "./file.js";
import { fill, h, speak } from "./dom.js";
import { icon } from "./icons.js";
import { call } from "./net.js";
import { refusal } from "./sheet.js";
import { dayKey, dayLine } from "./when.js";
import { say } from "./words.js";

const PIECE = 60;
/** Messages that come in while one scrolls: few at a time, so that no frame is late for them. */
const TURN = 30;
const KEPT = 240;
/** More is asked for so far before the end: a throw goes through this while an answer is on its way. */
const NEAR = 3200;

export function makePane(app) {
  const element = h("section", { class: "pane", "aria-label": say("conversation") });
  let its = null;
  nothing();

  function nothing() {
    its = null;
    fill(element, h("div", { class: "empty" }, h("h2", {}, say("welcome")), h("p", {}, say("welcome-what"))));
  }

  async function show(id, around) {
    if (its?.id === id && !around) {
      its.composer.focus();
      return;
    }
    leave();
    const mine = { id, messages: [], pending: [], before: false, after: false, busy: false, turn: 0, asking: new Set(), looking: false, again: false, unreadFrom: null, found: around ?? null, missed: 0, nodes: new Map(), marks: new WeakMap(), pictures: new Map() };
    its = mine;
    const { answers, news, failed } = await ask(mine,
      ["conversation", { conversation: id }],
      ["messages", around ? { conversation: id, around, limit: PIECE } : { conversation: id, limit: PIECE }]);
    if (its !== mine) return;
    if (failed) {
      fill(element, h("div", { class: "empty" }, h("p", { role: "alert" }, refusal(failed))));
      return;
    }
    const [about, page] = answers;
    mine.about = about;
    take(page, "all", news);
    mine.unreadFrom = mine.messages.find((message) => message.unread)?.id ?? null;
    build();
    render();
    const line = mine.nodes.get("new")?.node ?? mine.nodes.get(around)?.node;
    if (line) line.scrollIntoView({ block: around ? "center" : "start" });
    else toEnd();
    // A keyboard that jumps up on a phone hides what one wanted to read.
    if (!matchMedia("(pointer: coarse)").matches && !around) mine.composer.focus();
    if (around) mine.nodes.get(around)?.node.focus({ preventScroll: true });
    seen();
    if (mine.again) reload();
  }

  /** Asks, and keeps what is pushed until the answers are here: that may be newer than they are. */
  async function ask(mine, ...questions) {
    const news = [];
    mine.asking.add(news);
    try {
      return { answers: await Promise.all(questions.map(([name, args]) => call(name, args))), news };
    } catch (failed) {
      return { failed };
    } finally {
      mine.asking.delete(news);
    }
  }

  function build() {
    const { about } = its;
    its.title = h("h2", { dir: "auto" }, about.title);
    its.under = h("span", { class: "quiet" });
    under();
    const round = (name, label, work, extra) => h("button", { class: `round ${extra ?? ""}`, type: "button", title: label, "aria-label": label, onclick: work }, icon(name));
    const head = h("header", { class: "head" },
      round("back", say("back"), back, "back"),
      h("button", { class: "name", type: "button", title: say("about", { name: about.title }), "aria-haspopup": "dialog", onclick: () => app.conversationSheet(its.id) }, its.title, its.under),
      about.open ? round("call", say("call"), () => app.calls.start(its.id, its.about.title)) : null,
      round("grid", say("gallery"), () => import("./gallery.js").then((gallery) => its && gallery.gallerySheet(app, its.about))),
      round("eye", say("who-watches"), () => import("./watchers.js").then((part) => its && part.watchersSheet(its.id))));
    its.ol = h("ol", {});
    its.log = h("div", { class: "log", role: "log", "aria-label": say("messages"), tabindex: "0", onscroll: scrolled, onkeydown: logKeys }, its.ol);
    its.jumpCount = h("span", {});
    its.jump = h("button", { class: "jump", type: "button", hidden: true, "aria-label": say("to-newest"), onclick: newest }, its.jumpCount, icon("down"));
    its.composer = makeComposer(app, its.about, send);
    const below = h("div", { class: "below" }, about.open ? its.composer.element : h("p", { class: "ended" }, say("over")));
    const middle = h("div", { class: "middle" }, its.log, its.jump);
    middle.style.cssText = "position:relative;flex:1;min-height:0;display:flex;flex-direction:column";
    fill(element, head, middle, below);
  }

  function under() {
    const { about } = its;
    its.title.textContent = about.title;
    const parts = about.group
      ? [say("member-count", { count: about.count })]
      : [about.contact?.standing === "blocked" ? say("standing-blocked") : about.contact?.verified ? say("verified") : say("unverified")];
    if (about.timer_s !== null && about.timer_s !== undefined) parts.push(say("timer-on"));
    its.under.textContent = parts.join(" · ");
  }

  /** Takes messages in, at one end or as everything there is, and then what was pushed meanwhile. */
  function take(page, where, news) {
    its.turn += 1;
    if (where === "before") {
      its.messages = [...page.messages, ...its.messages];
      its.before = page.before;
      if (its.messages.length > KEPT) {
        its.messages = its.messages.slice(0, KEPT);
        its.after = true;
      }
    } else if (where === "after") {
      its.messages = [...its.messages, ...page.messages];
      its.after = page.after;
      if (its.messages.length > KEPT) {
        its.messages = its.messages.slice(-KEPT);
        its.before = true;
      }
    } else {
      its.messages = page.messages;
      its.before = page.before;
      its.after = page.after;
    }
    news.forEach(put);
  }

  /** Makes the page say what is known; what has not changed is not touched. */
  function render() {
    const wanted = [];
    let day = null;
    let author;
    let at = 0;
    const all = its.after ? its.messages : [...its.messages, ...its.pending];
    for (const message of all) {
      const its_day = dayKey(message.at);
      if (its_day !== day) {
        const line = dayLine(message.at);
        wanted.push([`day${its_day}`, line, () => h("li", { class: "day" }, h("span", {}, line))]);
        author = undefined;
      }
      if (message.id === its.unreadFrom) wanted.push(["new", "new", () => h("li", { class: "new" }, h("span", {}, say("new-messages")))]);
      const first = message.from !== author || message.at - at > 600;
      const mark = `${marked(message)}${first}${its.found === message.id}`;
      wanted.push([message.id, mark, () => draw(message, first)]);
      day = its_day;
      author = ["text", "file"].includes(message.kind) ? message.from : undefined;
      at = message.at;
    }
    const kept = new Map();
    const focused = document.activeElement?.closest?.("li")?.dataset?.id;
    let place = its.ol.firstChild;
    for (const [key, mark, make] of wanted) {
      let old = its.nodes.get(key);
      if (!old || old.mark !== mark) {
        const node = make();
        if (old) {
          if (place === old.node) place = old.node.nextSibling;
          old.node.remove();
        }
        old = { node, mark };
      }
      if (place === old.node) place = place.nextSibling;
      else its.ol.insertBefore(old.node, place);
      kept.set(key, old);
    }
    for (const [key, old] of its.nodes) if (kept.get(key)?.node !== old.node) old.node.remove();
    its.nodes = kept;
    if (focused && !document.activeElement?.closest?.("li")) kept.get(focused)?.node.focus({ preventScroll: true });
  }

  /** What a message says, to be compared. A message that is held is not changed but for being seen. */
  function marked(message) {
    let mark = its.marks.get(message);
    // How far a file is, is shown on what is drawn already.
    if (mark === undefined) its.marks.set(message, mark = JSON.stringify({ ...message, unread: false, file: message.file && { ...message.file, done: 0 } }));
    return mark;
  }

  function draw(message, first) {
    if (message.kind === "call") return callNote(message, its.about.open, () => app.calls.start(its.id, its.about.title));
    if (!["text", "file"].includes(message.kind)) return note(message);
    return bubble(message, { app, kept: its.pictures, first, group: its.about.group, found: its.found === message.id, open: its.about.open, conversation: its.id, reply: (to) => its.composer.answer(to), edit: (what) => its.composer.change(what), go: (id) => show(its.id, id), others: () => its.messages.filter((one) => one.file && isPicture(one)) });
  }

  const gap = () => its.log.scrollHeight - its.log.scrollTop - its.log.clientHeight;
  const atEnd = () => !its.after && gap() < 60;

  function toEnd() {
    its.log.scrollTop = its.log.scrollHeight;
    its.missed = 0;
    arrow();
  }

  function arrow() {
    its.jump.hidden = atEnd();
    its.jumpCount.textContent = its.missed > 0 ? say("new-count", { count: its.missed }) : "";
  }

  /** Renders while what one looks at stays where it is. */
  function steady(change) {
    const { log, ol } = its;
    const anchor = [...ol.children].find((node) => node.dataset.id && node.offsetTop + node.offsetHeight > log.scrollTop);
    const key = anchor?.dataset.id;
    const before = anchor ? anchor.offsetTop - log.scrollTop : 0;
    change();
    const now = key && its.nodes.get(key)?.node;
    if (now) log.scrollTop = now.offsetTop - before;
  }

  async function scrolled() {
    const mine = its;
    arrow();
    if (mine.busy) return;
    const first = mine.messages[0];
    const last = mine.messages[mine.messages.length - 1];
    const up = mine.before && first && mine.log.scrollTop < NEAR;
    const down = mine.after && last && gap() < NEAR;
    if (!up && !down) {
      seen();
      return;
    }
    mine.busy = true;
    const hurry = (up ? mine.log.scrollTop : gap()) < NEAR / 2;
    const where = up ? { before: first.order } : { after: last.order };
    const { turn } = mine;
    const { answers, news } = await ask(mine, ["messages", { conversation: mine.id, limit: hurry ? PIECE : TURN, ...where }]);
    mine.busy = false;
    if (its !== mine || !answers) return;
    // What it was to lie beside may be gone: then it is looked again what is wanted.
    if (turn === mine.turn) steady(() => { take(answers[0], up ? "before" : "after", news); render(); });
    if ((up && mine.before) || (down && mine.after)) scrolled();
  }

  async function newest() {
    const mine = its;
    if (mine.after) {
      const { answers, news } = await ask(mine, ["messages", { conversation: mine.id, limit: PIECE }]);
      if (its !== mine || !answers) return;
      take(answers[0], "all", news);
      render();
    }
    toEnd();
    seen();
  }

  /** What was seen is marked as read: only while somebody can be looking. */
  async function seen() {
    if (!its?.log || document.hidden || !document.hasFocus() || !its.log.isConnected || !atEnd()) return;
    if (!its.messages.some((message) => message.unread)) return;
    const mine = its;
    for (const message of mine.messages) message.unread = false;
    await call("read", { conversation: mine.id }).catch(() => {});
    app.list?.refresh();
  }

  async function send(text, reply) {
    const mine = its;
    const id = `here-${crypto.randomUUID()}`;
    const answered = reply && { id: reply.id, from: reply.from, text: reply.text, gone: false };
    const pending = { id, order: Infinity, from: null, at: Math.floor(Date.now() / 1000), kind: "text", text, state: "queued", reply: answered, fades: mine.about.timer_s ?? null, pending: true };
    mine.pending.push(pending);
    if (mine.after) await newest();
    mine.unreadFrom = null;
    render();
    toEnd();
    try {
      const { message } = await call("send", { conversation: mine.id, text, reply: reply?.id ?? null });
      mine.pending = mine.pending.filter((one) => one !== pending);
      if (its !== mine) return true;
      // What was pushed meanwhile is newer than this answer.
      if (message && !mine.messages.some((one) => one.id === message.id)) put(message);
      steadyOrEnd();
      return true;
    } catch (error) {
      mine.pending = mine.pending.filter((one) => one !== pending);
      if (its === mine) {
        render();
        its.composer.failed(refusal(error), text);
      }
      return false;
    }
  }

  /** A message as it is stored now, in its place. */
  function put(message) {
    const at = its.messages.findIndex((one) => one.id === message.id);
    if (at >= 0) its.messages[at] = message;
    else if (!its.after) {
      let place = its.messages.length;
      while (place > 0 && its.messages[place - 1].order > message.order) place -= 1;
      // What lies before everything on the page comes when one scrolls there.
      if (place === 0 && its.before) return;
      its.messages.splice(place, 0, message);
      if (its.messages.length > KEPT + PIECE) {
        its.messages = its.messages.slice(-KEPT);
        its.before = true;
      }
    }
  }

  function steadyOrEnd(stick = atEnd()) {
    if (stick) {
      render();
      toEnd();
    } else {
      steady(render);
      arrow();
    }
  }

  function heard(event) {
    if (!its || (event.is !== "missed" && event.conversation !== its.id)) return;
    if (event.is === "missed" || event.is === "changed") {
      if (its.log) reload();
      else its.again = true;
      return;
    }
    const { message } = event;
    for (const news of its.asking) news.push(message);
    if (!its.log) return;
    const stick = atEnd();
    if (event.is === "progress" && its.pending.some((one) => one.text === message.text && !its.messages.some((m) => m.id === message.id))) {
      const twin = its.pending.findIndex((one) => one.text === message.text);
      its.pending.splice(twin, 1);
    }
    put(message);
    if (message.file) advance(its.nodes.get(message.id)?.node, message);
    if (event.is === "received") {
      if (message.kind !== "call") speak(say("said", { name: message.from ?? "", text: described(message) }));
      if (!stick) its.missed += 1;
    }
    steadyOrEnd(stick);
    seen();
  }

  /** Looks again at what is on the page; once more when there is a reason before that is done. */
  async function reload() {
    const mine = its;
    mine.again = true;
    if (mine.looking) return;
    mine.looking = true;
    while (its === mine && mine.again) {
      mine.again = false;
      await lookAgain(mine);
    }
    mine.looking = false;
  }

  async function lookAgain(mine) {
    const first = mine.messages[0];
    const count = Math.max(PIECE, Math.min(200, mine.messages.length));
    const where = mine.after && first ? { after: first.order - 1 } : {};
    const { turn } = mine;
    const { answers, news } = await ask(mine,
      ["conversation", { conversation: mine.id }],
      ["messages", { conversation: mine.id, limit: count, ...where }]);
    if (its !== mine || !answers) return;
    if (turn !== mine.turn) {
      // One scrolled meanwhile: this is not what is on the page.
      mine.again = true;
      return;
    }
    const [about, page] = answers;
    const wasOpen = mine.about.open;
    Object.assign(mine.about, about, { draft: mine.about.draft });
    if (wasOpen !== about.open) {
      mine.id = null;
      show(about.id);
      return;
    }
    under();
    const stick = atEnd();
    take(page, "all", news);
    steadyOrEnd(stick);
    seen();
  }

  function logKeys(event) {
    const li = event.target.closest?.("li[data-id]");
    const all = () => [...its.ol.querySelectorAll("li[data-id]")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target === its.log && event.key === "ArrowUp") {
      event.preventDefault();
      all().at(-1)?.focus();
    } else if (li && event.target === li && step) {
      event.preventDefault();
      const list = all();
      const to = list[list.indexOf(li) + step];
      if (to) to.focus();
      else if (step > 0) its.composer.focus();
    }
  }

  function leave() {
    its?.composer?.keep();
    app.quiet();
  }

  function back() {
    leave();
    if (its?.composer?.cancel()) return;
    const narrow = matchMedia("(max-width: 46rem)").matches;
    nothing();
    app.narrow();
    if (!narrow) app.list.find();
  }

  return {
    element,
    show,
    heard,
    seen,
    back,
    current: () => its?.id ?? null,
    /** Files to be sent here; false where nobody can be written to. */
    take(files) {
      if (!its?.about?.open || files.length === 0) return false;
      its.composer.files(files);
      return true;
    },
    refresh: () => its?.log && reload(),
    leave() {
      leave();
      its = null;
      fill(element);
    },
  };
}
