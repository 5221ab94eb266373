// Calls: one at a time, in a bar above everything else, so that one can go on reading and writing.

import { fill, h, speak } from "./dom.js";
import { icon } from "./icons.js";
import { call, speakLine } from "./net.js";
import { attempt, refusal, sheet } from "./sheet.js";
import { language, say, size } from "./words.js";

/** It rings so long, here and there. */
const RINGS = 60000;
/** How long it is said how a call ended. */
const TOLD = 6000;
/** A call that is older does not ring when a page is opened: nobody waits any more. */
const FRESH = 2 * RINGS;
/** So long before the budget is spent it is said. */
const SOON = 15;

/** What opens microphone and loudspeaker; it is fetched with the first call. */
const sound = () => import("./callsound.js");

/** Rings until `mine.hush` is called. */
function ring(mine, here) {
  const ringing = sound().then((part) => part.startRinging(here));
  mine.hush = () => ringing.then((hush) => hush());
}

/** `1:04`, or `1:02:09`. */
export function clock(ms) {
  const all = Math.floor(ms / 1000);
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

export function makeCalls(app) {
  const element = h("section", { class: "callbar", "aria-label": say("call"), hidden: true });
  /** Calls that rang in this page. */
  const rung = new Set();
  let its = null;

  const round = (name, label, work, more) => h("button", { class: "round", type: "button", title: label, "aria-label": label, onclick: work, ...more }, icon(name));
  const end = (label) => h("button", { class: "grave", type: "button", "aria-keyshortcuts": "F7", onclick: () => hangUp() }, icon("hang"), label);

  /** Calls everybody in a conversation. */
  async function start(conversation, title) {
    if (its) return;
    const mine = begin({ conversation, title, own: true });
    frame(mine, say("call-opens"), [end(say("hang-up"))]);
    mine.microphone = await (await sound()).openMicrophone();
    if (its !== mine) return;
    try {
      const { call: id } = await call("ring", { conversation });
      if (its !== mine) {
        call("hang-up", { conversation, call: id }).catch(() => {});
        return;
      }
      mine.id = id;
    } catch (error) {
      if (its === mine) over(refusal(error));
      return;
    }
    frame(mine, say("call-rings"), [end(say("hang-up"))]);
    ring(mine, false);
    mine.timer = setTimeout(() => its === mine && hangUp(say("end-unanswered")), RINGS);
    look(mine);
  }

  /** Somebody calls. */
  async function rings(conversation, message) {
    if (its || rung.has(message.id)) return;
    rung.add(message.id);
    const mine = begin({ conversation, id: message.id, title: message.from ?? "", own: false });
    // What was over before it came here does not ring.
    const known = await call("call", { conversation, call: message.id }).catch(() => null);
    if (its !== mine) return;
    if (known?.standing !== "ringing") {
      its = null;
      return;
    }
    mine.title = known.group ? say("call-in-group", { name: message.from ?? "", group: known.title }) : known.title ?? mine.title;
    frame(mine, say("calls-you"), [
      h("button", { class: "main", type: "button", onclick: () => answer() }, icon("call"), say("answer")),
      end(say("decline")),
    ]);
    speak(say("call-from", { name: mine.title }));
    ring(mine, true);
    mine.timer = setTimeout(() => its === mine && over(""), RINGS);
  }

  async function answer() {
    const mine = its;
    mine.hush?.();
    clearTimeout(mine.timer);
    frame(mine, say("call-opens"), [end(say("hang-up"))]);
    mine.microphone = await (await sound()).openMicrophone();
    if (its !== mine) return;
    try {
      await call("take", { conversation: mine.conversation, call: mine.id });
    } catch (error) {
      if (its === mine) over(refusal(error));
      return;
    }
    if (its === mine) talk(mine);
  }

  function begin(about) {
    its = { ...about, muted: false, floor: false, microphone: null, hush: null, line: null, sound: null };
    return its;
  }

  /** The bar: whose call, how it stands, what can be done. */
  function frame(mine, words, deeds) {
    mine.words = h("p", { class: "quiet" }, words);
    mine.time = h("span", { class: "calltime", role: "timer", "aria-label": say("call-lasts") });
    mine.meters = h("div", { class: "meters", hidden: true });
    mine.deeds = h("div", { class: "calldeeds" }, deeds);
    fill(element, h("span", { class: "face", "aria-hidden": "true" }, icon("call")), h("div", { class: "callwho" }, h("h2", { dir: "auto" }, mine.title, " ", mine.time), mine.words), mine.meters, mine.deeds);
    element.hidden = false;
  }

  async function talk(mine) {
    mine.hush?.();
    clearTimeout(mine.timer);
    mine.talking = true;
    frame(mine, say("stage-entering"), []);
    const meter = (label) => h("meter", { min: 0, max: 1, value: 0, low: 0.02, "aria-label": label, title: label });
    mine.meter = { mine: meter(say("level-mine")), theirs: meter(say("level-theirs")) };
    fill(mine.meters, mine.meter.mine, mine.meter.theirs);
    mine.meters.hidden = false;
    const held = (on) => (event) => {
      if (event.type.startsWith("key") && (event.repeat || ![" ", "Enter"].includes(event.key))) return;
      event.preventDefault();
      floor(on);
    };
    mine.hold = h("button", { class: "main", type: "button", hidden: true, title: say("hold-what"), "aria-keyshortcuts": "F6", onpointerdown: held(true), onpointerup: held(false), onpointerleave: held(false), onkeydown: held(true), onkeyup: held(false) }, say("hold"));
    mine.mute = round("microphone", say("mute"), () => mute(!mine.muted), { "aria-pressed": "false", "aria-keyshortcuts": "M" });
    fill(mine.deeds, mine.hold, mine.mute, round("menu", say("call-devices"), () => devicesSheet()), end(say("hang-up")));
    if (!mine.microphone) tell(mine, say("no-microphone"));
    try {
      mine.sound = await (await sound()).openSound(mine.microphone, (buffer) => mine.line?.send(buffer));
    } catch {
      mine.microphone?.getTracks().forEach((track) => track.stop());
    }
    if (its !== mine) {
      mine.sound?.close();
      return;
    }
    const { settings } = app;
    const budget = { seconds: 60 * Number(settings["call-minutes"] || 0), bytes: 1048576 * Number(settings["call-mib"] || 0) };
    mine.budget = budget;
    mine.line = speakLine({ conversation: mine.conversation, call: mine.id, ...budget }, {
      sound: (buffer) => mine.sound?.play(buffer),
      word: (said) => its === mine && heardWord(mine, said),
      closed: () => its === mine && over(say("end-lost")),
    });
    mine.drawn = setInterval(() => {
      mine.meter.mine.value = mine.sound?.levels.mine ?? 0;
      mine.meter.theirs.value = mine.sound?.levels.theirs ?? 0;
    }, 100);
  }

  function heardWord(mine, said) {
    if (said.is === "refused") {
      over(refusal({ name: said.refused }));
    } else if (said.is === "over") {
      over([say(`end-${said.end}`), said.note ? say("end-note") : ""].filter(Boolean).join(" "));
    } else if (said.is === "standing") {
      stands(mine, said);
    }
  }

  function stands(mine, now) {
    mine.time.textContent = clock(now.ms);
    const parts = [say(`stage-${now.stage}`)];
    if (now.stage === "talking" && now.missed > 2) parts.push(say("call-missed-part", { count: now.missed }));
    if (now.stage === "talking") parts.push(say(`way-${now.way}`));
    parts.push(say("call-bytes", { size: size(now.up + now.down) }));
    const left = mine.budget.seconds ? mine.budget.seconds - Math.floor(now.ms / 1000) : Infinity;
    if (left <= SOON) parts.push(say("call-ends-in", { count: Math.max(0, left) }));
    if (left === SOON && !mine.warned) {
      mine.warned = true;
      mine.sound?.beep();
      speak(say("call-ends-in", { count: left }));
    }
    if (now.floor) parts.push(say("others-turn"));
    tell(mine, parts.join(" · "));
    // On a line of a second one speaks in turns: a tone says that it is one's own.
    if (mine.others && !now.floor) mine.sound?.beep();
    mine.others = now.floor;
    if (now.turns !== Boolean(mine.turns)) {
      mine.turns = now.turns;
      mine.hold.hidden = !now.turns;
      mine.line.say({ floor: !now.turns });
      if (now.turns) speak(say("turns-what"));
    }
  }

  function tell(mine, words) {
    if (mine.words.textContent !== words) mine.words.textContent = words;
  }

  function mute(on) {
    its.muted = on;
    its.mute.setAttribute("aria-pressed", on ? "true" : "false");
    its.mute.classList.toggle("off", on);
    its.sound?.mute(on);
    its.line?.say({ mute: on });
    speak(say(on ? "muted" : "unmuted"));
  }

  function floor(on) {
    if (!its?.turns || its.floor === on) return;
    its.floor = on;
    its.hold.classList.toggle("held", on);
    its.line?.say({ floor: on });
  }

  /** Hangs up, declines, and is silent at once, whatever it was. */
  async function hangUp(words) {
    const mine = its;
    if (!mine) return;
    over(words ?? say("end-over"));
    if (mine.id) await call("hang-up", { conversation: mine.conversation, call: mine.id }).catch(() => {});
  }

  /** Nothing sounds any more and nothing is taken; for a while it is said why. */
  function over(words) {
    const mine = its;
    its = null;
    mine.hush?.();
    clearTimeout(mine.timer);
    clearInterval(mine.drawn);
    mine.line?.close();
    if (mine.sound) mine.sound.close();
    else mine.microphone?.getTracks().forEach((track) => track.stop());
    if (!words) {
      element.hidden = true;
      return;
    }
    fill(element, h("p", { class: "callend", role: "status" }, words));
    element.hidden = false;
    setTimeout(() => { if (!its) { fill(element); element.hidden = true; } }, TOLD);
  }

  /** The call whose standing changed, looked at again. */
  async function look(mine) {
    if (!mine?.id || mine.talking) return;
    const known = await call("call", { conversation: mine.conversation, call: mine.id }).catch(() => null);
    if (its !== mine || !known || mine.talking) return;
    if (known.standing === "talking" && mine.own) talk(mine);
    else if (known.standing === "talking") over("");
    else if (known.standing !== "ringing") over(mine.own ? say(`end-${known.standing}`) : "");
  }

  function devicesSheet() {
    sheet(say("call-devices"), async (body) => {
      const place = h("div");
      const { chosen } = await sound();
      const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
      const select = (name, kind, words) => {
        const some = all.filter((one) => one.kind === kind && one.deviceId && one.deviceId !== "default");
        const field = h("select", { class: "field", id: `device-${name}`, onchange: () => attempt(place, async () => {
          chosen[name] = field.value;
          await its?.sound?.change();
        }) }, [["", say("option-system")], ...some.map((one) => [one.deviceId, one.label || one.deviceId.slice(0, 6)])].map(([value, text]) => h("option", { value, selected: value === chosen[name] }, text)));
        return h("div", {}, h("label", { for: `device-${name}` }, words), field);
      };
      fill(body, select("microphone", "audioinput", say("microphone")), select("loudspeaker", "audiooutput", say("loudspeaker")), h("p", { class: "quiet" }, say("call-devices-what")), place);
    });
  }

  return {
    element,
    start,
    hangUp,
    is: () => its !== null,
    /** In other words. */
    build: () => { if (!its) fill(element); },
    /** A line of the list: a call that came before the page did rings now. */
    found({ id, last }) {
      if (!app.hidden() && isRinging(last) && Date.now() - last.at * 1000 < FRESH) rings(id, last);
    },
    heard(event) {
      if (event.is === "received" && isRinging(event.message)) {
        if (!app.hidden()) rings(event.conversation, event.message);
      } else if (its && ["changed", "missed"].includes(event.is)) {
        look(its);
      }
    },
    keys(event) {
      if (!its) return false;
      const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
      if (event.key === "F7" && plain && event.type === "keydown") hangUp();
      else if (event.key === "F6" && plain && its.turns) floor(event.type === "keydown");
      else return false;
      event.preventDefault();
      return true;
    },
  };
}

const isRinging = (message) => message?.kind === "call" && message.from !== null && message.text === "ringing";

/** The line that stands for a call. */
export function callNote(message, open, again) {
  const side = message.from === null ? "out" : "in";
  const words = say(`called-${side}-${message.text}`);
  const missed = side === "in" && message.text === "missed";
  const back = missed && open ? h("button", { class: "plain", type: "button", onclick: again }, icon("call"), say("call-back")) : null;
  const at = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" }).format(new Date(message.at * 1000));
  return h("li", { class: missed ? "note callnote missed" : "note callnote", "data-id": message.id, tabindex: "-1", dir: "auto" }, icon("call"), ` ${words} · ${at} `, back);
}

/** The same in the list. */
export const callWords = (last) => say(`called-${last.from === null ? "out" : "in"}-${last.text}`);
