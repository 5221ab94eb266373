// Elements without markup: what somebody wrote can only ever become text.

/** Makes an element: `h("button", { class: "x", onclick: f }, "text", node)`. */
export function h(name, props, ...inside) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(props ?? {})) put(element, key, value);
  append(element, inside);
  return element;
}

function put(element, key, value) {
  if (value === undefined || value === null || value === false) return;
  if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
  else if (key in element && key !== "list" && typeof value !== "string") element[key] = value;
  else if (key === "value") element.value = value;
  else element.setAttribute(key, value === true ? "" : value);
}

function append(element, inside) {
  for (const one of inside.flat(Infinity)) {
    if (one === undefined || one === null || one === false) continue;
    element.append(one);
  }
}

/** Puts other things inside. */
export function fill(element, ...inside) {
  element.replaceChildren();
  append(element, inside);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** Makes a drawing. */
export function draw(name, props, ...inside) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(props)) element.setAttribute(key, value);
  element.append(...inside);
  return element;
}

/** The squares of a code, dark on light whatever the look is, with the edge scanners need. */
export function squares(code, label) {
  if (!code) return null;
  let path = "";
  code.rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x += 1) if (row[x] === "1") path += `M${x + 4} ${y + 4}h1v1h-1z`;
  });
  const side = code.size + 8;
  const field = draw("rect", { width: side, height: side, fill: "#fff" });
  const dark = draw("path", { d: path, fill: "#000" });
  const props = { viewBox: `0 0 ${side} ${side}`, class: "code", role: "img", "aria-label": label, "shape-rendering": "crispEdges" };
  return draw("svg", props, field, dark);
}

/** Says something to whoever listens to the page instead of seeing it. */
export function speak(text) {
  document.getElementById("spoken").textContent = text;
}

/** Calls `work` once, so long after the last time it was wanted. */
export function later(ms, work) {
  let timer = 0;
  const wanted = (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => { timer = 0; work(...args); }, ms);
  };
  wanted.now = (...args) => { clearTimeout(timer); timer = 0; return work(...args); };
  wanted.waits = () => timer !== 0;
  wanted.never = () => { clearTimeout(timer); timer = 0; };
  return wanted;
}

/** The language a text is drawn in: Chinese inside a Korean page keeps its own forms. */
export function languageOf(text) {
  if (/[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]/u.test(text)) return "ko";
  if (/[\u3040-\u30ff]/u.test(text)) return "ja";
  if (/[\u4e00-\u9fff]/u.test(text)) return "zh-Hans";
  return null;
}
