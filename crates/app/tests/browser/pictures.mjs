// Stories of pictures: seen small where they were said, large on their own, and nowhere else.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import path from "node:path";
import { crc32, deflateSync } from "node:zlib";

import { browser, holders } from "./stage.mjs";
import { DESK, PHONE, story, visit, clean, row, button, pair } from "./parts.mjs";

/** A PNG (RFC 2083) whose head says this size, with these rows behind it. */
function png(wide, high, rows) {
  const chunk = (kind, data) => {
    const body = Buffer.concat([Buffer.from(kind), data]);
    const all = Buffer.alloc(body.length + 8);
    all.writeUInt32BE(data.length, 0);
    body.copy(all, 4);
    all.writeUInt32BE(crc32(body), body.length + 4);
    return all;
  };
  const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  head.writeUInt32BE(wide, 0);
  head.writeUInt32BE(high, 4);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

/** Four fields: red, green, blue, and a hill under a sky, so that a screenshot shows something. */
function fields(wide = 900, high = 600) {
  const row = 1 + wide * 3;
  const rows = Buffer.alloc(row * high);
  for (let y = 0; y < high; y += 1) {
    for (let x = 0; x < wide; x += 1) {
      const [left, top] = [x < wide / 2, y < high / 2];
      const hill = y > high * (0.78 - 0.16 * Math.sin((x / wide) * 9));
      const point = top && left ? [200, 40, 30] : top ? [40, 160, 60] : left ? [40, 70, 200] : hill ? [70, 90, 50] : [205, 170 + ((x * 7 + y * 3) % 40), 120];
      rows.set(point, y * row + 1 + x * 3);
    }
  }
  return png(wide, high, rows);
}

const bomb = () => png(40000, 40000, Buffer.alloc(64));
const said = (page) => page.locator(".said:has(.file)");
const drawn = (scope) => scope.locator(".seen.drawn");

/** The colour of a canvas a quarter from its left and upper edge, and so on. */
const colours = (canvas) => canvas.evaluate((its) => [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75]].map(([x, y]) => [...its.getContext("2d").getImageData(Math.floor(its.width * x), Math.floor(its.height * y), 1, 1).data].slice(0, 3)));

async function shows(canvas) {
  const seen = await colours(canvas);
  [[200, 40, 30], [40, 160, 60], [40, 70, 200]].forEach((wanted, at) => wanted.forEach((value, of) => assert.ok(Math.abs(value - seen[at][of]) < 16, `${seen}`)));
}

function written(world, name, bytes) {
  const file = path.join(world.folder, name);
  writeFileSync(file, bytes);
  return file;
}

story("a picture is seen small where it was said and large on its own, and a trap is a file", true, async (world, b) => {
  const [mina, joon] = pair(world);
  const m = await visit(b, await mina.open());
  const j = await visit(b, await joon.open(), { ...PHONE, colorScheme: "dark" });
  await row(m, "준").click();
  await row(j, "미나").click();
  mina.run("file", "send", "준", written(world, "들.png", fields()));
  for (const page of [m, j]) {
    await drawn(said(page)).waitFor();
    await shows(said(page).locator("canvas"));
    const { width, height } = await said(page).locator(".seen").boundingBox();
    assert.ok(Math.abs(width * 0.75 - height) < 1, `a frame of known size: ${width} ${height}`);
  }
  await clean(m, "63-picture");
  await clean(j, "64-picture-phone-dark");
  // A change of what is said about it draws nothing anew.
  await said(m).locator(".seen").evaluate((its) => { its.querySelector("canvas").marked = true; });
  await m.locator(".log").focus();
  await m.keyboard.press("ArrowUp");
  await m.keyboard.press("Enter");
  await m.getByRole("button", { name: "👍 반응하기" }).click();
  await said(j).locator(".reactions button", { hasText: "👍" }).waitFor();
  await said(m).locator(".reactions button", { hasText: "👍" }).waitFor();
  assert.ok(await said(m).locator("canvas").evaluate((its) => its.marked && its.width > 0));

  // Large; nothing leads out of it but what its owner presses.
  await said(j).locator(".seen").click();
  await j.locator(".easel canvas").waitFor();
  assert.deepEqual(await j.locator(".easel canvas").evaluate((its) => [its.width, its.height]), [900, 600]);
  await shows(j.locator(".easel canvas"));
  assert.equal(await j.locator("img, a, video").count(), 0);
  const menu = await j.locator(".easel").evaluate((its) => !its.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true })));
  assert.ok(menu, "the browser's own menu is not offered");
  await clean(j, "65-large-phone");
  const coming = j.waitForEvent("download");
  await button(j.locator("dialog"), "저장").click();
  assert.match((await coming).suggestedFilename(), /^file-[0-9a-f]{4}\.png$/u);
  await j.keyboard.press("Escape");
  await j.locator("dialog").waitFor({ state: "detached" });
  assert.equal(await j.locator(".easel canvas").count(), 0);

  // What promises forty thousand by forty thousand points, and what is cut off, is shown as a file.
  mina.run("file", "send", "준", written(world, "함정.png", bomb()), "--keep-metadata", "--keep-name");
  mina.run("file", "send", "준", written(world, "잘린것.png", fields().subarray(0, 900)), "--keep-metadata", "--keep-name");
  for (const name of ["함정.png", "잘린것.png"]) {
    const its = j.locator(".said", { hasText: name });
    await its.locator(".what b", { hasText: name }).waitFor();
    await its.locator(".what", { hasText: "사진" }).waitFor();
    await its.locator(".seen").waitFor({ state: "detached" });
    await button(its, "저장").waitFor();
  }
  await clean(j, "66-trap-phone");

  // In the gallery they lie side by side, and one comes back to it.
  await button(m, "사진, 파일, 음성").click();
  await m.locator(".gallery .seen.drawn").waitFor();
  await clean(m, "67-gallery");
  await m.locator("#gallery-kind").selectOption("picture");
  await m.locator(".tiles .seen.drawn").click();
  await m.locator(".easel canvas").waitFor();
  await clean(m, "68-large");
  await button(m.locator("dialog"), "닫기").click();
  await m.locator(".tiles .seen.drawn").waitFor();
  await clean(m, "69-tiles");
  await m.locator(".tiles .seen.drawn").click();
  await button(m.locator("dialog"), "대화에서 보기").click();
  await m.locator(".found .seen").waitFor();
  assert.deepEqual([...m.complaints, ...j.complaints], []);
});

/** Keeps a piece out of the middle of every picture the page is given. */
function collector() {
  globalThis.given = [];
  const make = globalThis.createImageBitmap;
  globalThis.createImageBitmap = async (source, ...how) => {
    const bytes = new Uint8Array(await source.arrayBuffer());
    const middle = Math.floor(bytes.length / 2);
    globalThis.given.push([...bytes.slice(middle, middle + 40)]);
    return make(source, ...how);
  };
}

story("what may not be saved is seen here, what may be seen once is seen once, and the browser keeps neither", true, async (world) => {
  const [mina, joon] = pair(world);
  mina.run("file", "send", "준", written(world, "여기만.png", fields(800, 500)), "--no-saving");
  mina.run("file", "send", "준", written(world, "한번.png", fields(700, 700)), "--once");
  mina.run("file", "send", "준", written(world, "여기만.txt", "강가의 집, 셋째 문\n"), "--no-saving", "--keep-name");
  mina.run("file", "send", "준", written(world, "함정.png", bomb()), "--once", "--keep-metadata", "--keep-name");
  const profile = mkdtempSync(path.join(world.folder, "profile-"));
  const link = await joon.open();
  const context = await browser({ profile, ...DESK });
  await context.addInitScript(collector);
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(45000);
  await page.goto(link);
  await row(page, "미나").click();

  const only = page.locator(".said", { hasText: "여기에서만 보기를 바랍니다" });
  await drawn(only).click();
  await page.locator(".easel canvas").waitFor();
  await shows(page.locator(".easel canvas"));
  await page.locator(".under", { hasText: "밖에 저장되지 않습니다" }).waitFor();
  assert.equal(await button(page.locator("dialog"), "저장").count(), 0);
  await clean(page, "70-here-only");
  // Printing is saving: there is nothing on paper.
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator(".easel canvas").isVisible(), false);
  await page.emulateMedia({ media: null });
  await page.keyboard.press("Escape");

  // Words that may not be saved are read here.
  const words = page.locator(".said", { hasText: "여기만.txt" });
  assert.equal(await button(words, "저장").count(), 0);
  await button(words, "읽기").click();
  await page.locator("dialog .text", { hasText: "강가의 집, 셋째 문" }).waitFor();
  await clean(page, "76-words-here-only");
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator("dialog .text").isVisible(), false);
  await page.emulateMedia({ media: null });
  await page.keyboard.press("Escape");

  // A trap that was to be seen once is not taken for seen.
  const once = page.locator(".said", { hasText: "한 번 보면" });
  assert.equal(await once.locator(".seen").count(), 0, "nothing of it is shown beforehand");
  const trap = once.filter({ hasText: "함정.png" });
  await button(trap, "한 번 보기").click();
  await page.locator(".easel .bad", { hasText: "그릴 수 있는 사진이 아닙니다" }).waitFor();
  await page.keyboard.press("Escape");
  await trap.waitFor();

  const its = once.filter({ hasNotText: "함정.png" });
  await clean(page, "71-once");
  await button(its, "한 번 보기").click();
  await page.locator(".easel canvas").waitFor();
  await shows(page.locator(".easel canvas"));
  await its.waitFor({ state: "detached" });
  await clean(page, "72-once-seen");
  const left = joon.run("file", "list").trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(left.filter((one) => one.expires_s === 0).length, 1, "only the trap is still in the home");
  const canvas = await page.locator(".easel canvas").elementHandle();
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  assert.equal(await canvas.evaluate((old) => old.width), 0, "its points are given back");
  assert.equal(await page.locator("canvas").count(), 1, "only the other one");

  // One key takes a picture that is shown off the page, and it does not come back by itself.
  await drawn(only).click();
  await page.locator(".easel canvas").waitFor();
  await page.keyboard.press("F8");
  await page.getByText("단위 환산").waitFor();
  assert.equal(await page.locator("canvas, dialog").count(), 0);
  await page.keyboard.press("F8");
  await drawn(only).waitFor();

  const given = await page.evaluate(() => globalThis.given);
  assert.ok(given.length >= 4, `${given.length} pictures were given to the page`);
  const pieces = given.map((piece) => Buffer.from(piece));
  for (const piece of pieces) assert.deepEqual(holders(profile, piece), [], "not while it is open either");
  await context.close();
  writeFileSync(path.join(profile, "planted"), pieces[0]);
  assert.equal(holders(profile, pieces[0]).length, 1, "only the planted file");
  for (const piece of pieces.slice(1)) if (!piece.equals(pieces[0])) assert.deepEqual(holders(profile, piece), []);
});

story("a picture that is to fade fades from when it was seen small", false, async (world, b) => {
  const [mina, joon] = pair(world);
  mina.run("file", "send", "준", written(world, "잠깐.png", fields(300, 200)), "--expires", "3s");
  const page = await visit(b, await joon.open());
  await row(page, "미나").click();
  await drawn(said(page)).waitFor();
  await said(page).waitFor({ state: "detached" });
  assert.equal(joon.run("file", "list").trim(), "");
  assert.deepEqual(page.complaints, []);
});

/** A picture that does not get small by being packed well. */
function rough(wide, high) {
  const row = 1 + wide * 3;
  const rows = Buffer.alloc(row * high);
  let its = 1;
  for (let at = 0; at < rows.length; at += 1) {
    its ^= its << 13;
    its ^= its >>> 17;
    its ^= its << 5;
    rows[at] = at % row === 0 ? 0 : (its >>> 9) & 0x1f;
  }
  return png(wide, high, rows);
}

story("on a poor link a picture and a note leave smaller, and the picture's own size is a choice", false, async (world) => {
  world.address = world.address.replace(`:${world.port}#`, `:${await world.poorLine(900)}#`);
  const [mina, joon] = pair(world);
  for (const one of [mina, joon]) one.run("grow", "--mib", "8");
  const mouth = await browser({ args: ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"] });
  try {
    const m = await visit(mouth, await mina.open());
    await row(m, "준").click();
    const file = written(world, "꽃밭.png", rough(1500, 800));
    const sent = () => mina.run("file", "list").trim().split("\n").map((line) => JSON.parse(line));
    const send = async (choose) => {
      await m.locator(".compose input[type=file]").setInputFiles(file);
      await m.getByRole("radio", { name: /지금 연결에 맞춘 크기로 보내기/u }).waitFor();
      await choose();
      await button(m.locator("dialog"), "보내기").click();
      await m.locator("dialog").waitFor({ state: "detached" });
    };
    await send(async () => {
      assert.ok(await m.getByRole("radio", { name: /지금 연결에 맞춘/u }).isChecked());
      await clean(m, "73-fitted");
    });
    await send(() => m.getByRole("radio", { name: /원래 크기로 보내기/u }).check());
    const [small, own] = sent().map((one) => one.bytes);
    assert.ok(small < own * 0.8, `${small} of ${own}`);
    await drawn(m.locator(".said").last()).waitFor();

    // What was begun goes on in frames of one size.
    const clock = (seconds) => m.waitForFunction((wanted) => document.querySelector(".compose.voice .clock")?.textContent >= wanted, `0:0${seconds}`);
    await button(m, "말로 보내기").click();
    await clock(1);
    await button(m.locator(".compose.voice"), "멈춤").click();
    await button(m, "이어서 말하기").click();
    await clock(2);
    await button(m.locator(".compose.voice"), "보내기").click();
    await m.locator(".said:has(.sound)").waitFor();
    const note = sent().at(-1).bytes - 8;
    assert.ok(note % 45 === 0 && note < 33 * 120, `frames of 6 kbit a second: ${note}`);
    assert.deepEqual(m.complaints, []);
  } finally {
    await mouth.close();
  }
});

story("a picture that was copied, and a file, are pasted into the conversation and asked about first", true, async (world, b) => {
  const [mina] = pair(world);
  const context = await b.newContext(DESK);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  page.setDefaultTimeout(45000);
  await page.goto(await mina.open());
  await row(page, "준").click();
  await page.evaluate(async (bytes) => {
    const blob = new Blob([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], { type: "image/png" });
    await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
  }, fields(400, 300).toString("base64"));
  await page.locator(".words").focus();
  await page.keyboard.press("Control+v");
  await page.locator(".parcel h3", { hasText: "image.png" }).waitFor();
  await page.getByText("보내는 이름: file-….png").waitFor();
  assert.equal(await page.locator(".said").count(), 0, "nothing left before one said so");
  await clean(page, "74-pasted");
  await button(page.locator("dialog"), "보내기").click();
  await drawn(said(page)).waitFor();
  await shows(said(page).locator("canvas"));

  const paste = (text, file) => page.locator(".words").evaluate((its, [words, name, inside]) => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([inside], name));
    if (words) clipboardData.setData("text/plain", words);
    return its.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, [text, ...file]);
  // A word processor copies words and a picture of them: they are words.
  assert.equal(await paste("글과 함께 베낀 그림", ["image.png", "x"]), true, "the browser pastes the words");
  assert.equal(await page.locator("dialog").count(), 0);

  // A file as a folder's window copies it.
  assert.equal(await paste("", ["장보기.txt", "살구 두 근\n"]), false);
  await page.locator(".parcel h3", { hasText: "장보기.txt" }).waitFor();
  await page.getByRole("checkbox", { name: "이름도 그대로 보내기" }).check();
  await button(page.locator("dialog"), "보내기").click();
  await page.locator(".said .what", { hasText: "장보기.txt" }).waitFor();
  assert.equal(await page.locator(".words").inputValue(), "");
});

story("large pictures are gone through one after the other, and seen in their own size", false, async (world, b) => {
  const [mina, joon] = pair(world);
  const names = ["봄.png", "여름.png", "가을.png"];
  for (const name of names) mina.run("file", "send", "준", written(world, name, fields()), "--keep-name");
  const page = await visit(b, await joon.open(), PHONE);
  await row(page, "미나").click();
  await page.locator(".seen.drawn").nth(2).waitFor();
  await page.locator(".seen").nth(1).click();
  const title = (name) => page.locator("dialog h2", { hasText: name }).waitFor();
  const there = () => page.locator(".easel canvas").waitFor();
  await title("여름.png");
  await there();
  await page.keyboard.press("ArrowRight");
  await title("가을.png");
  await there();
  assert.equal(await button(page.locator("dialog"), "다음 사진").count(), 0, "it is the last one");
  await page.keyboard.press("ArrowRight");
  await button(page.locator("dialog"), "이전 사진").click();
  await title("여름.png");
  await button(page.locator("dialog"), "이전 사진").click();
  await title("봄.png");
  await there();
  const wide = () => page.locator(".easel canvas").evaluate((its) => its.getBoundingClientRect().width);
  assert.ok(await wide() <= 390);
  await clean(page, "75-one-of-three-phone");
  await button(page.locator("dialog"), "실제 크기").click();
  assert.equal(await wide(), 900);
  assert.ok(await page.locator(".easel").evaluate((its) => { its.scrollLeft = 400; return its.scrollLeft; }) > 300);
  await clean(page, "76-own-size-phone");
  // Keys move it now, and lead nowhere else.
  await page.keyboard.press("ArrowRight");
  await title("봄.png");
  await button(page.locator("dialog"), "실제 크기").click();
  await page.keyboard.press("ArrowRight");
  await title("여름.png");
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  assert.deepEqual(page.complaints, []);
});
