// The page of a person or a group.

import { spanOf } from "./bubble.js";
import { fill, h, squares } from "./dom.js";
import { letter } from "./list.js";
import { call } from "./net.js";
import { scanner } from "./scan.js";
import { attempt, confirm, sheet, told } from "./sheet.js";
import { language, say } from "./words.js";

const TIMERS = [null, 0, 60, 3600, 86400, 604800, 2592000];

/** Everything about a conversation. */
export function conversationSheet(app, id) {
  sheet(say("about-title"), async (body, its) => {
    const about = await attempt(body, () => call("conversation", { conversation: id }));
    if (!about || !its.is()) return;
    if (about.group) await group(app, about, body, its);
    else await person(app, about, body, its);
  });
}

function timer(app, about) {
  const place = h("div");
  const select = h("select", { class: "field", id: "timer", onchange: () => attempt(place, async () => {
    const chosen = select.value === "" ? null : Number(select.value);
    await call("memo", { conversation: about.id, timer_s: chosen });
    told(place, chosen === null ? say("timer-now-off") : say("timer-now-on"));
    app.pane?.refresh();
  }) }, TIMERS.map((seconds) => h("option", { value: seconds === null ? "" : String(seconds), selected: seconds === (about.timer_s ?? null) },
    seconds === null ? say("timer-never") : seconds === 0 ? say("timer-once") : spanOf(seconds))));
  return h("div", {}, h("label", { for: "timer" }, say("timer")), select, h("p", { class: "quiet" }, say("timer-what")), place);
}

/** Whether calls may go without the relay, and what that tells whom. */
function direct(about) {
  const place = h("div");
  const box = h("input", { type: "checkbox", id: "direct", checked: about.direct, onchange: () => attempt(place, () => call("direct", { conversation: about.id, direct: box.checked })) });
  return h("div", {}, h("label", { for: "direct" }, box, " ", say("direct")), h("p", { class: "quiet" }, say("direct-what", { name: about.title })), place);
}

async function person(app, about, body, its) {
  const id = about.contact?.id;
  if (!id) {
    fill(body, h("p", {}, about.title));
    return;
  }
  const contact = await attempt(body, () => call("contact", { contact: id, language }));
  if (!contact || !its.is()) return;
  const place = h("div");
  const compared = h("div");
  const name = h("input", { class: "field", id: "name", value: contact.name, autocomplete: "off", maxlength: "60" });
  const rename = h("form", { onsubmit: async (event) => {
    event.preventDefault();
    if (await attempt(place, () => call("rename", { contact: id, name: name.value }))) told(place, say("renamed"));
    app.refresh();
  } }, h("label", { for: "name" }, say("name-here")), name, h("br"), h("button", { class: "plain", type: "submit" }, say("rename")));

  const verified = async () => {
    if (!(await attempt(compared, () => call("verify", { contact: id })))) return;
    told(compared, say("verified"));
    app.refresh();
  };
  const found = async (text) => {
    if (text === contact.code) {
      await verified();
      told(compared, say("safety-same"));
    } else told(compared, say("safety-other"), true);
  };
  const digits = (contact.digits ?? "").match(/.{1,5}/gu) ?? [];
  const safety = digits.length === 0 ? h("p", {}, say("safety-none")) : h("section", { class: "safety" },
    h("h3", {}, say("safety")),
    h("p", {}, say("safety-what", { name: contact.name })),
    h("div", { class: "digits", role: "group", "aria-label": say("safety-digits") }, digits.map((five) => h("span", {}, five))),
    h("details", {}, h("summary", {}, say("safety-words")), h("ol", { class: "spoken" }, contact.words.map((word) => h("li", {}, word)))),
    h("details", {}, h("summary", {}, say("safety-code")), squares(contact.qr, say("safety-code")), scanner(its, found)),
    h("p", { class: contact.verified ? "say" : "quiet" }, contact.verified ? say("verified") : say("unverified")),
    contact.verified ? null : h("button", { class: "main", type: "button", onclick: verified }, say("verify")),
    compared);
  const block = contact.standing === "blocked" ? h("p", {}, say("standing-blocked")) : h("button", { class: "grave", type: "button", onclick: () => confirm(say("block"), say("block-what", { name: contact.name }), say("block"), async () => { await call("block", { contact: id }); app.refresh(); }) }, say("block"));
  fill(body, rename, place, safety, timer(app, about), about.open ? direct(about) : null, h("h3", {}, say("end")), block);
}

async function group(app, about, body, its) {
  const place = h("div");
  const { contacts } = await call("contacts").catch(() => ({ contacts: [] }));
  if (!its.is()) return;
  const inside = new Set(about.members.map((member) => member.contact));
  const outside = contacts.filter((one) => one.standing === "ready" && !inside.has(one.id));
  const member = (one) => h("li", {},
    h("span", { class: "face", "aria-hidden": "true" }, letter(one.name)),
    h("span", { dir: "auto" }, one.name),
    one.contact && about.open ? h("button", { class: "plain", type: "button", "aria-label": say("remove-who", { name: one.name }), onclick: () => confirm(say("remove"), say("remove-what", { name: one.name }), say("remove"), async () => { await call("group-remove", { conversation: about.id, contacts: [one.contact] }); app.refresh(); }) }, say("remove")) : null);
  const chosen = new Set();
  const adding = about.open && outside.length > 0 ? h("section", {},
    h("h3", {}, say("group-add")), choices(outside, chosen),
    h("button", { class: "plain", type: "button", onclick: async () => {
      if (chosen.size === 0) return;
      if (await attempt(place, () => call("group-add", { conversation: about.id, contacts: [...chosen] }))) {
        // Who came is seen when the others can know it too.
        its.close();
        app.refresh();
      }
    } }, say("group-add"))) : null;
  fill(body,
    h("h3", {}, about.title),
    h("p", { class: "quiet" }, say("member-count", { count: about.count })),
    h("ul", { class: "members" }, about.members.map(member)),
    adding, place,
    about.open ? timer(app, about) : null,
    about.open ? h("button", { class: "grave", type: "button", onclick: () => confirm(say("leave"), say("leave-what"), say("leave"), async () => { await call("group-leave", { conversation: about.id }); app.refresh(); }) }, say("leave")) : h("p", {}, say("over")));
}

function choices(people, chosen) {
  return h("ul", { class: "members" }, people.map((one) => h("li", {}, h("label", {},
    h("input", { type: "checkbox", onchange: (event) => (event.target.checked ? chosen.add(one.id) : chosen.delete(one.id)) }),
    h("span", { class: "face", "aria-hidden": "true" }, letter(one.name)), h("span", { dir: "auto" }, one.name)))));
}

/** Makes a group. */
export function groupSheet(app) {
  sheet(say("group-new"), async (body, its) => {
    const known = await attempt(body, () => call("contacts"));
    if (!known || !its.is()) return;
    const people = known.contacts.filter((one) => one.standing === "ready");
    if (people.length === 0) {
      fill(body, h("p", {}, say("group-nobody")));
      return;
    }
    const chosen = new Set();
    const place = h("div");
    const title = h("input", { class: "field", id: "group-title", autocomplete: "off", maxlength: "40" });
    const form = h("form", { onsubmit: async (event) => {
      event.preventDefault();
      if (!title.value.trim() || chosen.size === 0) {
        told(place, say("group-needs"), true);
        return;
      }
      const made = await attempt(place, () => call("group-new", { title: title.value, contacts: [...chosen] }));
      if (!made) return;
      its.close();
      app.list.refresh();
      app.open(made.conversation);
    } }, h("label", { for: "group-title" }, say("group-title")), title, h("h3", {}, say("members")), choices(people, chosen),
      h("p", { class: "quiet" }, say("group-most")), h("button", { class: "main", type: "submit" }, say("group-make")));
    fill(body, form, place);
    title.focus();
  });
}

