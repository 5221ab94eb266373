// Stories of what lies around the page: the pace, a camera, pictures that are dropped, notifications,
// people who come and go, the browser that the program starts.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, watch, writeFileSync } from "node:fs";
import path from "node:path";

import { DESK, PHONE, acquaint, bubble, button, clean, pair, row, state, story, visit, write } from "./parts.mjs";
import { browser, connect } from "./stage.mjs";

/** The squares of a code on a page, as a film of one picture that a camera would see. */
async function film(page, file) {
  const { side, dark } = await page.locator("svg.code").evaluate((svg) => ({
    side: Number(svg.getAttribute("viewBox").split(" ")[2]),
    dark: [...svg.querySelector("path").getAttribute("d").matchAll(/M(\d+) (\d+)/gu)].map(([, x, y]) => [Number(x), Number(y)]),
  }));
  const [width, height] = [640, 480];
  const scale = Math.floor(height / side);
  const [left, top] = [Math.floor((width - side * scale) / 2), Math.floor((height - side * scale) / 2)];
  const bright = Buffer.alloc(width * height, 180);
  for (let y = 0; y < side * scale; y += 1) bright.fill(235, (top + y) * width + left, (top + y) * width + left + side * scale);
  for (const [x, y] of dark) {
    for (let line = 0; line < scale; line += 1) {
      const at = (top + y * scale + line) * width + left + x * scale;
      bright.fill(16, at, at + scale);
    }
  }
  const frame = Buffer.concat([Buffer.from("FRAME\n"), bright, Buffer.alloc((width * height) / 2, 128)]);
  writeFileSync(file, Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420mpeg2\n`), frame, frame]));
}

async function invitation(page) {
  await button(page, "새로 만들기").click();
  await page.getByRole("button", { name: /초대하기/u }).click();
  await button(page, "한 사람용").click();
  await page.locator("svg.code").waitFor();
  return page.locator(".address").innerText();
}

async function answering(page) {
  await button(page, "새로 만들기").click();
  await page.getByRole("button", { name: /초대에 답하기/u }).click();
}

story("a code before the camera is an invitation, and the camera is off afterwards", true, async (world, b) => {
  const [mina, joon] = [world.person("미나"), world.person("준")];
  const page = await visit(b, await mina.open());
  const link = await invitation(page);
  const seen = path.join(world.folder, "code.y4m");
  await film(page, seen);
  await page.keyboard.press("Escape");
  const eyes = await browser({ args: ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-video-capture=${seen}`] });
  try {
    const other = await visit(eyes, await joon.open(), PHONE);
    await answering(other);
    await other.evaluate(() => {
      const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (wanted) => (globalThis.cameraStream = await real(wanted));
    });
    await button(other, "카메라로 찍기").click();
    await other.locator(".say", { hasText: "코드를 찾았습니다" }).waitFor();
    assert.equal(await other.locator("#join-link").inputValue(), link);
    assert.equal(await other.locator("video").count(), 0);
    assert.deepEqual(await other.evaluate(() => globalThis.cameraStream.getTracks().map((track) => track.readyState)), ["ended"]);
    await clean(other, "40-camera-phone");
    await other.locator("dialog form").getByRole("button", { name: "초대에 답하기" }).click();
    await other.getByText("됐습니다").waitFor();
    await row(page, "준").waitFor();
    assert.deepEqual([...page.complaints, ...other.complaints], []);
  } finally {
    await eyes.close();
  }
});

story("a picture of a code that is dropped on the page is an invitation, and another picture is none", false, async (world, b) => {
  const [mina, joon] = [world.person("미나"), world.person("준")];
  const page = await visit(b, await mina.open());
  const link = await invitation(page);
  const picture = await page.locator("svg.code").screenshot();
  const other = await visit(b, await joon.open());
  await other.getByText("아직 아무도 없습니다").waitFor();
  const drop = async (bytes, name) => {
    const data = await other.evaluateHandle(([text, its]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], its, { type: "image/png" }));
      return transfer;
    }, [bytes.toString("base64"), name]);
    await other.dispatchEvent("body", "dragover", { dataTransfer: data });
    assert.ok(await other.evaluate(() => document.body.classList.contains("drop")));
    await other.dispatchEvent("body", "drop", { dataTransfer: data });
    assert.ok(!(await other.evaluate(() => document.body.classList.contains("drop"))));
  };
  await drop(await page.locator(".list, .side, h2").first().screenshot(), "list.png");
  await other.locator(".say", { hasText: "읽을 수 있는 코드가 없습니다" }).waitFor();
  await other.keyboard.press("Escape");
  await drop(picture, "code.png");
  await other.locator("#join-link").waitFor();
  assert.equal(await other.locator("#join-link").inputValue(), link);
  await clean(other, "41-dropped");
  assert.deepEqual([...page.complaints, ...other.complaints], []);
});

story("at a steady pace a text goes and comes, and the page says what the network still learns", false, async (world, b) => {
  const [mina, joon] = pair(world);
  const page = await visit(b, await mina.open());
  const other = await visit(b, await joon.open());
  await row(page, "준").click();
  await row(other, "미나").click();
  await button(page, "메뉴").click();
  await page.getByRole("button", { name: "설정" }).click();
  await page.locator("#pace").selectOption("steady");
  await page.keyboard.press("Escape");
  await page.locator(".strip p", { hasText: "고르게" }).waitFor();
  await write(page, "고른 걸음으로 간다");
  await bubble(other, "고른 걸음으로").waitFor();
  await write(other, "이쪽으로도 온다");
  await bubble(page, "이쪽으로도").waitFor();
  await state(page, "고른 걸음으로", "도착함");
  await button(page, "누가 지켜보고 무엇을 아는지").click();
  await page.getByText("고르게 주고받는다는 것").waitFor();
  await clean(page, "42-steady");
  assert.deepEqual([...page.complaints, ...other.complaints], []);
});

story("a notification says nothing unless allowed, and never the words", false, async (world, b) => {
  const [mina, joon] = pair(world);
  const context = await b.newContext(DESK);
  const page = await context.newPage();
  page.setDefaultTimeout(45000);
  // What would be put on the screen by the system is written down instead.
  await page.addInitScript(() => {
    globalThis.shownNotes = [];
    globalThis.Notification = class {
      static permission = "granted";
      static async requestPermission() { return "granted"; }
      constructor(title, options) { globalThis.shownNotes.push([title, options]); }
    };
  });
  await page.goto(await mina.open());
  await row(page, "준").waitFor();
  joon.run("send", "미나", "첫째 비밀");
  await page.locator(".badge", { hasText: "1" }).waitFor();
  const notes = () => page.evaluate(() => globalThis.shownNotes.map(([title, { body }]) => [title, body]));
  assert.deepEqual(await notes(), [], "nothing, as long as nobody allowed it");
  const allow = async (how) => {
    await button(page, "메뉴").click();
    await page.getByRole("button", { name: "설정" }).click();
    await page.locator("#setting-notify").selectOption(how);
    await page.keyboard.press("Escape");
  };
  await allow("bare");
  joon.run("send", "미나", "둘째 비밀");
  await page.locator(".badge", { hasText: "2" }).waitFor();
  assert.deepEqual(await notes(), [["Notes", "새 소식"]]);
  await allow("name");
  joon.run("send", "미나", "셋째 비밀");
  await page.locator(".badge", { hasText: "3" }).waitFor();
  assert.deepEqual((await notes())[1], ["Notes", "준 님에게서"]);
  // Hidden, not even that.
  await page.keyboard.press("F8");
  joon.run("send", "미나", "넷째 비밀");
  await page.keyboard.press("F8");
  await page.locator(".badge", { hasText: "4" }).waitFor();
  assert.equal((await notes()).length, 2);
  assert.ok(!JSON.stringify(await page.evaluate(() => globalThis.shownNotes)).includes("비밀"));
});

story("somebody is called something else, comes into a group later, and goes out of it", false, async (world, b) => {
  const [mina, joon] = pair(world);
  const sora = world.person("소라");
  acquaint(mina, sora);
  const page = await visit(b, await mina.open());
  const others = [await visit(b, await joon.open()), await visit(b, await sora.open(), PHONE)];
  // Another name, here only.
  await row(page, "소라").click();
  await page.locator(".head .name").click();
  await page.locator("#name").fill("산에 가는 소라");
  await button(page.locator("dialog"), "이름 바꾸기").click();
  await page.locator(".say", { hasText: "이름을 바꾸었습니다" }).waitFor();
  await clean(page, "43-renamed");
  await page.keyboard.press("Escape");
  await page.locator(".head h2", { hasText: "산에 가는 소라" }).waitFor();
  await row(page, "산에 가는 소라").waitFor();

  await button(page, "새로 만들기").click();
  await page.getByRole("button", { name: /새 그룹/u }).click();
  await page.locator("#group-title").fill("일요일");
  await page.getByRole("checkbox", { name: "준" }).check();
  await button(page, "그룹 만들기").click();
  await row(others[0], "일요일").click();
  await write(page, "소라가 오기 전의 말");
  await bubble(others[0], "소라가 오기 전의").waitFor();

  await page.locator(".head .name").click();
  await page.getByRole("checkbox", { name: "산에 가는 소라" }).check();
  await clean(page, "44-adding");
  await button(page.locator("dialog"), "사람 더하기").click();
  await page.locator(".head .name", { hasText: "3명" }).waitFor();
  await row(others[1], "일요일").click();
  await write(page, "이제 셋이다");
  await bubble(others[1], "이제 셋이다").waitFor();
  assert.equal(await bubble(others[1], "소라가 오기 전의").count(), 0, "what was said before is not theirs");

  // Joon goes by himself; the others go on without him.
  await others[0].locator(".head .name").click();
  await others[0].getByRole("button", { name: "그룹 나가기" }).click();
  await clean(others[0], "45-leaving");
  await button(others[0].locator("dialog"), "그룹 나가기").last().click();
  await others[0].getByText("끝난 대화입니다").waitFor();
  await page.locator(".head .name", { hasText: "2명" }).waitFor();
  await write(page, "준은 갔다");
  await bubble(others[1], "준은 갔다").waitFor();
  assert.equal(await bubble(others[0], "준은 갔다").count(), 0);
  assert.deepEqual([...page.complaints, ...others.flatMap((other) => other.complaints)], []);
});

story("one more relay is used from the settings, and what is new begins there", false, async (world, b) => {
  const [mina, joon] = pair(world);
  const page = await visit(b, await mina.open(), PHONE);
  const other = await visit(b, await joon.open());
  const first = world.address;
  const second = await world.relay(0, "second relay");
  await button(page, "메뉴").click();
  await button(page.locator("dialog"), "설정").click();
  await page.locator("dialog").getByRole("button", { name: /^중계기/u }).click();
  await page.locator(".relays li").waitFor();
  const add = async (address) => {
    await page.locator("#relay-address").fill(address);
    await page.getByRole("checkbox").check();
    await button(page, "중계기 더하기").click();
  };
  await add("중계기");
  await page.locator(".say.bad", { hasText: "중계기 주소가 아닙니다" }).waitFor();
  await add(second);
  await page.locator(".say", { hasText: "더했습니다" }).waitFor();
  assert.equal(await page.locator(".relays li").count(), 2);
  const place = (address) => address.replace("sogon-relay://", "").split("#")[0];
  await page.locator(".relays li").first().getByText(place(second)).waitFor();
  await clean(page, "74-relays");
  await page.getByRole("button", { name: `첫째로: ${place(first)}` }).click();
  await page.locator(".relays li").first().getByText(place(first)).waitFor();
  await page.getByRole("button", { name: `${place(first)} 쓰지 않기` }).click();
  await page.locator(".relays li").nth(1).waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  // Joon hears of it, in his own log.
  await row(other, "미나").click();
  await write(other, "나도 알았어");
  await row(page, "준").click();
  await bubble(page, "나도 알았어").waitFor();
  await button(other, "메뉴").click();
  await other.locator("dialog").getByRole("button", { name: "보안 기록" }).click();
  await other.locator(".log-lines", { hasText: "아는 중계기가 바뀌었습니다" }).waitFor();
  await page.keyboard.press("Escape");
  assert.deepEqual([...page.complaints, ...other.complaints], []);
});

story("the browser that the program starts shows the home, has the link from nobody's list, and leaves nothing", false, async (world) => {
  const [mina] = pair(world);
  // A Chromium without a screen, that can be looked into; it writes down how it was started.
  const bin = path.join(world.folder, "bin");
  mkdirSync(bin);
  const told = path.join(world.folder, "told");
  mkdirSync(told);
  const wrapper = path.join(bin, "chromium");
  writeFileSync(wrapper, `#!/bin/sh\nprintf '%s\\n' "$@" > '${told}/part' && mv '${told}/part' '${told}/arguments'\nexec '${process.env.SOGON_APP_CHROMIUM}' --headless=new --no-sandbox --remote-debugging-port=0 "$@"\n`);
  chmodSync(wrapper, 0o755);
  const came = once(watch(told).on("error", () => {}), "change");
  // On a terminal of its own: without one no browser is started.
  const command = `${path.join(process.env.SOGON_APP_BIN, "sogon")} --home '${mina.home}' --passphrase-file '${mina.file}' open`;
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, DISPLAY: ":99", XDG_RUNTIME_DIR: world.folder };
  const program = spawn("script", ["-qfec", command, "/dev/null"], { env, stdio: ["pipe", "pipe", "inherit"] });
  try {
    await came;
    while (!existsSync(path.join(told, "arguments"))) await once(watch(told), "change");
    const args = readFileSync(path.join(told, "arguments"), "utf8");
    assert.ok(!args.includes("#t=") && !args.includes(".localhost"), args);
    const profile = /--user-data-dir=(.+)/u.exec(args)[1];
    const folder = path.dirname(profile);
    assert.equal(statSync(folder).mode & 0o077, 0, "its folder is its owner's");
    assert.equal(statSync(path.join(folder, "open.html")).mode & 0o077, 0);
    const eyes = await connect(profile);
    const page = eyes.contexts()[0].pages()[0];
    page.setDefaultTimeout(45000);
    await row(page, "준").waitFor();
    assert.match(page.url(), /^http:\/\/s[0-9a-f]{16}\.localhost:\d+\/$/u, "the token is gone from the address");
    program.stdin.write("\u0003");
    await once(program, "exit");
    assert.ok(!existsSync(folder), "nothing of it is left");
    await eyes.close().catch(() => {});
  } finally {
    program.kill();
  }
});

story("names and words that run from right to left turn nothing else around", false, async (world, b) => {
  const [mina, dani] = [world.person("미나"), world.person("דני")];
  acquaint(mina, dani);
  dani.run("send", "미나", "שלום! מחר ב-7, ליד השוק (abc).");
  // Somebody may have put a mark into a name that turns everything behind it around.
  const sora = world.person("소라\u202eabc");
  acquaint(mina, sora);
  sora.run("send", "미나", "안녕");
  const page = await visit(b, await mina.open());
  await row(page, "דני").click();
  await bubble(page, "שלום").waitFor();
  const turned = (locator) => locator.evaluate((node) => [getComputedStyle(node).direction, getComputedStyle(node).unicodeBidi]);
  assert.deepEqual(await turned(bubble(page, "שלום").locator(".text")), ["rtl", "isolate"]);
  assert.deepEqual((await turned(page.locator(".head h2")))[0], "rtl");
  assert.deepEqual(await turned(page.locator(".foot time").first()), ["ltr", await page.locator(".foot time").first().evaluate((node) => getComputedStyle(node).unicodeBidi)]);
  await write(page, "תודה רבה");
  // In the list who wrote stands before what was written, each apart from the other.
  await row(page, "דני").locator(".last bdi", { hasText: "나" }).waitFor();
  const places = await row(page, "דני").locator(".last").evaluate((node) => {
    const range = document.createRange();
    const text = [...node.childNodes].filter((one) => one.textContent.trim() && one.className !== "unseen");
    return text.map((one) => { range.selectNodeContents(one); return range.getBoundingClientRect().left; });
  });
  assert.ok(places.length > 1 && places[0] < places.at(-1), String(places));
  assert.equal(await row(page, "דני").locator(".last bdi").last().evaluate((node) => getComputedStyle(node).direction), "rtl");
  // In a sentence a name is kept apart, and a mark in it does nothing.
  await page.locator(".head .name").click();
  await page.locator(".digits").waitFor();
  const sentence = await page.locator("dialog .safety p, dialog p").first().innerText();
  assert.ok(!sentence.includes("דני") || sentence.includes("\u2068דני\u2069"), sentence);
  await clean(page, "70-right-to-left");
  await page.keyboard.press("Escape");
  await row(page, "소라abc").click();
  assert.ok(!(await page.locator(".list, .side").first().innerText()).includes("\u202e"));
  assert.ok(!(await page.locator(".words").getAttribute("aria-label")).includes("\u202e"));
  assert.deepEqual(page.complaints, []);
});
