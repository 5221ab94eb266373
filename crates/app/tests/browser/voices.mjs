// Stories of voice: what is spoken into one page is heard out of the other.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";

import { browser } from "./stage.mjs";
import { PHONE, story, visit, clean, row, button, state, pair } from "./parts.mjs";

/** How loud each syllable of what is said is, a tenth of a second each; it is said again and again. */
const SYLLABLES = [9, 0, 6, 9, 0, 0, 8, 3, 0, 9, 9, 0, 4, 0, 0, 0, 9, 5, 7, 0, 2, 9, 0, 0, 0, 8, 0, 9, 6, 0];

/** A recording of somebody with a voice of 150 Hz, for a microphone. */
function speech(world) {
  const rate = 48000;
  const count = (rate / 10) * SYLLABLES.length;
  const file = Buffer.alloc(44 + count * 2);
  file.write("RIFF", 0);
  file.writeUInt32LE(36 + count * 2, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36);
  file.writeUInt32LE(count * 2, 40);
  for (let at = 0; at < count; at += 1) {
    const loud = SYLLABLES[Math.floor((at / rate) * 10)] / 9;
    let sample = 0;
    for (let part = 1; part <= 12; part += 1) sample += Math.sin((2 * Math.PI * 150 * part * at) / rate) / part;
    file.writeInt16LE(Math.round(sample * loud * 6000), 44 + at * 2);
  }
  const place = path.join(world.folder, "speech.wav");
  writeFileSync(place, file);
  return place;
}

/** How like two rows of numbers are: 1 for the same, 0 for nothing in common. */
function likeness(one, other) {
  const mean = (all) => all.reduce((sum, its) => sum + its, 0) / all.length;
  const [a, b] = [mean(one), mean(other)];
  let [both, left, right] = [0, 0, 0];
  for (let at = 0; at < one.length; at += 1) {
    both += (one[at] - a) * (other[at] - b);
    left += (one[at] - a) ** 2;
    right += (other[at] - b) ** 2;
  }
  return both / Math.sqrt(left * right);
}

/** How like what was heard is to what was said, wherever in it the hearing began. */
function understood(samples) {
  const step = 320;
  const loud = Array.from({ length: Math.floor(samples.length / step) }, (_, at) => Math.sqrt(samples.slice(at * step, (at + 1) * step).reduce((sum, one) => sum + one * one, 0) / step));
  const said = Array.from({ length: SYLLABLES.length * 5 }, (_, at) => SYLLABLES[Math.floor(at / 5)]);
  let most = 0;
  for (let from = 0; from < said.length; from += 1) most = Math.max(most, likeness(loud, loud.map((_, at) => said[(from + at) % said.length])));
  return most;
}

/** Everything that is given to the loudspeaker from now on. */
const overhear = (page) => page.addInitScript(() => {
  globalThis.heard = [];
  const { start } = AudioBufferSourceNode.prototype;
  AudioBufferSourceNode.prototype.start = function begin(...how) {
    globalThis.heard.push([...this.buffer.getChannelData(0)]);
    return start.apply(this, how);
  };
});
const heard = async (page, count) => {
  await page.waitForFunction((wanted) => globalThis.heard.length >= wanted, count);
  return page.evaluate((wanted) => globalThis.heard[wanted - 1], count);
};
const clock = (page, seconds) => page.waitForFunction((wanted) => {
  const [minutes, its] = (document.querySelector(".compose.voice .clock")?.textContent ?? "0:00").split(":");
  return Number(minutes) * 60 + Number(its) >= wanted;
}, seconds);

story("what is spoken into one page is heard out of the other, at any speed, and a lock loses none of it", true, async (world, b) => {
  const [mina, joon] = pair(world);
  for (const one of [mina, joon]) one.run("grow", "--mib", "4");
  const mouth = await browser({ args: ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-audio-capture=${speech(world)}`] });
  try {
    const m = await visit(mouth, await mina.open());
    const link = await joon.open();
    const context = await b.newContext({ ...PHONE, colorScheme: "dark" });
    await overhear(context);
    const j = await context.newPage();
    j.setDefaultTimeout(45000);
    j.complaints = [];
    j.on("pageerror", (error) => j.complaints.push(error.message));
    await j.goto(link);
    await row(m, "준").click();
    await row(j, "미나").click();

    // By keys alone: begin, stop, send.
    await m.locator(".words").focus();
    await m.keyboard.press("Alt+v");
    await m.locator(".compose.voice", { hasText: "녹음 중" }).waitFor();
    await clock(m, 4);
    await clean(m, "60-speaking");
    await m.keyboard.press("Escape");
    await m.locator(".compose.voice", { hasText: "보내지 않은 말" }).waitFor();
    await clean(m, "61-spoken");
    await button(m.locator(".compose.voice"), "보내기").click();
    const note = m.locator(".said:has(.sound)");
    await note.waitFor();
    const its = j.locator(".said:has(.sound)");
    await button(its, "듣기").click();
    const once = await heard(j, 1);
    await its.locator(".clock", { hasText: / \/ 0:0[4-9]/u }).waitFor();
    await clean(j, "62-heard-phone");
    assert.ok(once.length > 3.9 * 16000, `${once.length} samples`);
    const like = understood(once);
    assert.ok(like > 0.7, `what was heard is like what was said: ${like}`);

    // Twice as fast is half as long and still the same voice; from another place it begins there.
    await button(its, "멈춤").click();
    await its.locator(".seek").fill("0");
    for (let turn = 0; turn < 2; turn += 1) await its.locator(".speed").click();
    await its.locator(".speed", { hasText: "2×" }).waitFor();
    await button(its, "듣기").click();
    const fast = await heard(j, 2);
    const ratio = fast.length / once.length;
    assert.ok(ratio > 0.45 && ratio < 0.55, `${ratio}`);
    const pitch = (samples) => {
      let [best, most] = [0, -Infinity];
      for (let lag = 60; lag < 200; lag += 1) {
        let sum = 0;
        for (let at = 0; at + lag < samples.length; at += 3) sum += samples[at] * samples[at + lag];
        if (sum > most) [best, most] = [lag, sum];
      }
      return 16000 / best;
    };
    assert.ok(Math.abs(pitch(fast) - pitch(once)) < 8, `${pitch(once)} Hz, ${pitch(fast)} Hz`);
    await button(its, "멈춤").click();
    await its.locator(".seek").focus();
    await its.locator(".seek").fill("3000");
    await button(its, "듣기").click();
    const rest = await heard(j, 3);
    assert.ok(rest.length < once.length / 3, `${rest.length} of ${once.length}`);

    // A note that was begun before the home was locked goes on after it.
    await button(m, "말로 보내기").click();
    await clock(m, 3);
    await m.keyboard.press("F9");
    await m.locator("#passphrase").waitFor();
    await m.locator("#passphrase").fill(mina.passphrase);
    await m.keyboard.press("Enter");
    await row(m, "준").click();
    await m.locator(".compose.voice", { hasText: "보내지 않은 말" }).waitFor();
    await clock(m, 3);
    await button(m, "이어서 말하기").click();
    await clock(m, 5);
    await button(m.locator(".compose.voice"), "보내기").click();
    await its.nth(1).waitFor();
    await button(its.nth(1), "듣기").click();
    const both = await heard(j, 4);
    assert.ok(both.length > 4.9 * 16000, `${both.length} samples`);

    // What was thrown away is nowhere, and one writes again.
    await button(m, "말로 보내기").click();
    await clock(m, 1);
    await button(m, "버리기").click();
    await m.locator(".words").waitFor();
    await m.locator(".words").fill("다시 글로");
    await m.locator(".words").press("Enter");
    await state(m, "다시 글로", "도착함");
    assert.deepEqual([...m.complaints, ...j.complaints], []);
  } finally {
    await mouth.close();
  }
});
