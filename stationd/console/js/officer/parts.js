/** Parts that several views are made of: tabs, tables to choose from, turning pages, papers to save. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { blob } from "../api.js";
import { t } from "../words.js";
import { attempt } from "../dialog.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** A name and its value, inside a `dl`. @param {string} name @param {any} value */
export function fact(name, value) {
  return [h("dt", { key: name }, t(name)), h("dd", { key: `${name} value` }, value)];
}

/** The head of a view, with what may be done at once. @param {string} view @param {...any} acts */
export function title(view, ...acts) {
  return h("div", { class: "title" }, h("h1", null, t(`view.${view}`)), acts);
}

/** A list and, beside it, what was chosen from it. @param {any[]} list @param {any} chosen @param {string} why what will stand there @param {string} [which] what to choose */
export function pair(list, chosen, why, which = t("queue.choose")) {
  return h("div", { class: "pair" },
    h("div", { class: "stack" }, list),
    h("aside", { class: "panel", "aria-live": "polite" }, chosen
      ? h("div", { class: "stack aside" }, chosen)
      : h("p", { class: "empty" }, icon("card"), h("b", null, which), why)));
}

/**
 * Lists to choose between.
 * @param {string[]} names @param {string} chosen @param {(name: string) => string} words
 * @param {(name: string) => number | string | undefined} count @param {(name: string) => void} choose
 */
export function tabs(names, chosen, words, count, choose) {
  return h("div", { class: "row wrap", role: "group", "aria-label": t("queue.lists") }, names.map((each) =>
    h("button", { key: each, class: each === chosen ? "button slim main" : "button slim", "aria-pressed": String(each === chosen), onclick: () => choose(each) },
      words(each), " ", count(each) ?? "")));
}

/**
 * A table whose rows can be chosen.
 * @param {Desk} desk @param {string} view @param {[string, string?][]} heads words and class of each column
 * @param {any[]} items @param {(item: any) => any} id @param {(item: any) => any[]} cells the first is what names the row
 */
export function table(desk, view, heads, items, id, cells) {
  return h("table", null,
    h("thead", null, h("tr", null, heads.map(([words, tone]) => h("th", { class: tone }, words)))),
    h("tbody", null, items.map((item) => {
      const isChosen = id(item) === desk.chosen;
      return h("tr", { key: id(item), class: isChosen ? "choice is-chosen" : "choice", onclick: (/** @type {any} */ event) => { event.currentTarget.querySelector("button").focus(); desk.go(view, id(item)); } },
        cells(item).map((cell, index) => h("td", { class: heads[index]?.[1] },
          index === 0 ? h("button", { class: "button plain slim receipt link", "aria-pressed": String(isChosen) }, cell) : cell)));
    })));
}

/** Nothing is there, or not yet. @param {any} list @param {string} picture @param {string} none @param {string} [why] */
export function nothing(list, picture, none, why = "") {
  return list ? h("p", { class: "empty" }, icon(picture), h("b", null, none), why) : h("p", { class: "empty" }, t("loading"));
}

/** Where the reader stands in each list that has pages: the cursors that led there. @param {Desk} desk @param {string} name */
function turned(desk, name) {
  return /** @type {string[]} */ (desk.kept[`${name} pages`] ??= []);
}

/** The cursor of the page that is open, as the end of a query. @param {Desk} desk @param {string} name */
export function cursor(desk, name) {
  const last = turned(desk, name).at(-1);
  return last ? `&after=${encodeURIComponent(last)}` : "";
}

/** From the first page again. @param {Desk} desk @param {string} name */
export function turnBack(desk, name) {
  desk.kept[`${name} pages`] = [];
}

/** Leafing through a list that comes in pages; nothing where it has but one. @param {Desk} desk @param {string} name */
export function pager(desk, name) {
  const pages = turned(desk, name);
  const next = desk.all[name]?.value?.next;
  if (!pages.length && !next) return null;
  const turn = (/** @type {() => void} */ act) => () => { act(); desk.changed(); };
  return h("div", { class: "row pager", role: "group", "aria-label": t("page") },
    h("button", { class: "button slim", disabled: !pages.length, onclick: turn(() => pages.pop()) }, icon("left"), t("page.before")),
    h("span", { class: "quiet small num grow", "aria-live": "polite" }, t("page.number", { n: pages.length + 1 })),
    h("button", { class: "button slim", disabled: !next, onclick: turn(() => pages.push(String(next))) }, t("page.after")));
}

/** Save a paper of the station on this machine. @param {string} path @param {string} name of the file */
export function save(path, name) {
  return attempt(async () => {
    const source = await blob(path);
    const link = document.createElement("a");
    link.href = source;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(source), 60_000);
  }, t("paper.saved", { name }));
}

/** A button that saves a paper. @param {string} words @param {string} path @param {string} name @param {string} [tone] */
export function paper(words, path, name, tone = "") {
  return h("button", { key: path, class: `button ${tone}`, onclick: () => save(path, name) }, icon("paper"), words);
}
