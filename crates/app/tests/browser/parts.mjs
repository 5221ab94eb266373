// What stories are told with: pages, what is to be seen on them, people who know each other.

import assert from "node:assert/strict";

import { faults, shot } from "./stage.mjs";

export const DESK = { locale: "ko-KR", viewport: { width: 1200, height: 800 } };
export const PHONE = { locale: "ko-KR", viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

export const stories = [];
export const story = (name, short, tell) => stories.push({ name, short, tell });

/** A page, and everything it complained about. */
export async function visit(b, link, options = DESK) {
  const context = await b.newContext(options);
  const page = await context.newPage();
  // A receipt that goes alone waits up to half a minute, by chance.
  page.setDefaultTimeout(45000);
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(error.message));
  page.on("console", (said) => said.type() === "error" && !/status of 4\d\d|ERR_CONNECTION_RE|WebSocket connection/u.test(said.text()) && page.complaints.push(said.text()));
  await page.goto(link);
  return page;
}

export async function clean(page, name) {
  assert.deepEqual(await faults(page), [], `axe: ${name}`);
  await shot(page, name);
}

export const row = (page, name) => page.locator(".row button", { hasText: name });
export const bubble = (page, text) => page.locator(".said", { hasText: text });
export const button = (scope, name) => scope.getByRole("button", { name, exact: true });
export const state = (page, text, words) => bubble(page, text).locator(".state", { hasText: words }).waitFor();

export async function write(page, text) {
  await page.locator(".words").fill(text);
  if (await page.evaluate(() => matchMedia("(pointer: coarse)").matches)) await button(page, "보내기").click();
  else await page.locator(".words").press("Enter");
  await bubble(page, text).waitFor();
}

/** Two people who know each other, made by the program. */
export function pair(world) {
  const [mina, joon] = [world.person("미나"), world.person("준")];
  acquaint(mina, joon);
  return [mina, joon];
}

export function acquaint(one, other) {
  other.run("join", one.object("invite").link, "--as", one.name);
  one.run("sync");
  other.run("sync");
  one.run("sync");
}
