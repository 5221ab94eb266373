// What the page and the program say to each other. The secret lives in this module and nowhere else:
// a reload forgets it, and another program's page cannot ask for it.

let secret = null;

/** Why something was not done; `name` is a word of the page's. */
export class Refused extends Error {
  constructor(name, count) {
    super(name);
    this.name = name;
    this.count = count ?? 0;
  }
}

/** Takes the token out of the address, which then no longer holds it, and uses it. */
export async function begin() {
  const token = new URLSearchParams(location.hash.slice(1)).get("t");
  history.replaceState(null, "", location.pathname);
  if (!token) return false;
  const answer = await ask("/session", JSON.stringify({ token }), "application/json");
  if (!answer?.ok) return false;
  secret = (await answer.json()).secret;
  return true;
}

async function ask(path, body, kind) {
  const headers = { "content-type": kind };
  if (secret) headers.authorization = `Bearer ${secret}`;
  const how = { method: "POST", headers, body, cache: "no-store", credentials: "omit", redirect: "error" };
  return fetch(path, how).catch(() => null);
}

async function value(answer) {
  if (!answer) throw new Refused("gone");
  if (answer.status === 401 || answer.status === 403) throw new Refused("link-used");
  const object = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(object.refused ?? "bug", object.count);
  return object;
}

/** Asks the program something. */
export async function call(name, args = {}) {
  return value(await ask(`/api/${name}`, JSON.stringify(args), "application/json"));
}

/** Hands bytes over. */
export async function hand(path, bytes) {
  return value(await ask(path, bytes, "application/octet-stream"));
}

/** What is heard of a voice note: samples at 16 kHz. */
export async function hear(args) {
  const answer = await ask("/hear", JSON.stringify(args), "application/json");
  if (!answer?.ok) await value(answer);
  return new Int16Array(await answer.arrayBuffer());
}

/** A picture, as bytes that were drawn anew. */
export async function see(args) {
  const answer = await ask("/see", JSON.stringify(args), "application/json");
  if (!answer?.ok) await value(answer);
  return answer.arrayBuffer();
}

/** Has a grey picture looked through for a code. */
export async function lookForCode(width, height, grey) {
  const bytes = new Uint8Array(8 + grey.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  bytes.set(grey, 8);
  return (await hand("/scan", bytes)).text;
}

/** The line of a call: what the microphone takes goes in, what is to be heard comes out. */
export function speakLine(about, { sound, word, closed }) {
  const line = new WebSocket(`ws://${location.host}/speak`);
  line.binaryType = "arraybuffer";
  const open = () => line.readyState === WebSocket.OPEN;
  line.addEventListener("open", () => line.send(JSON.stringify({ secret, ...about })));
  line.addEventListener("message", (event) => {
    if (typeof event.data === "string") word(JSON.parse(event.data));
    else sound(event.data);
  });
  line.addEventListener("close", closed);
  return {
    // A program that takes nothing is not spoken to: what waits would be heard late.
    send: (buffer) => open() && line.bufferedAmount < 6400 && line.send(buffer),
    say: (value) => open() && line.send(JSON.stringify(value)),
    close: () => line.close(),
  };
}

/** Has every change told to `heard`, with `{is: "down"}` while the program does not answer. */
export function listen(heard) {
  let wait = 250;
  const connect = () => {
    const line = new WebSocket(`ws://${location.host}/live`);
    line.addEventListener("open", () => line.send(JSON.stringify({ secret })));
    line.addEventListener("message", (event) => {
      wait = 250;
      heard(JSON.parse(event.data));
    });
    line.addEventListener("close", () => {
      heard({ is: "down" });
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, 8000);
    });
  };
  connect();
}
