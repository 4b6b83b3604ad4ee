/** Drawings: lines of one weight on a field of 24, decoration only; words stand beside each. */

import { h } from "./dom.js";

/** @type {Record<string, string>} */
const PATHS = {
  now: "M4 5h16v11H4zM4 20h16M8 9h4M8 12h7",
  queue: "M4 6h16M4 12h16M4 18h10",
  doubt: "M9.2 9a2.9 2.9 0 1 1 4.3 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.6v.1M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  printer: "M7 9V4h10v5M7 18H4V9h16v9h-3M7 14h10v6H7zM17 12h.1",
  reader: "M4 7V4h3M17 4h3v3M20 17v3h-3M7 20H4v-3M8 8v8M11 8v8M14 8v8M16.5 8v8",
  blanks: "M3 8.5h14V19H3zM7 8.5V5h14v10.5h-4M6 15h5",
  shelf: "M4 4v17M20 4v17M4 12h16M4 20h16M7 12V7h3v5M10 12V8h3v4M8 20v-5h4v5",
  approvals: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM9 12l2 2 4-4.5",
  transfers: "M3 8.5h12M11 4.5l4 4-4 4M21 15.5H9M13 11.5l-4 4 4 4",
  notices: "M4 5h16v11H10l-4 4v-4H4zM8 9h8M8 12h5",
  paper: "M6 3h8l4 4v14H6zM14 3v4h4M9 11h6M9 14.5h6M9 18h4",
  ready: "M4 12.5l5 5L20 6.5",
  figures: "M4 20h16M7 20v-7M12 20V5M17 20v-10",
  warn: "M12 4L2.8 20h18.4zM12 10v4.5M12 17.2v.1",
  bad: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8.8 8.8l6.4 6.4M15.2 8.8l-6.4 6.4",
  good: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 12.3l2.7 2.7L16 9.4",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v6M12 7.5v.1",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.5 2",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L21 21",
  card: "M3 5.5h18v13H3zM6.5 15.5c.4-2 1.5-3 2.9-3s2.5 1 2.9 3M9.4 8.2a1.7 1.7 0 1 0 0 3.4 1.7 1.7 0 0 0 0-3.4M15 9.5h3.5M15 13h3.5",
  hand: "M3 13h4l4 2.5h4a1.5 1.5 0 0 1 0 3h-4M15 16l4.5-2.2a1.6 1.6 0 0 1 1.5 2.8L14 21H3M8 9.5V4h11v6.5",
  call: "M4 10v4h3l6 5V5l-6 5zM16.5 9a4.5 4.5 0 0 1 0 6M19 6.5a8 8 0 0 1 0 11",
  pause: "M8 5v14M16 5v14",
  play: "M7 5l12 7-12 7z",
  drain: "M12 4v10M7.5 10l4.5 4.5 4.5-4.5M5 20h14",
  test: "M9 4h6M10 4v6l-5 9.5h14L14 10V4M7.5 15h9",
  close: "M6 6l12 12M18 6L6 18",
  left: "M20 12H5M11 5l-7 7 7 7",
  erase: "M9 5h12v14H9l-6-7zM12.5 9.5l5 5M17.5 9.5l-5 5",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M5 5l1.7 1.7M17.3 17.3L19 19M5 19l1.7-1.7M17.3 6.7L19 5",
  out: "M14 4h6v16h-6M3 12h12M11 8l4 4-4 4",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20.5c.8-4 3.7-6 7.5-6s6.7 2 7.5 6",
  home: "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
  lost: "M3 3l18 18M8.5 16.5a5 5 0 0 1 6-.7M5.5 13a9.5 9.5 0 0 1 4-2.3M18.5 13a9.4 9.4 0 0 0-4.7-2.5M2.5 9.5a14 14 0 0 1 4-2.5M21.5 9.5a14 14 0 0 0-10-3.8M12 20v.1",
};

/** @param {string} name */
export function icon(name) {
  return h("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, h("path", { d: PATHS[name] ?? PATHS.info }));
}

/** The mark of the house: four leaning stripes, as on the specimen card. @param {string} name a class */
export function mark(name) {
  return h(
    "svg",
    { class: name, viewBox: "0 0 34 24", preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true" },
    h("rect", { width: 34, height: 24, fill: "#fffdf8" }),
    [["#e2725b", 4], ["#f0b35a", 11], ["#7fb7a3", 18], ["#4a7c8c", 25]].map(([fill, x]) =>
      h("path", { fill, d: `M${x} 0h7l-6 24h-7z` }),
    ),
  );
}

/** A band of leaning stripes for the head of a page. @param {string} name a class */
export function band(name) {
  const stripes = [["#e2725b", 250], ["#f0b35a", 290], ["#7fb7a3", 330], ["#4a7c8c", 370]];
  return h(
    "svg",
    { class: name, viewBox: "0 0 440 84", preserveAspectRatio: "xMaxYMid slice", "aria-hidden": "true" },
    h("rect", { width: 440, height: 84, fill: "#243447" }),
    stripes.map(([fill, x]) => h("path", { fill, d: `M${x} 0h40l-26 84h-40z` })),
    h("path", { fill: "#fff", "fill-opacity": 0.14, d: "M290 0l-13 42h-40l13-42zM370 0l-13 42h-40l13-42z" }),
    h("path", { fill: "#1c2a38", "fill-opacity": 0.2, d: "M410 0h30v84h-56z" }),
  );
}
