// The conversations: only the lines on the screen are there, however many there are.

import { membershipWords } from "./bubble.js";
import { callWords } from "./calls.js";
import { described } from "./file.js";
import { fill, h, languageOf, later, speak } from "./dom.js";
import { call } from "./net.js";
import { say } from "./words.js";
import { brief } from "./when.js";

const AHEAD = 8;
/** Lines are asked for so far before they are seen: a throw goes through this while an answer comes. */
const ASKED = 200;
const PIECE = 128;

export function makeList(app) {
  let total = 0;
  let filter = "";
  let chosen = null;
  let lines = new Map();
  let asked = 0;
  let shown = new Map();
  const row = () => parseFloat(getComputedStyle(document.documentElement).fontSize) * 4.6;

  const search = h("input", { type: "search", placeholder: say("search"), "aria-label": say("search"), autocomplete: "off", autocapitalize: "off", spellcheck: "false", oninput: later(160, find), onkeydown: searchKeys });
  const ul = h("ul", { "aria-label": say("conversations") });
  const waiting = h("div");
  const none = h("div");
  const hits = h("div", { class: "hits" });
  const scroller = h("div", { class: "lines", onscroll: () => paint() }, waiting, ul, none, hits);
  const element = h("div", { class: "side-list" }, h("div", { class: "find" }, search), scroller);
  element.style.display = "contents";

  new ResizeObserver(() => paint()).observe(scroller);

  /** Asks again for what is on the screen; what is there stays until the answer comes. */
  const refresh = later(30, async () => {
    const turn = (asked += 1);
    const first = Math.max(0, top() - AHEAD);
    const count = Math.min(64, Math.ceil(scroller.clientHeight / row()) + 2 * AHEAD + 2);
    const [piece, people] = await Promise.all([
      call("list", { from: first, count, filter }),
      filter ? null : call("contacts"),
    ]).catch(() => []);
    if (!piece || turn !== asked) return;
    total = piece.total;
    lines = new Map(piece.lines.map((line, at) => [first + at, line]));
    app.count(piece.unread);
    piece.lines.forEach((line) => app.calls?.found(line));
    if (people) showWaiting(people.contacts.filter((one) => one.standing === "waiting" && !one.conversation));
    ul.style.height = `${total * row()}px`;
    showNone();
    paint();
  });

  function top() {
    return Math.max(0, Math.floor((scroller.scrollTop - ul.offsetTop) / row()));
  }

  /** Puts the lines where they belong and asks for those that are missing. */
  function paint() {
    const height = row();
    const first = Math.max(0, top() - AHEAD);
    const last = Math.min(total, top() + Math.ceil(scroller.clientHeight / height) + AHEAD);
    const next = new Map();
    for (let at = first; at < last; at += 1) {
      const line = lines.get(at);
      if (line) next.set(line.id, [at, line]);
    }
    for (const [id, kept] of shown) if (!next.has(id)) { kept.li.remove(); shown.delete(id); }
    for (const [id, [at, line]] of next) {
      const mark = JSON.stringify([line, id === chosen]);
      let kept = shown.get(id);
      if (!kept) {
        kept = { li: h("li", { class: "row" }), mark: "" };
        shown.set(id, kept);
        ul.append(kept.li);
      }
      kept.li.style.transform = `translateY(${at * height}px)`;
      kept.li.setAttribute("aria-setsize", total);
      kept.li.setAttribute("aria-posinset", at + 1);
      kept.at = at;
      if (kept.mark !== mark) {
        const focused = kept.li.contains(document.activeElement);
        fill(kept.li, button(line));
        kept.mark = mark;
        if (focused) kept.li.firstChild.focus();
      }
    }
    order();
    ask(first, last);
  }

  let before = 0;
  /** Asks for what is not there yet, on the screen first and then where one is going. */
  function ask(first, last) {
    const down = scroller.scrollTop >= before;
    before = scroller.scrollTop;
    const gone = (at) => !lines.has(at);
    const range = (from, to) => Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at).filter(gone);
    let missing = range(first, last);
    if (missing.length === 0) missing = down ? range(last, Math.min(total, last + ASKED)) : range(Math.max(0, first - ASKED), first);
    // Not for every single line that comes near: half a piece at least, or the end.
    const edge = down ? total - 1 : 0;
    const seen = missing.some((at) => at >= first && at < last);
    if (missing.length === 0 || (!seen && missing.length < PIECE / 2 && !missing.includes(edge))) return;
    if (down) more(missing[0], missing[missing.length - 1]);
    else more(Math.max(0, missing[missing.length - 1] - PIECE + 1), missing[missing.length - 1]);
  }

  // Whoever listens to the page, or goes through it by keys, meets the lines in their order.
  function order() {
    const sorted = [...shown.values()].sort((a, b) => a.at - b.at);
    sorted.forEach((kept, at) => {
      if (ul.children[at] !== kept.li) {
        const focused = kept.li.contains(document.activeElement) && document.activeElement;
        ul.insertBefore(kept.li, ul.children[at] ?? null);
        if (focused) focused.focus();
      }
    });
  }

  // One question at a time, and after it the one that is wanted by then.
  let fetching = false;
  let wanted = null;
  async function more(first, last) {
    wanted = [first, last];
    if (fetching) return;
    fetching = true;
    while (wanted) {
      const [from, to] = wanted;
      wanted = null;
      const turn = asked;
      const piece = await call("list", { from, count: PIECE, filter }).catch(() => null);
      if (!piece) break;
      if (turn !== asked) continue;
      piece.lines.forEach((line, at) => lines.set(from + at, line));
      if (lines.size > 900) for (const at of lines.keys()) if (Math.abs(at - from) > 300) lines.delete(at);
      paint();
    }
    fetching = false;
  }

  function button(line) {
    const { last } = line;
    const words = line.draft
      ? [h("em", {}, say("draft")), " ", line.draft]
      : last
        ? lastWords(line, last)
        : [say("nothing-yet")];
    const text = line.draft || last?.text || "";
    const state = last?.state && !line.draft ? `${say(`state-${last.state}`)}. ` : "";
    return h("button", { type: "button", "aria-current": line.id === chosen ? "true" : null, onclick: () => app.open(line.id), onkeydown: rowKeys },
      h("span", { class: "face", "aria-hidden": "true" }, letter(line.title)),
      h("span", { class: "who", dir: "auto", lang: languageOf(line.title) }, line.title),
      h("span", { class: "at" }, last ? brief(last.at) : ""),
      h("span", { class: "last", dir: "auto", lang: languageOf(text) }, h("span", { class: "unseen" }, state), words),
      line.unread > 0
        ? h("span", { class: "badge" }, h("span", { "aria-hidden": "true" }, line.unread > 999 ? "999+" : String(line.unread)), h("span", { class: "unseen" }, say("unread-count", { count: line.unread })))
        : null);
  }

  function lastWords(line, last) {
    if (last.kind === "unknown") return [say("kind-unknown")];
    if (last.kind === "call") return [callWords(last)];
    if (last.kind === "gap") return [say("kind-gap")];
    if (last.kind === "membership") return [membershipWords(last)];
    const by = last.from === null ? say("you") : line.group ? last.from : null;
    const words = h("bdi", {}, described(last));
    return by ? [h("bdi", {}, by), ": ", words] : [words];
  }

  function showWaiting(people) {
    fill(waiting, people.map((one) => h("div", { class: "waiting" },
      h("span", { class: "face", "aria-hidden": "true" }, letter(one.name)),
      h("span", { class: "who", dir: "auto" }, one.name),
      h("span", { class: "at" }),
      h("span", { class: "last" }, say("standing-waiting")))));
    waiting.dataset.count = people.length;
  }

  function showNone() {
    if (total > 0 || filter || Number(waiting.dataset.count) > 0) return fill(none);
    return fill(none, h("div", { class: "none" }, h("p", {}, say("nobody-yet"))));
  }

  async function find() {
    filter = search.value.trim();
    scroller.scrollTop = 0;
    refresh.now();
    if (!filter) { fill(hits); return; }
    const words = filter;
    const { found } = await call("search", { words }).catch(() => ({ found: [] }));
    if (words !== filter) return;
    speak(say("found-count", { count: found.length }));
    fill(hits, h("h2", {}, say("found-count", { count: found.length })), found.map((one) => hit(one, words)));
  }

  function hit(one, words) {
    return h("button", { class: "hit", type: "button", onclick: () => app.open(one.conversation, one.id) },
      h("span", { class: "who", dir: "auto" }, one.from === null || one.from === one.title ? one.title : [h("bdi", {}, one.title), ": ", h("bdi", {}, one.from)]),
      h("span", { class: "at" }, brief(one.at)),
      h("span", { class: "last", dir: "auto", lang: languageOf(one.text) }, marked(one.text, words)));
  }

  function searchKeys(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      search.value = "";
      find();
    }
    if (event.key === "ArrowDown") {
      event.preventDefault();
      (ul.querySelector("button") ?? hits.querySelector("button"))?.focus();
    }
  }

  function rowKeys(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.altKey) return;
    event.preventDefault();
    const li = event.currentTarget.closest("li");
    const to = step > 0 ? li.nextElementSibling : li.previousElementSibling;
    if (to) to.querySelector("button").focus();
    else if (step < 0) search.focus();
  }

  return {
    element,
    refresh,
    choose(id) {
      chosen = id;
      paint();
    },
    /** Goes to the field in which one searches. */
    find() {
      search.focus();
      search.select();
    },
    /** Goes to the conversation before or after. */
    async step(by) {
      const at = [...lines].find(([, line]) => line.id === chosen)?.[0];
      const to = lines.get(at === undefined ? 0 : at + by);
      if (to) app.open(to.id);
    },
  };
}

/** The letter that stands for a name. */
export function letter(name) {
  return [...new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(name.trim() || "?")][0].segment.toUpperCase();
}

/** A text in which the words looked for are marked. */
function marked(text, words) {
  const wanted = words.split(/\s+/u).filter(Boolean).map((word) => word.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&"));
  const first = Math.max(0, text.toLowerCase().indexOf(words.split(/\s+/u)[0].toLowerCase()) - 30);
  const piece = (first > 0 ? "…" : "") + text.slice(first, first + 160);
  const parts = piece.split(new RegExp(`(${wanted.join("|")})`, "giu"));
  return parts.map((part, at) => (at % 2 === 1 ? h("mark", {}, part) : part));
}
