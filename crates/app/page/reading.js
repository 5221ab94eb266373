// A file of words, read where it is.

import { h, languageOf } from "./dom.js";
import { described } from "./file.js";
import { call } from "./net.js";
import { refusal, sheet, told } from "./sheet.js";
import { say } from "./words.js";

/** Shows the words of a file, as text and as nothing else. */
export async function readFile(message, how, place) {
  try {
    const { text, whole, held } = await call("file-read", { conversation: how.conversation, id: message.id });
    if (held) return told(place, say("file-program", { what: say(`program-${held}`) }), true);
    sheet(described(message), (body) => body.append(
      h("p", { class: message.file.no_saving ? "text here-only" : "text", dir: "auto", lang: languageOf(text.slice(0, 500)) }, text),
      whole ? "" : h("p", { class: "quiet" }, say("file-read-cut"))));
  } catch (error) {
    told(place, refusal(error), true);
  }
}
