/** The weeks to come: how many cards and how many visitors, as the station's own past lets expect them. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../words.js";
import { day, number } from "../format.js";
import { nothing, title } from "./parts.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** @param {Desk} desk */
export function forecast(desk) {
  const told = desk.look("forecast", "/v1/forecast?weeks=8", /^(duty|blanks)\./).value;
  const book = desk.know("blanks");
  const weeks = told?.printed ?? [];
  return [
    title("forecast"),
    h("div", { class: "stack" },
      book && weeks.length > 0 && lastsUntil(book.at_hand, weeks),
      h("section", { class: "panel", "aria-label": t("view.forecast") },
        h("header", null, h("h2", null, t("forecast.weeks")), h("span", { class: "quiet small" }, t("forecast.how"))),
        weeks.length
          ? table(told)
          : nothing(told, "figures", t("forecast.none"), t("forecast.none-why")))),
  ];
}

/** In which week the blanks run out, were nothing delivered. @param {number} at_hand @param {any[]} weeks */
function lastsUntil(at_hand, weeks) {
  let left = at_hand;
  const last = weeks.find((each) => (left -= each.expected) < 0);
  return h("p", { class: `notice ${last ? "warn" : "good"}`, role: "status" }, icon(last ? "warn" : "good"),
    h("span", null, t("forecast.at-hand", { n: number(at_hand) }), " ",
      h("b", null, last ? t("forecast.until", { day: day(last.begins) }) : t("forecast.beyond", { n: weeks.length }))));
}

/** @param {any} told */
function table(told) {
  const most = Math.max(1, ...[...told.printed, ...told.fetched].map((each) => each.expected));
  const names = new Map(told.seasons.map((/** @type {any} */ each) => [each.name, each.title]));
  return h("table", null,
    h("thead", null, h("tr", null, h("th", null, t("forecast.week")), h("th", null, t("forecast.printed")), h("th", null, t("forecast.fetched")), h("th", null, t("forecast.season")))),
    h("tbody", null, told.printed.map((/** @type {any} */ week, /** @type {number} */ index) => h("tr", { key: week.begins },
      h("td", { class: "nowrap" }, day(week.begins)),
      h("td", null, bar(week, most)),
      h("td", null, told.fetched[index] ? bar(told.fetched[index], most) : "–"),
      h("td", null, week.seasons.map((/** @type {string} */ each) => h("span", { key: each, class: "badge act bare" }, names.get(each) ?? each)))))));
}

/** @param {any} week @param {number} most */
function bar(week, most) {
  return h("div", { class: "stack", style: { gap: "4px" } },
    h("span", { class: "num" }, h("b", null, number(Math.round(week.expected))), week.error !== null && h("span", { class: "quiet small" }, ` ± ${number(Math.round(week.error))}`)),
    h("div", { class: "bar", "aria-hidden": "true" }, h("i", { style: { "--share": week.expected / most } })));
}
