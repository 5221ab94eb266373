// Stories of files: what leaves is clean, what comes is asked for, what is a program is named.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { browser, holders } from "./stage.mjs";
import { DESK, PHONE, story, visit, clean, row, bubble, button, state, pair } from "./parts.mjs";

/** A picture that tells who took it, and where. */
async function photograph(page, world) {
  const bare = await page.locator("body").screenshot({ type: "jpeg", quality: 60 });
  const entry = (tag, kind, count, value) => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt16LE(tag, 0);
    bytes.writeUInt16LE(kind, 2);
    bytes.writeUInt32LE(count, 4);
    Buffer.isBuffer(value) ? value.copy(bytes, 8) : bytes.writeUInt32LE(value, 8);
    return bytes;
  };
  const directory = (...entries) => Buffer.concat([Buffer.from([entries.length, 0]), ...entries, Buffer.alloc(4)]);
  const make = Buffer.from("대동강 손전화\0");
  const first = 8;
  const second = first + 2 + 24 + 4;
  const text = second + 2 + 12 + 4;
  const tiff = Buffer.concat([Buffer.from("II*\0"), Buffer.from([first, 0, 0, 0]),
    directory(entry(0x010f, 2, make.length, text), entry(0x8825, 4, 1, second)),
    directory(entry(1, 2, 2, Buffer.from("N\0\0\0"))), make]);
  const body = Buffer.concat([Buffer.from("Exif\0\0"), tiff]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length + 2);
  const file = path.join(world.folder, "IMG_평양역_0412.jpg");
  writeFileSync(file, Buffer.concat([bare.subarray(0, 2), Buffer.from([0xff, 0xe1]), length, body, bare.subarray(2)]));
  return file;
}

const noise = (count) => Buffer.from(Array.from({ length: count }, (_, at) => (Math.imul(at + 1, 2654435761) >>> 13) & 255));
const pick = (page, files) => page.locator(".compose input[type=file]").setInputFiles(files);
const said = (page) => page.locator(".said:has(.file)");

/** Presses a button that has the browser save something, and gives what it saved. */
async function saved(page, scope, name) {
  const coming = page.waitForEvent("download");
  await button(scope, name).click();
  const download = await coming;
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()), url: download.url() };
}

story("a photograph goes out clean and under a neutral name, and is saved on the other side", true, async (world, b) => {
  const [mina, joon] = pair(world);
  const m = await visit(b, await mina.open());
  const j = await visit(b, await joon.open(), { ...PHONE, colorScheme: "dark" });
  await row(m, "준").click();
  await row(j, "미나").click();
  const file = await photograph(m, world);
  assert.ok(readFileSync(file).includes("대동강"));
  await pick(m, file);
  await m.locator(".parcel .gone li", { hasText: "장소" }).waitFor();
  await m.getByText("보내는 이름: file-….jpg").waitFor();
  await m.getByText("느린 2G 로 약").waitFor();
  await clean(m, "50-before-it-leaves");
  await button(m.locator("dialog"), "보내기").click();
  await m.locator("dialog").waitFor({ state: "detached" });
  await said(m).locator(".state", { hasText: /중계기에 있음|도착함/u }).waitFor();
  for (const page of [m, j]) await said(page).locator(".seen.drawn").waitFor();
  await clean(m, "51-file");
  await clean(j, "52-file-phone-dark");
  await said(j).locator(".seen").click();
  await j.locator(".easel canvas").waitFor();
  const its = await saved(j, j.locator("dialog"), "저장");
  assert.match(its.name, /^file-[0-9a-f]{4}\.jpg$/u);
  assert.ok(!its.bytes.includes("Exif") && !its.bytes.includes("대동강") && its.bytes.length > 1000);
  // The link was for once: whoever finds it in the browser's list of downloads gets nothing.
  const again = await j.evaluate((url) => fetch(url).then((answer) => answer.status), its.url);
  assert.equal(again, 404);
  assert.deepEqual([...m.complaints, ...j.complaints], []);
});

story("a file that cannot be cleaned goes only as one chose, waits to be fetched, and comes whole", true, async (world, b) => {
  const [mina, joon] = pair(world);
  for (const one of [mina, joon]) one.run("grow", "--mib", "4");
  joon.run("file", "auto", "none");
  const m = await visit(b, await mina.open());
  const j = await visit(b, await joon.open());
  await row(m, "준").click();
  await row(j, "미나").click();
  const bytes = noise(700_001);
  const file = path.join(world.folder, "측정값.dat");
  writeFileSync(file, bytes);
  // It is dropped on the conversation.
  const data = await m.evaluateHandle(([text, its]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], its));
    return transfer;
  }, [bytes.toString("base64"), "측정값.dat"]);
  await m.dispatchEvent("body", "drop", { dataTransfer: data });
  await m.locator(".parcel .bad", { hasText: "깨끗이 할 수 있는 종류가 아닙니다" }).waitFor();
  assert.ok(await button(m.locator("dialog"), "보내기").isDisabled(), "nothing leaves before one chose");
  await m.getByRole("radio", { name: /그래도 있는 그대로/u }).check();
  await m.getByRole("checkbox", { name: "이름도 그대로 보내기" }).check();
  await clean(m, "53-not-clean");
  await button(m.locator("dialog"), "보내기").click();
  await said(j).locator(".what", { hasText: "측정값.dat" }).waitFor();
  await said(j).locator(".what", { hasText: "684" }).waitFor();
  await said(j).locator(".what", { hasText: "아직 받지 않음" }).waitFor();
  await said(m).locator(".what", { hasText: "측정값.dat" }).waitFor();
  await clean(j, "54-offered");
  // Its pieces are with the relay; what is fetched is shown while it comes.
  await said(m).locator("progress").waitFor({ state: "detached" });
  await j.evaluate(() => {
    globalThis.seen = new Set();
    new MutationObserver(() => { for (const bar of document.querySelectorAll(".said progress")) globalThis.seen.add(bar.value); }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
  });
  await button(said(j), "받기").click();
  await button(said(j), "저장").waitFor();
  assert.ok(await j.evaluate(() => globalThis.seen.size) > 2, "progress was shown");
  const its = await saved(j, said(j), "저장");
  assert.equal(its.name, "측정값.dat");
  assert.ok(its.bytes.equals(bytes), "every byte of it");
  assert.deepEqual([...m.complaints, ...j.complaints], []);
});

story("a program that calls itself a picture is named for what it is, and let out only by a deliberate act", true, async (world, b) => {
  const [mina, joon] = pair(world);
  const j = await visit(b, await joon.open());
  const file = path.join(world.folder, "꽃.jpg");
  const bytes = Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]), noise(4000)]);
  writeFileSync(file, bytes);
  mina.run("file", "send", "준", file, "--keep-metadata", "--keep-name");
  await row(j, "미나").click();
  await button(said(j), "저장").click();
  await j.locator("dialog .bad", { hasText: "리눅스나 안드로이드 프로그램" }).waitFor();
  await clean(j, "55-held-back");
  await button(j.locator("dialog"), "그만두기").click();
  await said(j).locator(".bad", { hasText: "막아 두었습니다: 리눅스나 안드로이드 프로그램" }).waitFor();
  await clean(j, "56-program");
  await button(said(j), "저장").click();
  const its = await saved(j, j.locator("dialog"), "그래도 저장");
  assert.ok(its.bytes.equals(bytes));
  await button(j, "메뉴").click();
  await button(j, "보안 기록").click();
  await j.getByText("온 파일이 프로그램이거나").waitFor();
  assert.deepEqual(j.complaints, []);
});

story("what may be opened once is gone when it was, what may not be saved is not, and deleted is gone for both", false, async (world, b) => {
  const [mina, joon] = pair(world);
  const m = await visit(b, await mina.open());
  const j = await visit(b, await joon.open());
  await row(m, "준").click();
  await row(j, "미나").click();
  const send = async (name, tick) => {
    await pick(m, { name, mimeType: "text/plain", buffer: Buffer.from(`${name} 안의 글\n`) });
    await m.getByText("떼어 낼 것이 없습니다").waitFor();
    await m.getByRole("checkbox", { name: "이름도 그대로 보내기" }).check();
    if (tick) await m.getByRole("checkbox", { name: tick }).check();
    await button(m.locator("dialog"), "보내기").click();
    await m.locator("dialog").waitFor({ state: "detached" });
  };
  await send("한번.txt", "한 번만 열 수 있게");
  await send("여기서만.txt", "밖에 저장하지 못하게");
  await send("지울것.txt");
  const its = (page, name) => page.locator(".said", { hasText: name });
  await button(its(j, "한번.txt"), "저장").waitFor();
  await its(j, "여기서만.txt").getByText("여기에서만 보기를 바랍니다").waitFor();
  assert.equal(await button(its(j, "여기서만.txt"), "저장").count(), 0);
  await clean(j, "57-rules");
  const once = await saved(j, its(j, "한번.txt"), "저장");
  assert.equal(once.bytes.toString(), "한번.txt 안의 글\n");
  await its(j, "한번.txt").waitFor({ state: "detached" });
  await its(m, "지울것.txt").hover();
  await its(m, "지울것.txt").locator(".deeds").click();
  await button(m, "모두에게서 삭제").click();
  await button(m.locator("dialog"), "모두에게서 삭제").click();
  await its(j, "지울것.txt").waitFor({ state: "detached" });
  // What is left is in the gallery, by kind and by name.
  await button(j, "사진, 파일, 음성").click();
  await j.locator(".gallery li", { hasText: "여기서만.txt" }).waitFor();
  await j.locator("#gallery-kind").selectOption("picture");
  await j.locator(".gallery li", { hasText: "아무것도 없습니다" }).waitFor();
  await j.locator("#gallery-kind").selectOption("paper");
  await j.locator("#gallery-words").fill("서만");
  await j.locator(".gallery li", { hasText: "여기서만.txt" }).waitFor();
  await clean(j, "58-gallery");
  await button(j.locator("dialog"), "대화에서 보기").click();
  await j.locator(".found", { hasText: "여기서만.txt" }).waitFor();
  assert.deepEqual([...m.complaints, ...j.complaints], []);
});

story("the browser's folder holds nothing of a file but what its owner saved", true, async (world) => {
  const [mina, joon] = pair(world);
  const marker = "쇠기러기 삼만 마리";
  const file = path.join(world.folder, "새.txt");
  writeFileSync(file, `${marker}\n`.repeat(1500));
  mina.run("file", "send", "준", file, "--keep-name");
  const profile = mkdtempSync(path.join(world.folder, "profile-"));
  const out = mkdtempSync(path.join(world.folder, "out-"));
  const link = await joon.open();
  const context = await browser({ profile, ...DESK, downloadsPath: out });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(45000);
  await page.goto(link);
  await row(page, "미나").click();
  await button(said(page), "저장").waitFor();
  const its = await saved(page, said(page), "저장");
  assert.ok(its.bytes.includes(marker), "what was saved holds it");
  // And one on its way out of the same browser.
  await pick(page, { name: "답.txt", mimeType: "text/plain", buffer: Buffer.from("재두루미 열두 마리\n".repeat(4000)) });
  await page.getByText("떼어 낼 것이 없습니다").waitFor();
  await button(page.locator("dialog"), "보내기").click();
  await page.locator("dialog").waitFor({ state: "detached" });
  assert.deepEqual(holders(profile, "재두루미"), [], "not while it is open either");
  await context.close();
  for (const text of [marker, "재두루미", "답.txt"]) assert.deepEqual(holders(profile, text), [], text);
});

story("a file and a note that are begun without a connection wait, can be paused and cancelled, and arrive after it", false, async (world) => {
  const [mina, joon] = pair(world);
  for (const one of [mina, joon]) one.run("grow", "--mib", "4");
  joon.run("file", "auto", "2M");
  const mouth = await browser({ args: ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"] });
  try {
    const m = await visit(mouth, await mina.open());
    const j = await visit(mouth, await joon.open());
    await row(m, "준").click();
    await row(j, "미나").click();
    await world.server.end("SIGTERM");
    await m.locator(".strip .bad").waitFor();
    const send = async (name, bytes) => {
      const file = path.join(world.folder, name);
      writeFileSync(file, bytes);
      await pick(m, file);
      await m.getByRole("radio", { name: /그래도 있는 그대로/u }).check();
      await m.getByRole("checkbox", { name: "이름도 그대로 보내기" }).check();
      await button(m.locator("dialog"), "보내기").click();
      await m.locator("dialog").waitFor({ state: "detached" });
    };
    const its = (page, name) => page.locator(".said", { hasText: name });
    await send("하나.dat", noise(300_000));
    await send("둘.dat", noise(200_000));
    await its(m, "하나.dat").locator(".what", { hasText: "293 KiB" }).waitFor();
    await its(m, "하나.dat").locator("progress").waitFor();
    await button(its(m, "하나.dat"), "멈춤").click();
    await its(m, "하나.dat").locator(".what", { hasText: "멈춰 있음" }).waitFor();
    await button(m, "말로 보내기").click();
    await m.waitForFunction(() => document.querySelector(".compose.voice .clock")?.textContent >= "0:02");
    await button(m.locator(".compose.voice"), "보내기").click();
    await m.locator(".said:has(.sound)").waitFor();
    await clean(m, "59-without-a-connection");
    // One of them is not to go after all.
    await button(its(m, "둘.dat"), "취소").click();
    await button(m.locator("dialog"), "모두에게서 삭제").click();
    await its(m, "둘.dat").waitFor({ state: "detached" });

    await world.relay(world.port);
    await button(m, "지금 주고받기").click();
    await button(j.locator(".said:has(.sound)"), "듣기").waitFor();
    await its(j, "하나.dat").locator("progress").waitFor();
    assert.equal(await button(its(j, "하나.dat"), "저장").count(), 0, "it is paused over there");
    await button(its(m, "하나.dat"), "계속").click();
    const came = await saved(j, its(j, "하나.dat"), "저장");
    assert.ok(came.bytes.equals(noise(300_000)));
    assert.equal(await its(j, "둘.dat").count(), 0);
    assert.deepEqual([...m.complaints, ...j.complaints], []);
  } finally {
    await mouth.close();
  }
});
