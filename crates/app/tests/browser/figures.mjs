// The numbers of the app, measured in a real browser with a crowded home. `cargo xtask app --figures`

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

import { World, browser } from "./stage.mjs";

const [CONVERSATIONS, MESSAGES] = [10000, 100000];
const line = (name, value) => console.log(`${name.padEnd(64)} ${value}`);
const ms = (value) => `${value.toFixed(0)} ms`;
const median = (all) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];
const most = (all) => Math.max(...all);
const resident = (pid) => Number(/VmRSS:\s+(\d+)/u.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;

const world = new World();
const b = await browser();
try {
  await world.relay();
  const [mina, joon] = [world.person("미나"), world.person("준")];
  joon.run("join", mina.object("invite").link, "--as", "미나");
  for (const one of [mina, joon, mina]) one.run("sync");
  mina.run("send", "준", "첫 글");
  joon.run("sync");
  joon.run("send", "미나", "답");
  mina.run("sync");

  const visit = async (link) => {
    const page = await (await b.newContext({ locale: "ko-KR", viewport: { width: 1200, height: 800 } })).newPage();
    const begun = performance.now();
    await page.goto(link, { waitUntil: "commit" });
    await page.locator(".row button").first().waitFor();
    page.interactive = performance.now() - begun;
    page.weight = await page.evaluate(() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].reduce((sum, one) => sum + one.decodedBodySize, 0));
    page.painted = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0);
    return page;
  };

  let link = await mina.open();
  const pages = [];
  for (let nth = 0; nth < 5; nth += 1) {
    pages.push(await visit(link));
    link = await mina.link();
  }
  line("first page: to the first paint, median of 5", ms(median(pages.map((page) => page.painted))));
  line("first page: to a list one can use, median of 5", ms(median(pages.map((page) => page.interactive))));
  line("first page: weight, uncompressed", `${(pages[0].weight / 1000).toFixed(0)} kB`);
  line("server: resident, home open, 5 pages", `${resident(mina.staying.child.pid).toFixed(0)} MiB`);

  // From the other home's act to words on this screen, over the relay, both connected.
  const [page] = pages;
  await page.locator(".row button").first().click();
  await page.locator(".bubble").first().waitFor();
  const other = await visit(await joon.open());
  await other.locator(".row button").first().click();
  await page.evaluate(() => {
    globalThis.shown = {};
    new MutationObserver(() => {
      for (const text of document.querySelectorAll(".said .text")) globalThis.shown[text.textContent] ??= Date.now();
    }).observe(document.body, { childList: true, subtree: true });
  });
  const took = [];
  for (let nth = 0; nth < 20; nth += 1) {
    const text = `잰다 ${nth}`;
    await other.locator(".words").fill(text);
    const sent = await other.evaluate(() => Date.now());
    await other.locator(".words").press("Enter");
    await page.locator(".text", { hasText: new RegExp(`^${text}$`, "u") }).waitFor();
    took.push((await page.evaluate((words) => globalThis.shown[words], text)) - sent);
  }
  line("from Enter on one screen to words on the other, median, most", `${ms(median(took))}, ${ms(most(took))}`);
  await mina.staying.end();
  for (const one of pages) await one.context().close();

  // The same home with a crowd in it.
  execFileSync(path.join(process.env.SOGON_APP_BIN, "examples/crowd"), [mina.home, mina.passphrase, String(CONVERSATIONS), String(MESSAGES)], { stdio: "inherit" });
  const crowded = await visit(await mina.open());
  line(`with ${CONVERSATIONS} conversations: to a list one can use`, ms(crowded.interactive));
  const opened = await crowded.evaluate(async () => {
    const begun = performance.now();
    document.querySelector(".row button").click();
    while (!document.querySelector(".bubble")) await new Promise(requestAnimationFrame);
    return performance.now() - begun;
  });
  line(`opening a conversation of ${MESSAGES} messages`, ms(opened));
  // Frames while it scrolls up through thousands of messages: as fast as a wheel, and as a throw.
  for (const [name, step, count] of [["wheel, 120 px a frame", 120, 900], ["throw, 400 px a frame", 400, 600]]) {
    await crowded.evaluate(() => document.querySelector(".jump").click());
    await crowded.locator(".jump").waitFor({ state: "hidden" });
    const scrolled = await crowded.evaluate(async ([by, turns]) => {
      const log = document.querySelector(".log");
      const frames = [];
      let stuck = 0;
      let before = performance.now();
      for (let nth = 0; nth < turns; nth += 1) {
        // At the top with more to come nothing moves: that is what one feels as waiting.
        if (log.scrollTop === 0) stuck += 1;
        log.scrollTop -= by;
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        frames.push(now - before);
        before = now;
      }
      frames.sort((a, b) => a - b);
      const at = (part) => frames[Math.floor(turns * part)];
      return { median: at(0.5), tail: at(0.99), most: frames[turns - 1], stuck, nodes: document.querySelectorAll(".said").length, first: document.querySelector(".said .text").textContent };
    }, [step, count]);
    line(`messages, ${name}: frame, median, 99th of 100, longest`, `${scrolled.median.toFixed(1)}, ${scrolled.tail.toFixed(1)}, ${scrolled.most.toFixed(1)} ms`);
    line(`messages, ${name}: frames that waited for older ones`, `${scrolled.stuck} of ${count}`);
    line("messages on the page after that", `${scrolled.nodes}, up to ${scrolled.first.slice(-8)}`);
  }
  for (const [name, step, count] of [["wheel, 120 px a frame", 120, 600], ["throw, 600 px a frame", 600, 600]]) {
    const list = await crowded.evaluate(async ([by, turns]) => {
      const lines = document.querySelector(".lines");
      lines.scrollTop = 0;
      while (!document.querySelector(".row")) await new Promise(requestAnimationFrame);
      const frames = [];
      let blank = 0;
      let before = performance.now();
      for (let nth = 0; nth < turns; nth += 1) {
        lines.scrollTop += by;
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        frames.push(now - before);
        before = now;
        // Is there a line with words near the top, in the middle and near the foot of what one sees?
        const box = lines.getBoundingClientRect();
        const there = [0.15, 0.5, 0.85].every((part) => document.elementFromPoint(box.left + 30, box.top + box.height * part)?.closest(".row"));
        if (!there) blank += 1;
      }
      frames.sort((a, b) => a - b);
      const at = (part) => frames[Math.floor(turns * part)];
      return { median: at(0.5), tail: at(0.99), most: frames[turns - 1], blank, rows: document.querySelectorAll(".row").length };
    }, [step, count]);
    line(`list, ${name}: frame, median, 99th of 100, longest`, `${list.median.toFixed(1)}, ${list.tail.toFixed(1)}, ${list.most.toFixed(1)} ms`);
    line(`list, ${name}: frames with a blank stretch`, `${list.blank} of ${count}`);
    line("lines on the page after that", String(list.rows));
  }
  await crowded.locator("input[type=search]").fill("시장");
  const found = performance.now();
  await crowded.locator(".hit").first().waitFor();
  line("searching a two-syllable word in all of it", ms(performance.now() - found));
  line("server: resident, crowded", `${resident(mina.staying.child.pid).toFixed(0)} MiB`);
} finally {
  await b.close();
  await world.clear();
}
