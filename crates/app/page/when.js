// Days and times, as the reader's language writes them.

import { language, say } from "./words.js";

let made = { language: null };

function forms() {
  if (made.language !== language) {
    const form = (options) => new Intl.DateTimeFormat(language, options);
    made = {
      language,
      time: form({ hour: "numeric", minute: "2-digit" }),
      weekday: form({ weekday: "long" }),
      near: form({ month: "short", day: "numeric" }),
      far: form({ year: "numeric", month: "numeric", day: "numeric" }),
      day: form({ weekday: "long", month: "long", day: "numeric" }),
      year: form({ year: "numeric", month: "long", day: "numeric", weekday: "long" }),
      full: form({ dateStyle: "long", timeStyle: "medium" }),
    };
  }
  return made;
}

const date = (at) => new Date(Math.min(at, 8.64e12 / 1000) * 1000);
const midnight = (day) => new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
const daysAgo = (day) => Math.round((midnight(new Date()) - midnight(day)) / 86400000);

/** The time of day. */
export const time = (at) => forms().time.format(date(at));

/** Everything about a moment. */
export const full = (at) => forms().full.format(date(at));

/** Which day it is, to be compared. */
export const dayKey = (at) => midnight(date(at));

let lines = { language: null, today: null, all: new Map() };

/** The line above the first message of a day. */
export function dayLine(at) {
  const today = midnight(new Date());
  if (lines.language !== language || lines.today !== today) lines = { language, today, all: new Map() };
  const key = dayKey(at);
  let line = lines.all.get(key);
  if (line === undefined) lines.all.set(key, line = written(at));
  return line;
}

function written(at) {
  const day = date(at);
  const ago = daysAgo(day);
  const { year, day: near } = forms();
  const words = (day.getFullYear() === new Date().getFullYear() ? near : year).format(day);
  if (ago === 0) return say("today", { day: words });
  if (ago === 1) return say("yesterday", { day: words });
  return words;
}

/** How the list says when: a time today, a weekday this week, then a day. */
export function brief(at) {
  const day = date(at);
  const ago = daysAgo(day);
  const { time: today, weekday, near, far } = forms();
  if (ago === 0) return today.format(day);
  if (ago > 0 && ago < 7) return weekday.format(day);
  return (day.getFullYear() === new Date().getFullYear() ? near : far).format(day);
}
