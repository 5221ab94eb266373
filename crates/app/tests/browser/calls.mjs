// Calls between two browsers with microphones of files: what one says is measured where the other
// hears it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

import { browser, shot, BIN } from "./stage.mjs";
import { DESK, PHONE, story, visit, clean, row, button, pair } from "./parts.mjs";

const SECONDS = 10;

/** A recording of something like speech; seed 0 is silence. */
function recording(world, seed) {
  const file = path.join(world.folder, `${seed}.wav`);
  execFileSync(path.join(BIN, "examples/sentence"), [String(seed), String(SECONDS), file]);
  return file;
}

/** A browser whose microphone is a recording, said over and over. */
const speaker = (file) => browser({ args: [
  "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-audio-capture=${file}`,
  "--autoplay-policy=no-user-gesture-required",
] });

/** Writes down what goes to the loudspeaker of a page, from its call. */
function listener() {
  globalThis.played = [];
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function through(to, ...rest) {
    if (to instanceof AudioDestinationNode && this instanceof AudioWorkletNode && this.numberOfInputs === 0) {
      const writer = this.context.createScriptProcessor(4096, 1, 1);
      writer.onaudioprocess = ({ inputBuffer }) => { globalThis.played.push(...inputBuffer.getChannelData(0)); };
      connect.call(this, writer);
      connect.call(writer, to);
    }
    return connect.call(this, to, ...rest);
  };
}

/** How loud each 10 ms are. */
function envelope(samples) {
  const all = [];
  for (let at = 0; at + 160 <= samples.length; at += 160) {
    let power = 0;
    for (let of = at; of < at + 160; of += 1) power += samples[of] ** 2;
    all.push(Math.log(1 + power));
  }
  return all;
}

function correlation(a, b) {
  const mean = (all) => all.reduce((sum, one) => sum + one, 0) / all.length;
  const [am, bm] = [mean(a), mean(b)];
  let [both, aa, bb] = [0, 0, 0];
  a.forEach((one, at) => {
    both += (one - am) * (b[at] - bm);
    aa += (one - am) ** 2;
    bb += (b[at] - bm) ** 2;
  });
  return aa > 0 && bb > 0 ? both / Math.sqrt(aa * bb) : 0;
}

/** How alike what was heard is to what is said over and over: pieces of two seconds, each at its best
 * shift, since a busy machine is late by its own chance between them; the middle one of all. */
function likeness(file, played) {
  const wav = readFileSync(file);
  const said = Array.from({ length: (wav.length - 44) / 2 }, (_, at) => wav.readInt16LE(44 + at * 2));
  const whole = envelope(said);
  const loop = [...whole, ...whole];
  const heard = envelope(played.slice(16000).map((sample) => sample * 32768));
  const pieces = [];
  for (let from = 0; from + 200 <= heard.length; from += 100) {
    const piece = heard.slice(from, from + 200);
    let most = 0;
    for (let shift = 0; shift < whole.length; shift += 1) most = Math.max(most, correlation(piece, loop.slice(shift, shift + 200)));
    pieces.push(most);
  }
  assert.ok(pieces.length >= 4, `only ${heard.length} tens of milliseconds were heard`);
  return pieces.sort((one, other) => one - other)[Math.floor(pieces.length / 2)];
}

story("two people call each other in the app and hear what is said", true, async (world) => {
  const [mina, joon] = pair(world);
  const [said, silence] = [recording(world, 5), recording(world, 0)];
  const [mb, jb] = [await speaker(said), await speaker(silence)];
  try {
    const m = await visit(mb, await mina.open());
    const j = await visit(jb, await joon.open(), { ...PHONE, colorScheme: "dark" });
    for (const page of [m, j]) {
      await page.evaluate(`(${listener})()`);
    }
    await row(m, "준").click();
    await row(j, "미나").waitFor();

    // It rings, and is declined.
    await button(m, "통화").click();
    await m.locator(".callbar", { hasText: "벨이 울립니다" }).waitFor();
    await j.locator(".callbar", { hasText: "전화가 왔습니다" }).waitFor();
    await clean(m, "31-call-rings");
    await clean(j, "32-call-comes-phone");
    await button(j, "거절").click();
    await m.locator(".callend", { hasText: "지금은 전화를 받지 않습니다" }).waitFor();
    await m.locator(".callnote", { hasText: "상대가 거절한 전화" }).waitFor();

    // It rings again, and is taken.
    await button(m, "통화").click();
    await button(j, "받기").click();
    for (const page of [m, j]) await page.locator(".callbar", { hasText: "연결됨" }).waitFor();
    const enough = 16000 * 7;
    // A browser on a machine that is busy with other things stutters: it is listened to again.
    for (let turn = 0, heard = 0; heard < 0.75; turn += 1) {
      for (const page of [m, j]) await page.evaluate("globalThis.played.length = 0");
      for (const page of [m, j]) await page.waitForFunction((count) => globalThis.played.length > count, enough);
      const [atJoon, atMina] = [await j.evaluate("globalThis.played"), await m.evaluate("globalThis.played")];
      heard = likeness(said, atJoon);
      const nothing = likeness(said, atMina);
      console.log(`        likeness of what was heard ${heard.toFixed(2)}, of silence ${nothing.toFixed(2)}`);
      assert.ok(nothing < 0.3, `${nothing}`);
      assert.ok(heard >= 0.75 || turn < 2, `${heard}`);
    }
    assert.match(await m.locator(".calltime").innerText(), /^\d:\d\d$/u);
    await clean(m, "33-call");
    await clean(j, "34-call-phone");

    // Muted, nothing is heard any more, and the call goes on.
    await button(m, "내 소리 끄기").click();
    await j.waitForFunction(() => {
      const { played } = globalThis;
      const last = played.slice(-16000);
      return last.every((sample) => Math.abs(sample) < 0.004);
    });
    await m.locator("button[aria-pressed=true]", { has: m.locator("svg") }).first().waitFor();
    await button(m, "마이크와 스피커").click();
    await m.locator("#device-microphone").waitFor();
    await clean(m, "35-devices");
    await m.keyboard.press("Escape");

    // One key hangs up, and both sides say so.
    await m.keyboard.press("F7");
    await j.locator(".callend", { hasText: "통화가 끝났습니다" }).waitFor();
    await m.locator(".callnote", { hasText: "내가 건 통화" }).waitFor();
    await row(j, "미나").click();
    await j.locator(".callnote", { hasText: "걸려 온 통화" }).waitFor();

    // Nobody takes it: missed, and it can be called back from there.
    await button(m, "통화").click();
    await j.locator(".callbar", { hasText: "전화가 왔습니다" }).waitFor();
    await m.keyboard.press("F7");
    await j.locator(".callnote", { hasText: "받지 못한 전화" }).waitFor();
    await clean(j, "36-missed-phone");
    await button(j, "다시 걸기").click();
    await button(m, "받기").click();
    for (const page of [m, j]) await page.locator(".callbar", { hasText: "연결됨" }).waitFor();
    // Whoever hides the page is not heard in it.
    await j.keyboard.press("F8");
    await m.locator(".callend", { hasText: "통화가 끝났습니다" }).waitFor();
    assert.deepEqual([...m.complaints, ...j.complaints], []);
  } finally {
    await Promise.all([mb.close(), jb.close()]);
  }
});

story("a call that came before the page was opened rings when it is, while it is still there", true, async (world) => {
  const [mina, joon] = pair(world);
  const file = recording(world, 0);
  const [mb, jb] = [await speaker(file), await speaker(file)];
  try {
    const m = await visit(mb, await mina.open());
    const link = await joon.open();
    await row(m, "준").click();
    await button(m, "통화").click();
    await m.locator(".callbar", { hasText: "벨이 울립니다" }).waitFor();
    // Its home has the call; nobody looks at it yet.
    while (!joon.run("read").includes('"call"')) await new Promise((looked) => { setImmediate(looked); });
    const j = await visit(jb, link);
    await j.locator(".callbar", { hasText: "전화가 왔습니다" }).waitFor();
    // Declined: a page that is opened after that is silent.
    await button(j, "거절").click();
    await m.locator(".callend", { hasText: "지금은 전화를 받지 않습니다" }).waitFor();
    const again = await visit(jb, await joon.link());
    await row(again, "미나").waitFor();
    await row(again, "미나").locator(".last", { hasText: /전화/u }).waitFor();
    assert.equal(await again.locator(".callbar:not([hidden])").count(), 0, "what is over does not ring");
    // Hidden, it does not ring; shown again, it does.
    await again.keyboard.press("F8");
    await again.getByText("단위 환산").waitFor();
    await m.locator(".callend").waitFor({ state: "detached" });
    await button(m, "통화").click();
    await m.locator(".callbar", { hasText: "벨이 울립니다" }).waitFor();
    const rings = () => joon.run("read").trim().split("\n").filter((line) => JSON.parse(line).kind === "call").length;
    while (rings() < 2) await new Promise((looked) => { setImmediate(looked); });
    assert.equal(await again.locator(".callbar").count(), 0);
    await again.keyboard.press("F8");
    await again.locator(".callbar", { hasText: "전화가 왔습니다" }).waitFor();
    await m.keyboard.press("F7");
    await again.locator(".callbar", { hasText: "전화가 왔습니다" }).waitFor({ state: "hidden" });
  } finally {
    await Promise.all([mb.close(), jb.close()]);
  }
});

story("a call ends by itself when its budget is spent, and quiet homes do not call", false, async (world) => {
  const [mina, joon] = pair(world);
  const file = recording(world, 5);
  const [mb, jb] = [await speaker(file), await speaker(file)];
  try {
    const m = await visit(mb, await mina.open());
    const j = await visit(jb, await joon.open());
    await row(m, "준").click();
    await button(m, "메뉴").click();
    await m.getByRole("button", { name: "설정" }).click();
    await m.locator("#setting-call-mib").selectOption("1");
    await m.locator("#pace").selectOption("quiet");
    await m.keyboard.press("Escape");
    await button(m, "통화").click();
    await m.locator(".callend", { hasText: "늘 연결된 집" }).waitFor();
    await shot(m, "37-quiet");
    await button(m, "메뉴").click();
    await m.getByRole("button", { name: "설정" }).click();
    await m.locator("#pace").selectOption("live");
    await m.keyboard.press("Escape");
    await button(m, "통화").click();
    await button(j, "받기").click();
    await j.locator(".callbar", { hasText: "연결됨" }).waitFor();
    m.setDefaultTimeout(240000);
    await m.locator(".callend", { hasText: "허락한 만큼" }).waitFor();
    await j.locator(".callend").waitFor();
  } finally {
    await Promise.all([mb.close(), jb.close()]);
  }
});

story("that calls may go directly is chosen for one person, beside what it tells whom", false, async (world, b) => {
  const [mina] = pair(world);
  const m = await visit(b, await mina.open(), PHONE);
  await row(m, "준").click();
  await m.locator(".head .name").click();
  const box = m.locator("#direct");
  await box.scrollIntoViewIfNeeded();
  assert.equal(await box.isChecked(), false, "off unless chosen");
  await m.locator("dialog", { hasText: "양쪽 통신망이 내 주소를 알고" }).waitFor();
  const answered = m.waitForResponse((answer) => answer.request().postData()?.includes("direct"));
  await box.check();
  await answered;
  await clean(m, "38-direct-phone");
  assert.equal(JSON.parse(mina.run("direct", "준")).direct, true);
});
