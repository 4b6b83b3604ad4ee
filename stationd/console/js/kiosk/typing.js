/** The start: type the receipt, or hold it before the scanner. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { LENGTH, SYMBOLS, grouped } from "../receipt.js";
import { t } from "../words.js";

/** @param {import("./kiosk.js").kiosk} kiosk */
export function typing(kiosk) {
  const isWhole = kiosk.typed.length === LENGTH && !kiosk.wrong;
  return [
    h("div", { class: "stack", style: { gap: ".6rem" } }, h("h1", null, t("kiosk.title")), h("p", { class: "lead" }, t("kiosk.lead"))),
    h("div", { class: kiosk.wrong ? "slots is-wrong" : "slots", role: "img", "aria-label": kiosk.typed ? t("kiosk.typed", { typed: [...kiosk.typed].join(" ") }) : t("kiosk.typed-nothing") },
      [0, 4, 8].map((from) => h("div", { key: from }, [0, 1, 2, 3].map((each) => {
        const place = from + each;
        const symbol = kiosk.typed[place];
        return h("i", { key: place, class: symbol ? "is-filled" : place === kiosk.typed.length ? "is-next" : "" }, symbol ?? "");
      })))),
    h("p", { class: "away", "aria-live": "polite" }, grouped(kiosk.typed)),
    kiosk.wrong && h("p", { class: "notice bad wrong", role: "alert" }, icon("bad"), kiosk.wrong),
    h("div", { class: "pad", role: "group", "aria-label": t("kiosk.pad") },
      [...SYMBOLS].map((symbol) => h("button", { key: symbol, disabled: kiosk.typed.length >= LENGTH, onclick: () => kiosk.type(symbol) }, symbol)),
      h("button", { key: "erase", class: "wide", disabled: !kiosk.typed, onclick: () => kiosk.erase() }, icon("erase"), t("kiosk.erase")),
      h("button", { key: "clear", class: "wide", disabled: !kiosk.typed, onclick: () => kiosk.clear() }, icon("close"), t("kiosk.clear"))),
    h("button", { class: "button main big", disabled: !isWhole || !kiosk.isInTouch, onclick: () => kiosk.ask(kiosk.typed) }, icon("search"), t("kiosk.ask")),
    kiosk.called.length > 0 ? called(kiosk) : !kiosk.wrong && slip(),
  ];
}

/** Who is called to which counter: the last four symbols only. @param {import("./kiosk.js").kiosk} kiosk */
function called(kiosk) {
  return h("section", { class: "panel called", "aria-live": "assertive" }, h("h2", null, t("kiosk.called")),
    h("ul", { class: "stack" }, kiosk.called.map((each) => h("li", { key: each.receipt }, h("span", { class: "receipt" }, `···· ···· ${each.receipt}`), h("b", null, t("kiosk.counter", { n: each.counter }))))));
}

/** Where on the paper the receipt stands. */
function slip() {
  return h("section", { class: "panel slip" },
    h("svg", { viewBox: "0 0 168 132", "aria-hidden": "true" },
      h("path", { d: "M14 6h140v112l-10 8-10-8-10 8-10-8-10 8-10-8-10 8-10-8-10 8-10-8-10 8-10-8-10 8z", fill: "var(--paper)", stroke: "var(--line-strong)", "stroke-width": 2 }),
      h("path", { d: "M28 24h70M28 36h48", stroke: "var(--line-strong)", "stroke-width": 4, "stroke-linecap": "round" }),
      h("rect", { x: 24, y: 50, width: 120, height: 24, rx: 6, fill: "var(--act-soft)", stroke: "var(--act)", "stroke-width": 3 }),
      h("text", { x: 84, y: 67, "text-anchor": "middle", "font-size": 12.5, "font-weight": 600, fill: "var(--act-ink)" }, "2XK7-9QF4-M3TK"),
      h("path", { d: "M30 86v20M35 86v20M38 86v20M46 86v20M50 86v20M58 86v20M61 86v20M70 86v20M74 86v20M80 86v20M88 86v20M91 86v20M99 86v20M103 86v20M111 86v20M116 86v20M120 86v20M128 86v20M132 86v20M138 86v20", stroke: "var(--ink-2)", "stroke-width": 2.4 })),
    h("div", { class: "stack", style: { gap: ".4rem" } }, h("h2", null, t("kiosk.where")), h("p", { class: "quiet" }, t("kiosk.where-why"))));
}
