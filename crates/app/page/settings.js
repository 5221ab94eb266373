// How the home is to be, what happened to it, the keys; fetched when somebody looks.

import { fill, h } from "./dom.js";
import { look } from "./house.js";
import { call } from "./net.js";
import { attempt, sheet, told } from "./sheet.js";
import { full } from "./when.js";
import { language, say, size } from "./words.js";

/** How the app is to be. */
export function settingsSheet(app) {
  sheet(say("settings"), (body) => {
    const place = h("div");
    const setting = (name, title, options, after) => {
      const select = h("select", { class: "field", id: `setting-${name}`, onchange: () => attempt(place, async () => {
        if (name === "notify" && select.value && "Notification" in window && (await Notification.requestPermission()) !== "granted") {
          select.value = "";
          told(place, say("notify-refused"), true);
          return;
        }
        app.settings = await call("setting", { name, chosen: select.value });
        look(app.settings);
        await after?.();
      }) }, options.map(([value, words]) => h("option", { value, selected: value === (app.settings[name] ?? "") }, words)));
      return h("div", {}, h("label", { for: `setting-${name}` }, title), select);
    };
    const pace = h("select", { class: "field", id: "pace", onchange: () => attempt(place, async () => {
      await call("pace", { pace: pace.value });
      app.strip?.refresh();
    }) }, ["live", "quiet", "steady"].map((one) => h("option", { value: one }, say(`pace-${one}`))));
    call("tally").then((tally) => { pace.value = tally.pace; }).catch(() => {});
    const sizes = [0, 65536, 262144, 1048576, 8388608, 67108864];
    const below = h("select", { class: "field", id: "below", onchange: () => attempt(place, () => call("file-below", { bytes: Number(below.value) })) });
    call("file-below").then(({ bytes }) => fill(below, [...new Set([...sizes, bytes])].sort((a, b) => a - b).map((one) => h("option", { value: String(one), selected: one === bytes }, one === 0 ? say("file-below-none") : size(one))))).catch(() => {});
    fill(body,
      h("div", {}, h("label", { for: "pace" }, say("pace")), pace, h("p", { class: "quiet" }, say("pace-what"))),
      h("button", { class: "plain", type: "button", onclick: () => import("./relays.js").then((part) => part.relaysSheet()) }, h("b", {}, say("relays")), h("br"), say("relays-brief")),
      h("div", {}, h("label", { for: "below" }, say("file-below")), below, h("p", { class: "quiet" }, say("file-below-what"))),
      setting("language", say("language"), [["", say("option-system")], ["ko", "한국어"], ["ko-KP", "조선말"], ["zh-Hans", "简体中文"], ["en", "English"]], () => app.restart()),
      setting("look", say("look"), [["", say("option-system")], ["light", say("option-light")], ["dark", say("option-dark")]]),
      setting("letters", say("letters"), [["", say("option-normal")], ["large", say("option-large")], ["larger", say("option-larger")]], () => app.refresh()),
      setting("notify", say("notify"), [["", say("option-never")], ["bare", say("option-bare")], ["name", say("option-name")]]),
      h("p", { class: "quiet" }, say("notify-what")),
      setting("call-minutes", say("call-minutes"), [["", say("option-never")], ...["1", "3", "5", "15", "60"].map((count) => [count, say("span-minutes", { count: Number(count) })])]),
      setting("call-mib", say("call-mib"), [["", say("option-never")], ...["1", "5", "20", "100"].map((count) => [count, size(1048576 * Number(count))])]), place);
  });
}

/** A moment at the end of a detail, by the clock where they are. */
function detail(alert) {
  return alert.kind === "tried-while-closed" ? alert.detail.replace(/\S+Z$/, (at) => `(${full(Date.parse(at) / 1000)})`) : alert.detail;
}

/** What happened to the owner's security. */
export function alertsSheet() {
  sheet(say("alerts"), async (body, its) => {
    const log = await attempt(body, () => call("alerts"));
    if (!log || !its.is()) return;
    fill(body,
      h("p", {}, say("alerts-what")),
      h("p", { class: log.whole ? "say" : "say bad" }, log.whole ? say("alerts-whole") : say("alerts-broken")),
      log.alerts.length === 0 ? h("p", { class: "quiet" }, say("alerts-none")) : h("ul", { class: "log-lines" }, log.alerts.map((one) => h("li", {}, h("span", { class: "quiet" }, full(one.at)), h("br"), say(`alert-${one.kind}`), one.detail ? h("span", { dir: "auto" }, ` ${detail(one)}`) : null))));
  });
}

/** What the keyboard does. */
export function keysSheet() {
  const keys = [
    ["F7", say("hang-up-key")], ["F6", say("hold")], ["F8", say("hide-now")], ["F9", say("lock-now")], ["Ctrl+K", say("search")], ["Alt+N", say("new")],
    ["Alt+↑ ↓", say("keys-conversations")], ["Enter", say("send")], ["Shift+Enter", say("keys-line")],
    ["↑ ↓", say("keys-messages")], ["R", say("reply")], ["E", say("edit")], ["C", say("copy")], ["Alt+V", say("voice-record")], ["Del", say("delete")], ["Esc", say("back")],
  ];
  sheet(say("keys"), (body) => fill(body, h("table", { lang: language }, keys.map(([key, words]) => h("tr", {}, h("th", { scope: "row" }, key), h("td", {}, words))))));
}
