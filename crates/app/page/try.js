// Two people side by side, and between them what a watcher of the wire sees.

import { cover } from "./cover.js";
import { fill, h } from "./dom.js";
import { begin, call } from "./net.js";
import { choose, say, size, speakIn } from "./words.js";

const ROWS = 400;
const root = document.getElementById("root");

async function start() {
  await speakIn(choose(""));
  if (!(await begin().catch(() => false))) return cover.used(root);
  const { seats } = await call("seats");
  const [left, right] = seats.map((seat) => h("iframe", { title: seat.name ?? "", src: seat.link, allow: "camera; clipboard-write" }));
  const names = seats.map((seat) => seat.name ?? "");
  const packets = h("ol", { class: "packets", tabindex: "0", "aria-label": say("try-packets") });
  const sum = h("div", { class: "sum", role: "status" });
  const between = h("section", { class: "between" }, h("header", {}, h("h1", {}, say("try-watcher")), h("p", {}, say("try-watcher-what"))), packets, sum);
  fill(root, h("main", { class: "stage" }, left, between, right));
  watch(packets, sum, names);
  return undefined;
}

async function watch(packets, sum, names) {
  let from = 0;
  for (;;) {
    const sight = await call("watch", { from }).catch(() => null);
    if (!sight) {
      cover.ended(root);
      return;
    }
    from = sight.next;
    if (sight.packets.length > 0 || !sum.firstChild) show(sight, packets, sum, names);
    await new Promise((go) => { setTimeout(go, sight.packets.length > 0 ? 60 : 250); });
  }
}

function show(sight, packets, sum, names) {
  const stick = packets.scrollHeight - packets.scrollTop - packets.clientHeight < 40;
  for (const one of sight.packets) {
    const who = names[one.whose] ?? say("try-somebody");
    const way = one.up ? `${who} → ${say("try-relay")}` : `${say("try-relay")} → ${who}`;
    packets.append(h("li", {},
      h("span", {}, `${(one.at_ms / 1000).toFixed(2)} s`), h("span", { class: one.up ? "up" : "down" }, way),
      h("span", { class: "bytes" }, `${one.bytes} B`), h("span", { class: "head" }, one.head)));
  }
  while (packets.children.length > ROWS) packets.firstChild.remove();
  fill(sum,
    h("div", {}, say("try-passed", { up: size(sight.up), down: size(sight.down) })),
    h("strong", { class: sight.found > 0 ? "bad" : "" }, say("try-words", { count: sight.words, found: sight.found })));
  if (stick) packets.scrollTop = packets.scrollHeight;
}

start();
