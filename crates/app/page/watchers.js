// Who watches, and what each of them learns of this conversation as it is set now.

import { fill, h } from "./dom.js";
import { spanOf } from "./bubble.js";
import { call } from "./net.js";
import { attempt, sheet } from "./sheet.js";
import { say } from "./words.js";

/** The page about watchers. */
export function watchersSheet(conversation) {
  sheet(say("who-watches"), async (body, its) => {
    const facts = await attempt(body, () => call("facts", { conversation }));
    if (!facts || !its.is()) return;
    const relay = facts.relay ?? "";
    const timer = facts.timer_s === null || facts.timer_s === undefined ? null : facts.timer_s === 0 ? say("timer-once") : spanOf(facts.timer_s);
    const watcher = (name, learns, not, more) => h("section", { class: "watch" },
      h("h3", {}, name),
      h("dl", {}, h("dt", {}, say("watch-learns")), h("dd", {}, learns), h("dt", {}, say("watch-not")), h("dd", {}, not)),
      more ? h("p", { class: "quiet" }, more) : null);
    fill(body,
      h("p", {}, say("watch-what", { name: facts.title })),
      watcher(say("watch-network"), facts.pace === "steady" ? say("watch-network-steady", { relay }) : facts.proxy ? say("watch-network-proxy") : say("watch-network-learns", { relay }), say("watch-network-not"), facts.proxy ? null : facts.direct && facts.pace !== "steady" ? say("watch-network-direct", { name: facts.title }) : say("watch-network-more")),
      watcher(say("watch-relay"), facts.proxy ? say("watch-relay-proxy") : say("watch-relay-learns"), say("watch-relay-not"), null),
      watcher(say("watch-finder"), facts.pace === "quiet" ? say("watch-finder-quiet") : say("watch-finder-learns"), say("watch-finder-not"), facts.pace === "quiet" ? null : say("watch-finder-more")),
      watcher(say("watch-taker"), say("watch-taker-learns"), say("watch-taker-not"), null),
      watcher(say("watch-forcer"), say("watch-forcer-learns"), say("watch-forcer-not"), say("watch-forcer-more")),
      watcher(say("watch-phone"), say("watch-phone-learns"), say("watch-phone-not"), null),
      watcher(facts.group ? say("watch-members", { count: facts.count }) : say("watch-contact", { name: facts.title }), timer ? say("watch-contact-timer", { span: timer }) : say("watch-contact-learns"), say("watch-contact-not"), timer ? null : say("watch-contact-more")),
      facts.group ? null : watcher(say("watch-between"), facts.verified ? say("watch-between-verified") : say("watch-between-unverified"), say("watch-between-not"), null),
      watcher(say("watch-later"), say("watch-later-learns"), say("watch-later-not"), null));
  });
}
