/** Today's figures as small charts. */

import { h } from "../dom.js";
import { t } from "../words.js";
import { hour, number } from "../format.js";

/** @param {import("./desk.js").Desk} desk */
export function today(desk) {
  const figures = desk.know("figures");
  if (!figures) return null;
  return h("section", { class: "panel" },
    h("header", null, h("h2", null, t("figures.today"))),
    h("div", { class: "body stack" },
      h("div", { class: "figures" }, ["printed", "accepted", "spoiled"].map((name) => h("div", { class: "figure", key: name }, h("b", null, number(figures[name])), h("span", null, t(`figures.${name}`))))),
      bars(figures.hours)));
}

/** Cards an hour as bars. @param {{hour: number, printed: number}[]} hours */
function bars(hours) {
  const most = Math.max(1, ...hours.map((each) => each.printed));
  const now = hour();
  const shown = hours.filter((each) => each.hour >= 7 && each.hour <= 17).length && hours.every((each) => each.printed === 0 || (each.hour >= 7 && each.hour <= 17)) ? hours.filter((each) => each.hour >= 7 && each.hour <= 17) : hours;
  const width = 320 / shown.length;
  const words = shown.filter((each) => each.printed).map((each) => t("figures.hour", { hour: each.hour, n: each.printed })).join(", ");
  return h("svg", { class: "chart", viewBox: "0 0 320 76", role: "img", "aria-label": `${t("figures.by-hour")}: ${words || t("figures.none")}` },
    h("path", { class: "axis", d: "M0 58h320" }),
    shown.map((each, index) => {
      const height = each.printed ? Math.max(3, (each.printed / most) * 50) : 0;
      return h("g", { key: each.hour },
        h("rect", { class: each.hour === now ? "column now" : "column", x: index * width + width * 0.16, y: 58 - height, width: width * 0.68, height, rx: Math.min(4, width / 4) }),
        (shown.length < 14 || each.hour % 4 === 0) && h("text", { x: index * width + width / 2, y: 73, "text-anchor": "middle" }, each.hour));
    }));
}
