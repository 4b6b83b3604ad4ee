/** What there is to print on: the blanks at hand, in which hopper they lie and how long they last, and sealed packs. */

import { h } from "../dom.js";
import { once } from "../api.js";
import { t } from "../words.js";
import { lasting, number } from "../format.js";
import { ask, field } from "../dialog.js";
import { nameOf } from "./advice.js";
import { cursor, nothing, pager } from "./parts.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** Those that can have a hopper. @param {Desk} desk @returns {any[]} */
export function printers(desk) {
  return (desk.know("devices") ?? []).filter((/** @type {any} */ each) => each.kind === "printer" && !["unused", "absent"].includes(each.state));
}

/** How long they last, hopper by hopper. @param {Desk} desk @param {any} book */
export function reach(desk, book) {
  const all = printers(desk);
  const waiting = desk.know("queue")?.waiting ?? 0;
  /** @type {[string, string][]} */
  const figures = [
    [number(book.at_hand), t("blanks.at-hand")],
    [typeof book.days_left === "number" ? number(Math.floor(book.days_left)) : "–", t("stock.days")],
    [number(desk.know("readiness")?.can_finish ?? 0), t("blanks.can-finish")],
    [number(waiting), t("stock.waiting")],
  ];
  return h("section", { class: "panel", "aria-label": t("stock.title") },
    h("header", null, h("h2", null, t("stock.title")), h("a", { href: "#forecast" }, t("stock.ahead"))),
    h("div", { class: "body figures" }, figures.map(([figure, words]) => h("div", { class: "figure", key: words }, h("b", null, figure), h("span", null, words)))),
    all.length > 0 && h("table", null,
      h("thead", null, h("tr", null, h("th", null, t("stock.printer")), h("th", { class: "end" }, t("stock.hopper")), h("th", null, t("stock.lasts")), h("th", null, t("stock.supplies")), h("th", { class: "end" }, t("blanks.enter")))),
      h("tbody", null, all.map((each) => hopper(desk, each, book.hoppers[each.name])))));
}

/** @param {Desk} desk @param {any} each @param {number | undefined} inside what the book has in its hopper; nothing where loading was never entered */
function hopper(desk, each, inside) {
  const supplies = each.supplies.filter((/** @type {any} */ one) => one.cards !== null).map((/** @type {any} */ one) => `${t(`supply.${one.name}`, {}, one.name)} ${t("device.cards", { n: number(one.cards) })}`);
  return h("tr", { key: each.id },
    h("td", null, h("b", null, nameOf(each))),
    h("td", { class: "end num" }, inside === undefined ? "–" : h("b", null, number(inside))),
    h("td", { class: "quiet" }, inside === undefined ? t("stock.from-safe") : inside === 0 ? t("stock.empty") : each.card_s ? t("stock.hours", { span: lasting(inside * each.card_s) }) : "–"),
    h("td", { class: "quiet small" }, supplies.join(", ") || t("stock.untold")),
    h("td", { class: "end" }, h("div", { class: "row ends" },
      act("load", () => move(desk, each, "loaded"), nameOf(each)),
      !!inside && act("unload", () => move(desk, each, "unloaded"), nameOf(each)))));
}

/** @param {string} what @param {() => void} onclick @param {string} name what it is done to */
function act(what, onclick, name) {
  return h("button", { key: what, class: "button slim", onclick, "aria-label": `${t(`stock.${what}`)}: ${name}` }, t(`stock.${what}`));
}

/** From the safe into a hopper, or back. @param {Desk} desk @param {any} each @param {"loaded" | "unloaded"} kind */
async function move(desk, each, kind) {
  const post = once();
  await ask({
    title: t(`stock.${kind}-title`, { name: nameOf(each) }),
    body: [h("p", null, t(`stock.${kind}-why`)), field("quantity", t("blanks.quantity"), { type: "number", min: 1, max: 100000, required: true, inputmode: "numeric" })],
    yes: t(`stock.${kind}-yes`),
    act: (said) => post("/v1/blanks/entries", { kind, printer: each.name, quantity: Number(said.quantity) }),
  });
  desk.again();
}

/** The packs that are still sealed; nothing where an office does not enter them. @param {Desk} desk */
export function packs(desk) {
  const all = desk.look("packs", `/v1/blanks/packs?sealed=true&limit=15${cursor(desk, "packs")}`, /^blanks\./, 1000).value?.items;
  if (!all?.length && !cursor(desk, "packs")) return null;
  return h("section", { class: "panel", "aria-label": t("packs.title") },
    h("header", null, h("h2", null, t("packs.title"))),
    all?.length
      ? h("table", null,
        h("thead", null, h("tr", null, h("th", null, t("packs.number")), h("th", { class: "end" }, t("blanks.quantity")), h("th", null, t("packs.serials")), h("th", { class: "end" }, t("blanks.enter")))),
        h("tbody", null, all.map((/** @type {any} */ each) => h("tr", { key: each.number },
          h("td", null, h("b", null, each.number)),
          h("td", { class: "end num" }, number(each.quantity)),
          h("td", { class: "quiet" }, each.first_serial ? `${each.first_serial} – ${each.last_serial ?? ""}` : "–"),
          h("td", { class: "end" }, act("open", () => open(desk, each), each.number))))))
      : nothing(all, "blanks", t("ledger.none")),
    pager(desk, "packs"));
}

/** Count what was in a pack; what its label promises besides is missing. @param {Desk} desk @param {any} pack */
async function open(desk, pack) {
  const post = once();
  await ask({
    title: t("packs.open-title", { number: pack.number }),
    body: [h("p", null, t("packs.open-why", { n: number(pack.quantity) })), field("quantity", t("packs.found"), { type: "number", min: 0, max: 100000, required: true, inputmode: "numeric" })],
    yes: t("packs.open-yes"),
    act: (said) => post("/v1/blanks/entries", { kind: "opened", pack: pack.number, quantity: Number(said.quantity) }),
  });
  desk.again();
}

/**
 * What was typed of a delivery's packs, one a line: its number, how many, and the first and last serial where known.
 * @param {string} text
 */
export function packsOf(text) {
  return text.split("\n").map((line) => line.trim().split(/[\s,;]+/)).filter(([name]) => name).map(([name, many, first, last]) => ({
    number: name, quantity: Number(many), ...(first && { first_serial: first }), ...(last && { last_serial: last }),
  }));
}
