// Invitations: made and shown here, or brought by somebody else.

import { fill, h, squares } from "./dom.js";
import { copy } from "./bubble.js";
import { call } from "./net.js";
import { inFile, scanner } from "./scan.js";
import { attempt, sheet, told } from "./sheet.js";
import { say } from "./words.js";

/** A link that lets somebody reach this home. */
export function inviteSheet() {
  sheet(say("invite"), (body) => {
    const place = h("div");
    const make = (many) => attempt(place, async () => {
      const { link, qr } = await call("invite", { many });
      fill(body,
        h("p", {}, many ? say("invite-many-made") : say("invite-one-made")),
        squares(qr, say("invite-code")),
        h("p", { class: "address", tabindex: "0", "aria-label": say("invite-link") }, link),
        h("div", { class: "deedsrow" }, h("button", { class: "main", type: "button", onclick: () => copy(link) }, say("copy"))),
        h("p", { class: "quiet" }, say("invite-careful")));
    });
    fill(body,
      h("p", {}, say("invite-what")),
      h("div", { class: "deedsrow" },
        h("button", { class: "main", type: "button", onclick: () => make(false) }, say("invite-one")),
        h("button", { class: "plain", type: "button", onclick: () => make(true) }, say("invite-many"))),
      place);
  });
}

/** Answers somebody's link. */
export function joinSheet(app, known = "") {
  sheet(say("join"), (body, its) => {
    const place = h("div");
    const link = h("textarea", { class: "field", id: "join-link", rows: 3, autocomplete: "off", spellcheck: "false" });
    const name = h("input", { class: "field", id: "join-name", autocomplete: "off", maxlength: "60" });
    link.value = known;
    const form = h("form", { onsubmit: async (event) => {
      event.preventDefault();
      const done = await attempt(place, () => call("join", { link: link.value, name: name.value }));
      if (!done) return;
      fill(body, h("p", { class: "say" }, say("join-done", { name: done.contact?.name ?? name.value })), h("button", { class: "main", type: "button", onclick: its.close }, say("close")));
      app.list?.refresh();
    } },
      h("label", { for: "join-link" }, say("invite-link")), link, h("br"),
      h("label", { for: "join-name" }, say("join-name")), name, h("br"),
      h("div", { class: "deedsrow" }, h("button", { class: "main", type: "submit" }, say("join"))));
    const found = (text) => {
      link.value = text;
      told(place, say("code-found"));
      name.focus();
    };
    fill(body, h("p", {}, say("join-what")), scanner(its, found), form, place);
    if (!known) link.focus();
    else name.focus();
  });
}

/** A picture somebody dropped. */
export async function takePicture(app, file) {
  const text = file.type.startsWith("image/") ? await inFile(file).catch(() => null) : null;
  if (text) {
    joinSheet(app, text);
    return;
  }
  sheet(say("join"), (body) => told(body, say("no-code"), true));
}
