/** How this glass shows things: the language and the colours. Kept on the machine; nothing of a person is in it. */

/** @typedef {"id" | "en"} Language @typedef {"auto" | "light" | "dark"} Theme */

const LANGUAGE = "stationd.language";
const THEME = "stationd.theme";

/** @type {Set<() => void>} */
const followers = new Set();

/** @returns {Language} */
export function language() {
  return localStorage.getItem(LANGUAGE) === "en" ? "en" : "id";
}

/** @param {Language} wanted @param {boolean} [isKept] whether the next visit begins with it */
export function speak(wanted, isKept = true) {
  if (isKept) localStorage.setItem(LANGUAGE, wanted);
  current = wanted;
  document.documentElement.lang = wanted;
  for (const follower of followers) follower();
}

/** @type {Language} */
let current = language();

/** The language spoken now. */
export function spoken() {
  return current;
}

/** @returns {Theme} */
export function theme() {
  const kept = localStorage.getItem(THEME);
  return kept === "light" || kept === "dark" ? kept : "auto";
}

/** @param {Theme} wanted */
export function paint(wanted) {
  if (wanted === "auto") localStorage.removeItem(THEME);
  else localStorage.setItem(THEME, wanted);
  document.documentElement.dataset.theme = wanted;
  for (const follower of followers) follower();
}

/** Whether it is dark now, by choice or by the system's wish. */
export function isDark() {
  const wanted = theme();
  return wanted === "dark" || (wanted === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
}

/** Be told when either changes. @param {() => void} follower */
export function follow(follower) {
  followers.add(follower);
}

document.documentElement.lang = current;
document.documentElement.dataset.theme = theme();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => followers.forEach((each) => each()));
