// Two people with homes of their own, a relay, a browser: what the stories in this folder play with.

import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync, mkdirSync, rmSync, readdirSync, readFileSync, statSync, existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { once } from "node:events";
import path from "node:path";
import { createRequire } from "node:module";

const need = createRequire(path.join(process.env.SOGON_APP_MODULES, "package.json"));
const { chromium } = need("playwright-core");
export const axeSource = readFileSync(need.resolve("axe-core/axe.min.js"), "utf8");

export const BIN = process.env.SOGON_APP_BIN;
export const SHOTS = process.env.SOGON_APP_SHOTS;
mkdirSync(SHOTS, { recursive: true });

const PASSPHRASE = "five words by chance";

/** A program that says JSON lines. */
class Staying {
  constructor(program, args, env = {}) {
    this.child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    this.errors = "";
    this.child.stderr.on("data", (data) => { this.errors += data; });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async line() {
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`it ended: ${this.errors}`);
    return value;
  }

  async until(wanted) {
    for (;;) {
      const object = JSON.parse(await this.line());
      if (wanted(object)) return object;
    }
  }

  async end(signal = "SIGINT") {
    if (this.child.exitCode !== null) return;
    this.child.kill(signal);
    await once(this.child, "exit");
  }
}

/** The world of one run. */
export class World {
  constructor() {
    this.folder = mkdtempSync(path.join(process.env.SOGON_APP_TMP, "world-"));
    this.all = [];
  }

  async relay(port = 0, name = "relay") {
    const args = ["serve", "--listen", `127.0.0.1:${port}`, "--store", `embedded:${path.join(this.folder, name)}`];
    this.server = new Staying(path.join(BIN, "sogon-relay"), args);
    this.all.push(this.server);
    this.address = (await this.server.line()).replace("relay ready ", "");
    this.port = Number(/:(\d+)#/u.exec(this.address)[1]);
    return this.address;
  }

  /** A port that leads to the relay, each way so many milliseconds later. */
  async poorLine(ms) {
    const line = new Staying(process.execPath, [path.join(import.meta.dirname, "poorline.mjs"), String(this.port), String(ms)]);
    this.all.push(line);
    return Number(await line.line());
  }

  person(name) {
    const home = path.join(this.folder, name);
    const file = `${home}.passphrase`;
    writeFileSync(file, `${PASSPHRASE}\n`, { mode: 0o600 });
    const person = new Person(this, name, home, file);
    person.run("init", "--light", "--name", name, "--relay", this.address);
    return person;
  }

  async clear() {
    for (const one of this.all.reverse()) await one.end().catch(() => {});
    // A browser that ends may still be putting something away.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

class Person {
  constructor(world, name, home, file) {
    Object.assign(this, { world, name, home, file, passphrase: PASSPHRASE });
  }

  run(...args) {
    return execFileSync(path.join(BIN, "sogon"), ["--home", this.home, "--passphrase-file", this.file, "--json", ...args], { encoding: "utf8" });
  }

  object(...args) {
    return JSON.parse(this.run(...args));
  }

  /** Opens the home and gives the link of its page. */
  async open(...args) {
    this.staying = new Staying(path.join(BIN, "sogon"), ["--home", this.home, "--passphrase-file", this.file, "--json", "open", ...args]);
    this.world.all.push(this.staying);
    return (await this.staying.until((object) => object.ready)).url;
  }

  /** Another link, from the process that has the home open. */
  async link() {
    const asking = new Staying(path.join(BIN, "sogon"), ["--home", this.home, "--json", "open"]);
    this.world.all.push(asking);
    return (await asking.until((object) => object.ready)).url;
  }
}

/** `sogon try` that goes on: what it says, and how to end it. */
export async function trial(world) {
  const staying = new Staying(path.join(BIN, "sogon"), ["--json", "--lang", "ko", "try", "--stay"]);
  world.all.push(staying);
  return { object: await staying.until((object) => object.watcher_url), end: () => staying.end() };
}

/** A browser with nothing in it. */
export async function browser(options = {}) {
  const { profile, args = [], ...context } = options;
  const all = { executablePath: process.env.SOGON_APP_CHROMIUM, args: ["--no-sandbox", ...args], headless: true };
  if (profile) return chromium.launchPersistentContext(profile, { ...all, ...context });
  return chromium.launch(all);
}

/** What `look` gives, or `gone` where a browser that is at work took away what was to be looked at. */
function whileThere(look, gone) {
  try {
    return look();
  } catch (error) {
    if (error.code === "ENOENT") return gone;
    throw error;
  }
}

/** Every file below a folder. */
export function files(folder) {
  const entries = whileThere(() => readdirSync(folder, { withFileTypes: true }), []);
  return entries.flatMap((entry) => {
    const its = path.join(folder, entry.name);
    if (entry.isDirectory()) return files(its);
    return entry.isFile() && whileThere(() => statSync(its).size, 0) > 0 ? [its] : [];
  });
}

/** Whether some file below a folder holds a text, in one byte or in two for each letter, or bytes. */
export function holders(folder, text) {
  const wanted = Buffer.isBuffer(text) ? [text] : [Buffer.from(text, "utf8"), Buffer.from(text, "utf16le")];
  return files(folder).filter((file) => {
    const bytes = whileThere(() => readFileSync(file), Buffer.alloc(0));
    return wanted.some((one) => bytes.includes(one));
  });
}

/** A picture that is kept. */
export async function shot(page, name) {
  await page.screenshot({ path: path.join(SHOTS, `${name}.png`) });
}

/** What axe finds against WCAG 2.2 AA. */
export async function faults(page) {
  // Trusted Types let no string become a script: the tool comes in through the debugger instead.
  await page.evaluate(axeSource + ";0");
  const found = await page.evaluate(async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations } = await globalThis.axe.run(document, { runOnly: { type: "tag", values: tags } });
    return violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`);
  });
  return found;
}

/** A browser that somebody else started, found by its profile as soon as it says where it is. */
export async function connect(profile) {
  const place = path.join(profile, "DevToolsActivePort");
  while (!existsSync(place) || !readFileSync(place, "utf8").includes("\n")) {
    await new Promise((looked) => { setImmediate(looked); });
  }
  const [port] = readFileSync(place, "utf8").split("\n");
  return chromium.connectOverCDP(`http://127.0.0.1:${port}`);
}
