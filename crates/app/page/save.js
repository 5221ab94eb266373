// A file leaves the home.

import { fill, h } from "./dom.js";
import { signed } from "./file.js";
import { call } from "./net.js";
import { refusal, sheet, told } from "./sheet.js";
import { say } from "./words.js";

/** Takes a file out of the home: programs only after one was told what they are. */
export async function saveFile(message, how, place) {
  const ask = (allow) => call("file-save", { conversation: how.conversation, id: message.id, allow });
  const take = ({ ticket }) => h("a", { href: `/out/${ticket}`, download: "" }).click();
  try {
    const answer = await ask(false);
    if (answer.ticket) {
      take(answer);
      told(place, say("file-saved-what"));
      return;
    }
    sheet(say("file-held"), (body, its) => {
      const failed = h("div");
      fill(body,
        h("p", { class: "say bad" }, say("file-program", { what: say(`program-${answer.held}`) })),
        h("p", {}, h("b", { dir: "auto" }, message.file.name)),
        h("p", {}, signed(answer.signer)),
        h("p", {}, say("file-held-what")), failed,
        h("div", { class: "deedsrow" },
          h("button", { class: "plain", type: "button", onclick: its.close }, say("not-now")),
          h("button", { class: "grave", type: "button", onclick: () => ask(true).then((allowed) => { take(allowed); its.close(); }, (error) => told(failed, refusal(error), true)) }, say("file-save-anyway"))));
    });
  } catch (error) {
    told(place, refusal(error), true);
  }
}
