// Stories in a real browser, as `cargo xtask app` plays them. Nothing here waits for a time: only for
// what is to be seen.

import assert from "node:assert/strict";
import http from "node:http";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import path from "node:path";

import { World, browser, faults, holders, shot, trial } from "./stage.mjs";
import { DESK, PHONE, stories, story, visit, clean, row, bubble, button, state, write, pair, acquaint } from "./parts.mjs";


const SHORT = process.argv.includes("--short");
const ONLY = process.argv.find((word) => word.startsWith("--only="))?.slice(7);
story("two people meet through a code and write, in Korean, on a desk and on a phone", true, async (world, b) => {
  const [mina, joon] = [world.person("미나"), world.person("준")];
  const m = await visit(b, await mina.open());
  const j = await visit(b, await joon.open(), { ...PHONE, colorScheme: "dark" });
  await m.getByText("아직 아무도 없습니다").waitFor();
  await clean(m, "01-nobody-yet");

  // Mina shows a code; Joon takes a picture of it.
  await button(m, "새로 만들기").click();
  await clean(m, "02-new");
  await m.getByRole("button", { name: /초대하기/u }).click();
  await button(m, "한 사람용").click();
  await m.locator("svg.code").waitFor();
  await clean(m, "03-invitation");
  const picture = path.join(world.folder, "code.png");
  await m.locator("svg.code").screenshot({ path: picture });
  const link = await m.locator(".address").innerText();
  await m.keyboard.press("Escape");
  await button(j, "새로 만들기").click();
  await j.getByRole("button", { name: /초대에 답하기/u }).click();
  await j.locator("input[type=file]").setInputFiles(picture);
  await j.locator(".say", { hasText: "코드를 찾았습니다" }).waitFor();
  assert.equal(await j.locator("#join-link").inputValue(), link, "the code says what the link says");
  await clean(j, "04-join-phone");
  await j.locator("#join-name").fill("미나");
  await j.locator("dialog form").getByRole("button", { name: "초대에 답하기" }).click();
  await j.getByText("됐습니다").waitFor();
  await j.locator("dialog .body").getByRole("button", { name: "닫기" }).click();

  // Both appear to each other without anybody asking.
  await row(m, "준").click();
  await row(j, "미나").click();
  await write(m, "안녕! 오늘 저녁에 시간 있어?");
  await bubble(j, "안녕!").waitFor();
  await state(m, "안녕!", "도착함");
  await write(j, "응, 일곱 시에 시장 뒤에서 보자.");
  await bubble(m, "일곱 시에").waitFor();
  await m.evaluate(() => document.body.focus());

  // An answer to a message, by keys alone.
  await m.locator(".log").focus();
  await m.keyboard.press("ArrowUp");
  await m.keyboard.press("r");
  await m.keyboard.type("좋아");
  await m.keyboard.press("Enter");
  await bubble(j, "좋아").locator(".quote", { hasText: "일곱 시에" }).waitFor();

  // Chinese keeps its own forms inside a Korean page.
  await write(j, "中文也可以：骨直角令");
  assert.equal(await bubble(m, "中文也可以").locator(".text").getAttribute("lang"), "zh-Hans");
  // A link shows where it goes and nothing is loaded from there.
  const asked = [];
  m.on("request", (request) => asked.push(request.url()));
  await write(j, "여기 봐: https://xn--example-9d0b.test/자리?q=1.");
  await bubble(m, "여기 봐").locator(".link").click();
  await m.locator("dialog .say", { hasText: "xn--example-9d0b.test" }).waitFor();
  await clean(m, "05-link");
  assert.ok(asked.every((url) => url.includes(".localhost:")), String(asked));
  await m.keyboard.press("Escape");
  await bubble(m, "여기 봐").locator(".link").press("Enter");
  await m.locator("dialog .say", { hasText: "xn--example-9d0b.test" }).waitFor();
  await m.keyboard.press("Escape");
  // What follows a link that wraps stands where the link ends.
  const ends = await bubble(j, "여기 봐").locator(".text").evaluate((text) => {
    const stop = document.createRange();
    stop.selectNodeContents(text.lastChild);
    return [[...text.querySelector(".link").getClientRects()].at(-1), stop.getBoundingClientRect()].map((its) => [its.right, its.top]);
  });
  assert.ok(Math.abs(ends[0][1] - ends[1][1]) < 4, `the full stop: ${JSON.stringify(ends)}`);
  await clean(m, "06-talk");
  await clean(j, "07-talk-phone-dark");

  // Other words, and an answer in one letter: on both sides.
  await write(m, "여덟 시애 보자");
  await bubble(j, "여덟 시애").waitFor();
  await m.locator(".log").focus();
  await m.keyboard.press("ArrowUp");
  await m.keyboard.press("e");
  await m.locator(".words").fill("여덟 시에 보자");
  await m.locator(".words").press("Enter");
  await bubble(j, "여덟 시에 보자").locator(".foot", { hasText: "고침" }).waitFor();
  assert.equal(await bubble(j, "시애").count(), 0);
  await bubble(j, "여덟 시에").locator(".deeds").click();
  await j.getByRole("button", { name: "👍 반응하기" }).click();
  await bubble(m, "여덟 시에").locator(".reactions button", { hasText: "👍" }).waitFor();
  await bubble(j, "여덟 시에").locator(".reactions button[aria-pressed=true]").click();
  await bubble(m, "여덟 시에").locator(".reactions").waitFor({ state: "detached" });
  await bubble(m, "여덟 시에").hover();
  await bubble(m, "여덟 시에").locator(".deeds").click();
  await m.getByRole("button", { name: "🙏 반응하기" }).click();
  await bubble(j, "여덟 시에").locator(".reactions button", { hasText: "🙏" }).waitFor();

  // What is gone is gone on both sides.
  await write(m, "이건 잘못 보냈다");
  await state(m, "이건 잘못", "도착함");
  await bubble(m, "이건 잘못").hover();
  await bubble(m, "이건 잘못").locator(".deeds").click();
  await clean(m, "08-deeds");
  await button(m, "모두에게서 삭제").click();
  await button(m.locator("dialog"), "모두에게서 삭제").click();
  await bubble(m, "이건 잘못").waitFor({ state: "detached" });
  await bubble(j, "이건 잘못").waitFor({ state: "detached" });

  // The safety number is the same on both sides: digits, words, code.
  await m.locator(".head .name").click();
  await m.locator(".digits").waitFor();
  await m.getByText("낱말로 보기").click();
  await m.getByText("코드로 보기").click();
  await m.locator("dialog svg.code").waitFor();
  await clean(m, "09-contact");
  await m.locator("dialog svg.code").screenshot({ path: picture });
  const ours = [await m.locator(".digits").innerText(), await m.locator(".spoken").innerText()];
  await m.keyboard.press("Escape");
  await j.locator(".head .name").click();
  await j.locator(".digits").waitFor();
  await j.getByText("낱말로 보기").click();
  assert.deepEqual([await j.locator(".digits").innerText(), await j.locator(".spoken").innerText()], ours);
  assert.equal(await j.locator(".spoken li").count(), 19);
  await j.getByText("코드로 보기").click();
  await j.locator("dialog input[type=file]").setInputFiles(picture);
  await j.locator(".say", { hasText: "번호가 같습니다" }).waitFor();
  await clean(j, "10-verified-phone");
  await j.keyboard.press("Escape");
  await j.locator(".head .name", { hasText: "만나서 확인함" }).waitFor();
  assert.deepEqual([...m.complaints, ...j.complaints], []);
});

story("a syllable that is being put together is not sent by Enter", true, async (world, b) => {
  const [mina, joon] = pair(world);
  const page = await visit(b, await mina.open());
  await row(page, "준").click();
  await page.locator(".words").focus();
  const keyboard = await page.context().newCDPSession(page);
  const enter = async () => {
    const key = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 13, text: "\r" };
    await keyboard.send("Input.dispatchKeyEvent", { type: "keyDown", ...key });
    await keyboard.send("Input.dispatchKeyEvent", { type: "keyUp", ...key });
  };
  for (const text of ["ㅎ", "하", "한"]) await keyboard.send("Input.imeSetComposition", { text, selectionStart: 1, selectionEnd: 1 });
  assert.equal(await page.locator(".words").inputValue(), "한");
  await page.evaluate(() => {
    globalThis.composing = [];
    addEventListener("keydown", (event) => globalThis.composing.push(event.isComposing), true);
  });
  await enter();
  assert.deepEqual(await page.evaluate(() => globalThis.composing), [true], "the key met a syllable");
  assert.equal(await page.locator(".said").count(), 0, "nothing was sent");
  await keyboard.send("Input.insertText", { text: "한" });
  await keyboard.send("Input.insertText", { text: "글" });
  await enter();
  await bubble(page, "한글").waitFor();
  await state(page, "한글", "중계기에 있음");
  joon.run("sync");
  assert.match(joon.run("read"), /한글/u);
  assert.deepEqual(page.complaints, []);
});

story("drafts stay, a locked page is empty, and the passphrase opens it again", true, async (world, b) => {
  const [mina, joon] = pair(world);
  joon.run("send", "미나", "비밀스러운 약속");
  const page = await visit(b, await mina.open());
  await row(page, "준").locator(".badge", { hasText: "1" }).waitFor();
  assert.equal(await page.title(), "(1) Notes");
  await clean(page, "11-unread");
  await row(page, "준").click();
  await bubble(page, "비밀스러운").waitFor();
  await row(page, "준").locator(".badge").waitFor({ state: "detached" });
  await page.locator(".words").fill("아직 다 쓰지 않은 말");
  await row(page, "준").locator("em", { hasText: "쓰던 글" }).waitFor();

  // One key hides everything, the same key brings it back.
  await page.keyboard.press("F8");
  await page.getByText("단위 환산").waitFor();
  assert.ok(!(await page.content()).includes("비밀"));
  await clean(page, "12-hidden");
  await page.keyboard.press("F8");
  await bubble(page, "비밀스러운").waitFor();

  await page.keyboard.press("F9");
  await page.locator("#passphrase").waitFor();
  const left = await page.content();
  for (const word of ["비밀", "준", "미나", "쓰지 않은"]) assert.ok(!left.includes(word), word);
  await clean(page, "13-locked");
  await page.locator("#passphrase").fill("not this one");
  await page.keyboard.press("Enter");
  await page.getByText("이 암호 문구로는").waitFor();
  await page.locator("#passphrase").fill(mina.passphrase);
  await page.keyboard.press("Enter");
  await row(page, "준").click();
  await bubble(page, "비밀스러운").waitFor();
  assert.equal(await page.locator(".words").inputValue(), "아직 다 쓰지 않은 말");

  await button(page, "메뉴").click();
  await button(page, "보안 기록").click();
  await page.getByText("틀린 암호 문구").waitFor();
  await page.getByText("기록의 사슬이 온전합니다").waitFor();
  await clean(page, "14-alerts");
  await page.keyboard.press("Escape");

  // Another command locks it: the page is empty too.
  mina.run("lock");
  await page.locator("#passphrase").waitFor();
  assert.deepEqual(page.complaints, []);
});

story("what is written without a relay waits, and says so, and arrives", true, async (world, b) => {
  const [mina, joon] = pair(world);
  const page = await visit(b, await mina.open());
  const other = await visit(b, await joon.open());
  await row(page, "준").click();
  await row(other, "미나").click();
  await write(page, "연결되어 있을 때");
  await state(page, "연결되어", "도착함");
  await world.server.end("SIGTERM");
  await page.locator(".strip .bad").waitFor();
  await write(page, "연결이 없을 때");
  await state(page, "연결이 없을", "연결을 기다림");
  await clean(page, "15-outage");
  await world.relay(world.port);
  await button(page, "지금 주고받기").click();
  await bubble(other, "연결이 없을 때").waitFor();
  await state(page, "연결이 없을", "도착함");
  await shot(page, "16-back");
  await page.locator(".strip p:not(.bad)").waitFor();
  assert.deepEqual(page.complaints, []);
});

story("what comes while an answer is on its way is not taken back by it", true, async (world, b) => {
  const [mina, joon] = pair(world);
  const page = await visit(b, await mina.open());
  const other = await visit(b, await joon.open());
  await row(other, "미나").click();
  // Answers that say what is in a conversation are held until they are let go.
  await page.evaluate(() => {
    const real = window.fetch;
    window.held = [];
    window.fetch = async (path, how) => {
      const answer = await real(path, how);
      if (path === "/api/messages") await new Promise((go) => window.held.push(go));
      return answer;
    };
  });
  const held = (count) => page.waitForFunction((count) => window.held.length >= count, count);
  const go = () => page.evaluate(async () => {
    window.held.splice(0).forEach((go) => go());
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
  });
  // While the conversation opens.
  await row(page, "준").click();
  await held(1);
  await write(other, "여는 동안");
  await row(page, "여는 동안").waitFor();
  await go();
  await bubble(page, "여는 동안").waitFor();
  // While the page looks again, as it does after it was hidden; and it is told twice to.
  await page.keyboard.press("F8");
  await page.keyboard.press("F8");
  await held(1);
  await write(other, "다시 보는 동안");
  await bubble(page, "다시 보는 동안").waitFor();
  await page.keyboard.press("F8");
  await page.keyboard.press("F8");
  await go();
  assert.equal(await bubble(page, "다시 보는 동안").count(), 1);
  await held(1);
  await write(other, "또 보는 동안");
  await bubble(page, "또 보는 동안").waitFor();
  await go();
  assert.equal(await bubble(page, "동안").count(), 3);
  assert.deepEqual(page.complaints, []);
});

story("a quiet home says nothing until it is told to", false, async (world, b) => {
  const [mina, joon] = pair(world);
  mina.run("mode", "quiet");
  const page = await visit(b, await mina.open());
  const other = await visit(b, await joon.open());
  await row(page, "준").click();
  await row(other, "미나").click();
  await page.locator(".strip p", { hasText: "조용히" }).waitFor();
  await write(page, "조용히 쓴 말");
  await page.locator(".strip p", { hasText: "메시지 1개가 기다립니다" }).waitFor();
  await state(page, "조용히 쓴", "연결을 기다림");
  await clean(page, "29-quiet");
  assert.equal(await bubble(other, "조용히 쓴").count(), 0);
  await button(page, "지금 주고받기").click();
  await bubble(other, "조용히 쓴").waitFor();
  await state(page, "조용히 쓴", "중계기에 있음");
  await page.locator(".strip p", { hasText: "방금" }).waitFor();
  await clean(page, "30-quiet-burst");
  assert.deepEqual(page.complaints, []);
});

story("a group is made, its members write, words are found, and messages disappear", false, async (world, b) => {
  const [mina, joon] = pair(world);
  const sora = world.person("소라");
  acquaint(mina, sora);
  const page = await visit(b, await mina.open());
  const others = [await visit(b, await joon.open()), await visit(b, await sora.open(), PHONE)];
  await row(page, "소라").waitFor();
  await button(page, "새로 만들기").click();
  await page.getByRole("button", { name: /새 그룹/u }).click();
  await page.locator("#group-title").fill("산에 가는 사람들");
  await page.getByRole("checkbox", { name: "준" }).check();
  await page.getByRole("checkbox", { name: "소라" }).check();
  await clean(page, "17-new-group");
  await button(page, "그룹 만들기").click();
  await page.locator(".head h2", { hasText: "산에 가는" }).waitFor();
  for (const other of others) await row(other, "산에 가는 사람들").click();
  await write(page, "토요일 아침 여덟 시");
  for (const other of others) await bubble(other, "토요일").waitFor();
  await write(others[1], "김밥은 내가 쌀게");
  await bubble(page, "김밥은").waitFor();
  await others[0].locator(".author", { hasText: "소라" }).first().waitFor().catch(() => {});
  await clean(page, "18-group");
  await clean(others[1], "19-group-phone");

  await page.keyboard.press("Control+k");
  await page.keyboard.type("김밥");
  await page.locator(".hit", { hasText: "김밥은" }).waitFor();
  await clean(page, "20-search");
  await page.locator(".hit").first().click();
  await page.locator(".found", { hasText: "김밥은" }).waitFor();
  await page.locator("input[type=search]").fill("");

  await page.locator(".head .name").click();
  await page.locator("#timer").selectOption("3600");
  await page.locator(".say", { hasText: "이제부터 쓰는 것은 사라집니다" }).waitFor();
  await clean(page, "21-group-sheet");
  await page.keyboard.press("Escape");
  await write(page, "한 시간 뒤에는 없다");
  await bubble(others[0], "한 시간 뒤에는").locator(".foot", { hasText: "본 뒤 1시간" }).waitFor();
  await button(page, "누가 지켜보고 무엇을 아는지").click();
  await page.getByText("사라질 때까지: 1시간").waitFor();
  await clean(page, "22-watchers");
  await page.keyboard.press("Escape");

  // Sora is put out and cannot write any more.
  await page.locator(".head .name").click();
  await page.getByRole("button", { name: "소라 내보내기" }).click();
  await button(page.locator("dialog"), "내보내기").click();
  await others[1].getByText("끝난 대화입니다").waitFor();
  await clean(others[1], "23-put-out-phone");
  assert.deepEqual([...page.complaints, ...others.flatMap((other) => other.complaints)], []);
});

story("every language, large letters, light and dark", false, async (world, b) => {
  const [mina, joon] = pair(world);
  joon.run("send", "미나", "안녕, 这是中文, and English.");
  const page = await visit(b, await mina.open());
  await row(page, "준").click();
  const set = async (name, value) => {
    await page.locator("header.top button").last().click();
    await page.locator("dialog .body button").first().click();
    await page.locator(`#setting-${name}`).selectOption(value);
    await page.waitForFunction(([key, chosen]) => (key === "language" ? document.documentElement.lang : document.documentElement.dataset[key]) === chosen, [name, value]);
    // In another language the page is built anew, without the sheet.
    if (name !== "language") await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
    await page.locator(".bubble").first().waitFor();
  };
  for (const language of ["en", "zh-Hans", "ko-KP", "ko"]) {
    await set("language", language);
    await clean(page, `24-language-${language}`);
  }
  await set("look", "dark");
  await set("letters", "larger");
  await clean(page, "25-dark-larger");
  await page.setViewportSize({ width: 340, height: 640 });
  await clean(page, "26-narrow-larger");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, "nothing hangs over the edge");
  const [head, name] = [await page.locator(".pane .head").boundingBox(), await page.locator(".pane .head h2").boundingBox()];
  assert.ok(head.height < 130 && name.width > 60, `who one writes to is seen: ${head.height} ${name.width}`);
  assert.deepEqual(page.complaints, []);
});

story("a link works once, a reload forgets, and markup stays text", true, async (world, b) => {
  const [mina, joon] = pair(world);
  joon.run("send", "미나", "<img src=x onerror=alert(1)><script>alert(2)</script> **굵게** javascript:alert(3)");
  const link = await mina.open();
  const page = await visit(b, link);
  await row(page, "준").click();
  assert.ok(!page.url().includes("#"), "the token left the address");
  await bubble(page, "굵게").waitFor();
  assert.equal(await page.locator(".text").first().innerText(), "<img src=x onerror=alert(1)><script>alert(2)</script> **굵게** javascript:alert(3)");
  assert.equal(await page.locator(".bubble img, .bubble script, .bubble a").count(), 0);
  // Out of a timer: what the debugger itself runs, it may run as it likes.
  const sinks = await page.evaluate(() => new Promise((done) => { setTimeout(() => {
    const tries = [
      () => { document.createElement("div").innerHTML = "<b>x</b>"; },
      () => { document.createElement("script").src = "data:text/javascript,1"; },
      () => globalThis.eval("1"),
      () => document.write("x"),
      () => new DOMParser().parseFromString("x", "text/html"),
    ];
    done(tries.map((attempt) => { try { attempt(); return "done"; } catch { return "refused"; } }));
  }); }));
  assert.deepEqual(sinks, Array(5).fill("refused"));
  const kept = await page.evaluate(async () => [document.cookie, localStorage.length, sessionStorage.length, (await caches.keys()).length, (await indexedDB.databases()).length]);
  assert.deepEqual(kept, ["", 0, 0, 0, 0]);

  const late = await visit(b, link);
  await late.getByText("이미 쓰였거나 오래된").waitFor();
  await clean(late, "27-link-used");
  await page.reload();
  await page.getByText("이미 쓰였거나 오래된").waitFor();
  assert.ok(!(await page.content()).includes("준"));

  // As `open` hands the link to a browser: through a file that leads there.
  const file = path.join(world.folder, "open.html");
  writeFileSync(file, `<!doctype html><meta http-equiv="refresh" content="0;url=${await mina.link()}">`);
  const led = await visit(b, `file://${file}`);
  await row(led, "준").waitFor();

  // Another link, by the same command; when the program ends the page becomes empty.
  const again = await visit(b, await mina.link());
  await row(again, "준").click();
  await bubble(again, "굵게").waitFor();
  await mina.staying.end();
  await again.getByText("더 이상 돌고 있지 않습니다").waitFor();
  assert.ok(!(await again.content()).includes("굵게"));
});

story("another page on this machine gets nothing out of it", true, async (world) => {
  const [mina] = pair(world);
  const link = await mina.open();
  const { host, port } = new URL(link);
  const rebound = `evil.example:${port}`;
  const b = await browser({ args: [`--host-resolver-rules=MAP evil.example 127.0.0.1`] });
  try {
    const page = await visit(b, link);
    await row(page, "준").waitFor();
    const other = http.createServer((_, answer) => answer.setHeader("content-type", "text/html").end("<!doctype html><title>other</title><body>")).listen(0, "127.0.0.1");
    await once(other, "listening");
    const evil = await (await page.context()).newPage();
    await evil.goto(`http://127.0.0.1:${other.address().port}/`);
    const tried = await evil.evaluate(async ([own]) => {
      const fetched = async (how) => fetch(`http://${own}/api/hello`, how).then(async (a) => `${a.type} ${a.status} ${(await a.text()).length}`, () => "refused");
      const socket = () => new Promise((done) => {
        const line = new WebSocket(`ws://${own}/live`);
        line.onopen = () => done("open");
        line.onerror = () => done("refused");
      });
      const element = (name, from) => new Promise((done) => {
        const it = document.createElement(name);
        it.onload = () => done("loaded");
        it.onerror = () => done("refused");
        it.src = `http://${own}${from}`;
        document.body.append(it);
      });
      const frame = await new Promise((done) => {
        const it = document.createElement("iframe");
        it.onload = () => { try { done(it.contentDocument?.body?.textContent ? "read" : "empty"); } catch { done("refused"); } };
        it.src = `http://${own}/`;
        document.body.append(it);
      });
      const handle = window.open(`http://${own}/`);
      return {
        cors: await fetched({ method: "POST", body: "{}", headers: { "content-type": "application/json" } }),
        nocors: await fetched({ method: "POST", body: "{}", mode: "no-cors" }),
        socket: await socket(),
        script: await element("script", "/main.js"),
        image: await element("img", "/icon.svg"),
        frame,
        handle: handle === null || handle.closed,
      };
    }, [host]);
    assert.equal(tried.cors, "refused");
    assert.equal(tried.nocors, "refused");
    assert.deepEqual([tried.socket, tried.script, tried.image], ["refused", "refused", "refused"]);
    assert.notEqual(tried.frame, "read");
    // A name that leads to this machine is still not its name.
    const answered = evil.waitForResponse((answer) => answer.url().includes(rebound));
    await evil.goto(`http://${rebound}/`).catch(() => {});
    assert.equal((await answered).status(), 403);
    other.close();
  } finally {
    await b.close();
  }
});

story("the browser's folder holds nothing of the conversation afterwards", true, async (world) => {
  const [mina, joon] = pair(world);
  joon.run("send", "미나", "하늘다람쥐가 온다");
  const profile = mkdtempSync(path.join(world.folder, "profile-"));
  const link = await mina.open();
  const context = await browser({ profile, ...DESK });
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto(link);
  await row(page, "준").click();
  await bubble(page, "하늘다람쥐가").waitFor();
  await page.locator(".words").fill("반달가슴곰을 보았다");
  await row(page, "준").locator("em").waitFor();
  await page.locator(".words").fill("수리부엉이도 보았다");
  await page.locator(".words").press("Enter");
  await state(page, "수리부엉이", "중계기에 있음");
  await page.locator("input[type=search]").fill("다람쥐");
  await page.locator(".hit").first().waitFor();
  await page.keyboard.press("F9");
  await page.locator("#passphrase").fill("열려라 하늘소");
  await page.keyboard.press("Enter");
  await page.getByText("이 암호 문구로는").waitFor();
  await context.close();
  // A word that is there shows that the search would find one.
  writeFileSync(path.join(profile, "planted"), "하늘다람쥐");
  assert.equal(holders(profile, "하늘다람쥐").length, 1, "only the planted file");
  for (const text of ["반달가슴곰", "수리부엉이", "하늘소", "다람쥐가", "미나"]) {
    assert.deepEqual(holders(profile, text), [], text);
  }
});

story("the trial shows both people and what the watcher sees between them", true, async (world, b) => {
  const { object, end } = await trial(world);
  const page = await visit(b, object.watcher_url, { ...DESK, viewport: { width: 1500, height: 850 } });
  const [left, right] = [page.frameLocator("iframe >> nth=0"), page.frameLocator("iframe >> nth=1")];
  await left.locator(".row button").click();
  await right.locator(".row button").click();
  const before = await page.locator(".packets li").count();
  await left.locator(".words").fill("지켜보는 자에게는 이 글이 보이지 않는다");
  await left.locator(".words").press("Enter");
  await bubble(right, "보이지 않는다").waitFor();
  await page.waitForFunction((count) => document.querySelectorAll(".packets li").length > count, before);
  await page.locator(".sum strong", { hasText: "하나도 없습니다" }).waitFor();
  await clean(page, "28-trial");
  // Three parts side by side, each as high as the window.
  const parts = await page.locator(".stage > *").evaluateAll((all) => all.map((one) => one.getBoundingClientRect()).map(({ top, height }) => [top, height]));
  assert.deepEqual(parts, Array(3).fill([0, 850]));
  assert.ok(!(await page.locator(".between").innerText()).includes("지켜보는 자에게는"));
  await end();
  assert.deepEqual(page.complaints, []);
});

await import("./devices.mjs");
await import("./calls.mjs");
await import("./files.mjs");
await import("./pictures.mjs");
await import("./voices.mjs");

let failed = 0;
const chosen = stories.filter((one) => (ONLY ? one.name.includes(ONLY) : !SHORT || one.short));
for (const { name, tell } of chosen) {
  const world = new World();
  const b = await browser();
  try {
    await world.relay();
    await tell(world, b);
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${String(error.stack ?? error).slice(0, 2500)}`);
    const pages = b.contexts().flatMap((context) => context.pages());
    for (const [at, page] of pages.entries()) await shot(page, `failed-${stories.findIndex((one) => one.name === name)}-${at}`).catch(() => {});
  } finally {
    await b.close().catch(() => {});
    await world.clear();
  }
}
console.log(`${chosen.length - failed} told, ${failed} failed`);
// What a story left open, such as a line to a browser that is gone, does not hold up the end.
process.exit(failed === 0 ? 0 : 1);
