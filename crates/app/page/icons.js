// Small drawings, each a stroke or two.

import { draw } from "./dom.js";

const PATHS = {
  back: "M15 5l-7 7 7 7",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  send: "M5 12h13M12 5l7 7-7 7",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6z",
  hide: "M4 12s3-6 8-6 8 6 8 6-3 6-8 6-8-6-8-6zM5 19L19 5",
  sync: "M19 8a8 8 0 0 0-14 1M5 4v5h5M5 16a8 8 0 0 0 14-1M19 20v-5h-5",
  menu: "M5 7h14M5 12h14M5 17h14",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  eye: "M4 12s3-6 8-6 8 6 8 6-3 6-8 6-8-6-8-6zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4l3 2",
  down: "M12 5v14M6 13l6 6 6-6",
  people: "M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM3 20c0-3 2-6 6-6s6 3 6 6M16 5a3 3 0 0 1 0 6M17 14c3 0 4 3 4 6",
  call: "M6 4h3l1.6 4-2 1.6a12 12 0 0 0 5.8 5.8l1.6-2 4 1.6v3a2 2 0 0 1-2 2A15 15 0 0 1 4 6a2 2 0 0 1 2-2z",
  hang: "M3 14c5-5 13-5 18 0l-2.4 2.4-3.4-1.7v-2a12 12 0 0 0-6.4 0v2l-3.4 1.7z",
  microphone: "M12 4a2.5 2.5 0 0 0-2.5 2.5v5a2.5 2.5 0 0 0 5 0v-5A2.5 2.5 0 0 0 12 4zM6 11a6 6 0 0 0 12 0M12 17v3",
  clip: "M8 12l6-6a3 3 0 0 1 4.5 4.5l-8 8a5 5 0 0 1-7-7l7-7",
  mic: "M12 4a3 3 0 0 0-3 3v4a3 3 0 0 0 6 0V7a3 3 0 0 0-3-3zM6 11a6 6 0 0 0 12 0M12 17v3",
  play: "M8 5l11 7-11 7z",
  stop: "M8 6v12M16 6v12",
  bin: "M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12",
  file: "M7 4h7l4 4v12H7zM14 4v4h4",
  picture: "M4 6h16v12H4zM4 15l5-5 5 5 2-2 4 4M15.5 10h.01",
  alert: "M12 4l9 16H3zM12 10v4M12 17h.01",
  grid: "M5 5h5v5H5zM14 5h5v5h-5zM5 14h5v5H5zM14 14h5v5h-5z",
  reply: "M10 6l-6 6 6 6M4 12h9c4 0 7 2 7 6",
};

/** A drawing that says nothing itself: its button has the words. */
export function icon(name) {
  const props = { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", fill: "none", stroke: "currentColor", "stroke-width": "1.8", "stroke-linecap": "round", "stroke-linejoin": "round" };
  return draw("svg", props, draw("path", { d: PATHS[name] }));
}
