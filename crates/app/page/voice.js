// Voice notes: spoken into the home second by second, and heard.

import { fill, h, speak } from "./dom.js";
import { icon } from "./icons.js";
import { call, hand, hear } from "./net.js";
import { refusal, told } from "./sheet.js";
import { say } from "./words.js";

const RATE = 16000;
const MOST_MS = 600000;
const SPEEDS = [1, 1.5, 2, 0.75];
const clock = (ms) => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;

// ---- speaking

let speaking = null;

/** Ends what is being spoken, after its last words are in the home. */
export const settled = () => speaking?.stop() ?? Promise.resolve();

/** The row in which one speaks, in the place of the one in which one writes. */
export function voiceRow(about, how) {
  const conversation = about.id;
  const time = h("span", { class: "clock" }, clock(about.speech_ms));
  const words = h("span", {}, say("voice-begun"));
  const place = h("div");
  const round = (name, label, work, main) => h("button", { class: main ? "round main" : "round", type: "button", "aria-label": label, title: label, onclick: work }, icon(name));
  const again = round("mic", say("voice-go-on"), begin);
  const stop = round("stop", say("voice-stop"), () => mine?.stop());
  const listen = round("play", say("voice-play"), () => play(null, { conversation }, null));
  const send = round("send", say("send"), finish, true);
  const row = h("div", { class: "compose voice", role: "group", "aria-label": say("file-voice"), onkeydown: (event) => {
    if (event.key !== "Escape" || !mine) return;
    event.preventDefault();
    event.stopPropagation();
    mine.stop();
  } }, round("bin", say("voice-throw"), throwAway), h("span", { class: "live" }), words, time, again, listen, stop, send);
  const element = h("div", {}, place, row);
  let mine = null;
  let ms = about.speech_ms;
  show();

  function show() {
    row.classList.toggle("on", Boolean(mine));
    words.textContent = mine ? say("voice-on") : say("voice-begun");
    time.textContent = clock(ms);
    [again.hidden, listen.hidden, stop.hidden] = [Boolean(mine) || ms >= MOST_MS, Boolean(mine), !mine];
  }

  async function begin() {
    fill(place);
    await settled();
    silence();
    try {
      mine = await record(conversation, (now) => {
        ms = now;
        about.speech_ms = now;
        time.textContent = clock(now);
        if (now >= MOST_MS) mine?.stop();
      }, (error) => {
        mine = null;
        if (error) told(place, refusal(error), true);
        show();
      });
      speak(say("voice-on"));
      show();
      send.focus();
    } catch (error) {
      told(place, error.name === "NotAllowedError" || error.name === "NotFoundError" ? say("voice-no-mic") : refusal(error), true);
    }
  }

  async function finish() {
    send.disabled = true;
    await mine?.stop();
    silence();
    try {
      await call("speech-send", { conversation, reply: how.reply()?.id ?? null });
      about.speech_ms = 0;
      how.done();
    } catch (error) {
      told(place, refusal(error), true);
    }
    send.disabled = false;
  }

  async function throwAway() {
    await mine?.stop();
    silence();
    await call("speech-throw", { conversation }).catch(() => {});
    about.speech_ms = 0;
    how.done();
  }

  return { element, begin };
}

/** Records until it is stopped; each second is stored before it counts. */
async function record(conversation, grown, ended) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true }, video: false });
  const context = new AudioContext({ sampleRate: RATE });
  let closed = false;
  const close = () => {
    closed = true;
    stream.getTracks().forEach((track) => track.stop());
    context.close().catch(() => {});
  };
  try {
    await context.audioWorklet.addModule("/mic.js");
    const { speech, ms } = await call("speech-begin", { conversation });
    const source = context.createMediaStreamSource(stream);
    const mic = new AudioWorkletNode(context, "mic", { numberOfOutputs: 0 });
    let at = 0;
    let stopped = null;
    let chain = Promise.resolve();
    const over = new Promise((done) => {
      const it = {
        stop() {
          stopped ??= (mic.port.postMessage("stop"), over);
          return stopped;
        },
      };
      const end = (error) => {
        if (closed) return;
        close();
        if (speaking === it) speaking = null;
        ended(error);
        done();
      };
      mic.port.onmessage = ({ data }) => {
        if (data === null) {
          chain = chain.then(() => end(null));
        } else if (data.length > 0) {
          chain = chain.then(async () => {
            await hand(`/speak/${speech}/${at}`, data);
            at += data.length;
            grown(ms + Math.floor((at / RATE) * 1000));
          }).catch(end);
        }
      };
      stream.getTracks()[0].addEventListener("ended", () => it.stop());
      speaking = it;
    });
    source.connect(mic);
    return speaking;
  } catch (error) {
    close();
    throw error;
  }
}

// ---- hearing

let heard = null;

/** What is heard ends, and its samples are gone from the page. */
export function silence() {
  if (!heard) return;
  const { context, how, message, begun } = heard;
  halt();
  context.close().catch(() => {});
  heard = null;
  if (begun && message && message.from !== null) call("speech-heard", { conversation: how.conversation, id: message.id }).catch(() => {});
}

const where = () => (heard.source ? Math.min(heard.ms, heard.from + (heard.context.currentTime - heard.since) * heard.speed * 1000) : heard.from);

function halt() {
  if (!heard.source) return;
  heard.from = where();
  heard.source.onended = null;
  heard.source.stop();
  heard.source = null;
  cancelAnimationFrame(heard.frame);
  paint();
}

function paint() {
  const { box } = heard;
  if (!box) return;
  const at = where();
  const button = box.querySelector(".play");
  const label = heard.source ? say("voice-stop") : say("voice-play");
  if (button.getAttribute("aria-label") !== label) {
    button.setAttribute("aria-label", label);
    fill(button, icon(heard.source ? "stop" : "play"));
  }
  const seeking = box.querySelector(".seek");
  seeking.max = heard.ms;
  seeking.value = at;
  seeking.setAttribute("aria-valuetext", `${clock(at)} / ${clock(heard.ms)}`);
  box.querySelector(".clock").textContent = `${clock(at)} / ${clock(heard.ms)}`;
  const speed = box.querySelector(".speed");
  speed.textContent = `${heard.speed}×`;
  speed.setAttribute("aria-label", `${say("voice-speed")} ${heard.speed}×`);
}

function sound() {
  const { context, samples, speed } = heard;
  if (heard.from >= heard.ms - 20) heard.from = 0;
  const from = Math.floor((heard.from / 1000) * RATE);
  const whole = speed === 1 ? samples.subarray(from) : stretched(samples.subarray(from), speed);
  const buffer = context.createBuffer(1, Math.max(1, whole.length), RATE);
  buffer.copyToChannel(whole, 0);
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  const its = heard;
  source.onended = () => {
    if (heard !== its) return;
    halt();
    heard.from = 0;
    paint();
    if (heard.message?.fades === 0) silence();
  };
  heard.since = context.currentTime;
  heard.source = source;
  heard.begun = true;
  source.start();
  const beat = () => {
    if (heard !== its || !its.source) return;
    paint();
    its.frame = requestAnimationFrame(beat);
  };
  beat();
}

/** Has a note at hand, whichever was heard before. */
async function ready(message, how, box) {
  const id = message?.id ?? null;
  if (heard && heard.id === id && heard.how.conversation === how.conversation) {
    heard.box = box;
    return true;
  }
  silence();
  const context = new AudioContext();
  const its = { id, message, how, box, context, speed: 1, from: 0, source: null, begun: false };
  try {
    const pcm = await hear(id === null ? { conversation: how.conversation } : { conversation: how.conversation, id });
    its.samples = Float32Array.from(pcm, (sample) => sample / 32768);
    its.ms = (its.samples.length / RATE) * 1000;
  } catch (error) {
    context.close().catch(() => {});
    if (box?.parentElement) told(box.parentElement.lastElementChild, refusal(error), true);
    return false;
  }
  heard = its;
  return true;
}

/** Begins or pauses. */
export async function play(message, how, box) {
  if (!(await ready(message, how, box))) return;
  if (heard.source) halt();
  else sound();
}

/** Goes to another place. */
export async function seek(message, how, box, ms) {
  if (!(await ready(message, how, box))) return;
  const going = Boolean(heard.source);
  halt();
  heard.from = Math.min(ms, heard.ms);
  if (going) sound();
  else paint();
}

/** Speaks at the next speed, with the same voice. */
export async function faster(message, how, box) {
  if (!(await ready(message, how, box))) return;
  const going = Boolean(heard.source);
  halt();
  heard.speed = SPEEDS[(SPEEDS.indexOf(heard.speed) + 1) % SPEEDS.length];
  if (going) sound();
  else paint();
}

const FRAME = 640;
const HOP = FRAME / 2;
const REACH = 160;

/** The same speech in more or less time: pieces laid over each other where they are most alike. */
export function stretched(samples, speed) {
  const out = new Float32Array(Math.ceil(samples.length / speed) + FRAME);
  const slope = Float32Array.from({ length: FRAME }, (_, at) => 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / FRAME));
  let natural = 0;
  for (let turn = 0; ; turn += 1) {
    const aim = Math.round(turn * HOP * speed);
    if (aim + FRAME >= samples.length) break;
    let best = aim;
    if (turn > 0 && natural + HOP < samples.length) {
      let most = -Infinity;
      for (let to = Math.max(0, aim - REACH); to <= aim + REACH && to + FRAME < samples.length; to += 2) {
        let likeness = 0;
        for (let at = 0; at < HOP; at += 4) likeness += samples[to + at] * samples[natural + at];
        if (likeness > most) { most = likeness; best = to; }
      }
    }
    const place = turn * HOP;
    for (let at = 0; at < FRAME && place + at < out.length; at += 1) out[place + at] += samples[best + at] * (turn === 0 && at < HOP ? 1 : slope[at]);
    natural = best + HOP;
  }
  return out.subarray(0, Math.ceil(samples.length / speed));
}
