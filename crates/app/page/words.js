// Words: the program sends patterns, the browser knows plurals and dates.

let patterns = {};
let plural = new Intl.PluralRules("en");
export let language = "en";

const KNOWN = ["ko-KP", "ko", "zh-Hans", "en"];

/** The language to begin with: what was chosen, otherwise the first of the browser's there is. */
export function choose(chosen) {
  if (KNOWN.includes(chosen)) return chosen;
  for (const wanted of navigator.languages ?? []) {
    if (wanted.toLowerCase() === "ko-kp") return "ko-KP";
    if (wanted.startsWith("ko")) return "ko";
    if (wanted.startsWith("zh")) return "zh-Hans";
    if (wanted.startsWith("en")) return "en";
  }
  return "en";
}

/** Loads the words of a language. */
export async function speakIn(tag) {
  const answer = await fetch(`/words/${tag}`, { cache: "no-store", credentials: "omit" });
  patterns = await answer.json();
  plural = new Intl.PluralRules(tag);
  language = tag;
  document.documentElement.lang = tag;
}

/** A message with its holes filled. */
export function say(id, args = {}) {
  const pattern = patterns[id];
  return pattern === undefined ? id : put(pattern, args);
}

function put(pattern, args) {
  return pattern.map((part) => {
    if (typeof part === "string") return part;
    if (part.v) return shown(args[part.v]);
    const number = args[part.s];
    const its = part.c[String(number)] ?? part.c[plural.select(Number(number))] ?? part.c[part.d];
    return put(its, args);
  }).join("");
}

function shown(value) {
  if (typeof value === "number") return new Intl.NumberFormat(language).format(value);
  return apart(String(value ?? ""));
}

/** A name inside a sentence: it turns nothing around, whichever way it runs and whatever is in it. */
export function apart(text) {
  const plain = text.replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "");
  return /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u.test(plain) ? `\u2068${plain}\u2069` : plain;
}

/** Names one after the other. */
export function listed(names) {
  return new Intl.ListFormat(language, { type: "conjunction" }).format(names);
}

/** A size as people say it. */
export function size(bytes) {
  const [unit, value] = bytes < 1024 ? ["B", bytes] : bytes < 1048576 ? ["KiB", bytes / 1024] : bytes < 1073741824 ? ["MiB", bytes / 1048576] : ["GiB", bytes / 1073741824];
  const digits = unit === "B" || value >= 100 ? 0 : 1;
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value)} ${unit}`;
}

/** A span of milliseconds as people say it. */
export function span(ms) {
  return new Intl.NumberFormat(language, { style: "unit", unit: "second", unitDisplay: "short", maximumFractionDigits: 1 }).format(ms / 1000);
}
