/** The shelf: finished cards from the tray to the hand of their holder. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { get, post } from "../api.js";
import { readReceipt } from "../receipt.js";
import { t } from "../words.js";
import { moment, number, since } from "../format.js";
import { said } from "../dialog.js";
import { fact } from "./job.js";
import { actionsOf } from "./handing.js";

/** @typedef {import("./desk.js").Desk} Desk */

const LISTS = ["fresh", "checked", "shelved", "set_aside"];
let list = "fresh";
let wanted = "";
let trouble = "";
/** @type {any[] | null} what a search found, with names for the officer who chooses */
let found = null;
/** @type {any} */
let chosen = null;
let asking = "";

const TONES = { printed: "warn", checked: "act", received: "act", on_shelf: "good", quarantined: "bad", missing: "bad" };

/** @param {any} card */
export function custodyOf(card) {
  return h("span", { class: `badge ${/** @type {any} */ (TONES)[card.custody] ?? ""}` }, t(`custody.${card.custody}`));
}

/** @param {Desk} desk */
export function shelf(desk) {
  const cards = found ? found.map((each) => ({ ...each.card, name: each.name })) : (desk.know(list) ?? []);
  look(desk);
  return [
    h("div", { class: "title" }, h("h1", null, t("view.shelf"))),
    h("div", { class: "pair" },
      h("div", { class: "stack" }, search(desk), tabs(desk), h("div", { class: "panel" }, cards.length ? rows(desk, cards) : h("p", { class: "empty" }, icon("shelf"), h("b", null, found ? t("shelf.not-found") : t(`shelf.${list}-none`))))),
      h("aside", { class: "panel", "aria-live": "polite" }, chosen && desk.chosen ? card(desk, chosen) : h("p", { class: "empty" }, icon("card"), h("b", null, t("queue.choose")), t("shelf.choose-why")))),
  ];
}

/** @param {Desk} desk */
function look(desk) {
  const stamp = desk.chosen && `${desk.chosen} ${LISTS.map((each) => desk.all[each]?.answered_at).join()}`;
  if (stamp === asking) return;
  asking = stamp;
  if (!desk.chosen) {
    chosen = null;
    return;
  }
  get(`/v1/cards/${desk.chosen}`).then((answer) => {
    const isNews = JSON.stringify(answer) !== JSON.stringify(chosen);
    chosen = answer;
    if (isNews) desk.changed();
  }, () => {});
}

/** @param {Desk} desk */
function search(desk) {
  /** @param {Event} event */
  const submit = async (event) => {
    event.preventDefault();
    const text = wanted.trim();
    trouble = "";
    found = null;
    if (text) {
      const receipt = readReceipt(text);
      try {
        found = (await post("/v1/cards/find", receipt ? { receipt } : /^\d{16}$/.test(text) ? { nik: text } : { name: text })).items;
        if (found?.length === 1) desk.go("shelf", found[0].card.id);
      } catch (problem) {
        trouble = said(problem);
      }
    }
    desk.changed();
  };
  return h("form", { class: "stack", role: "search", onsubmit: submit },
    h("div", { class: "row" },
      h("label", { class: "grow" }, h("span", { class: "away" }, t("shelf.search")),
        h("input", { class: "input", type: "search", placeholder: t("shelf.search"), value: wanted, maxlength: 64, autocomplete: "off",
          oninput: (/** @type {any} */ event) => { wanted = event.target.value; if (!wanted) found = null; desk.changed(); } })),
      h("button", { class: "button main" }, icon("search"), t("do.find"))),
    trouble && h("p", { class: "notice warn", role: "alert" }, icon("warn"), trouble));
}

/** @param {Desk} desk */
function tabs(desk) {
  return h("div", { class: "row wrap", role: "group", "aria-label": t("queue.lists") }, LISTS.map((each) =>
    h("button", { key: each, class: each === list && !found ? "button slim main" : "button slim", "aria-pressed": String(each === list && !found),
      onclick: () => { list = each; found = null; wanted = ""; desk.changed(); } }, t(`shelf.${each}`), " ", number(desk.know(each)?.length ?? 0))));
}

/** @param {Desk} desk @param {any[]} cards */
function rows(desk, cards) {
  return h("table", null,
    h("thead", null, h("tr", null, h("th", null, t("job.receipt")), h("th", null, found ? t("shelf.name") : t("job.kind")), h("th", null, t("queue.state")), h("th", null, t("shelf.place")), h("th", { class: "end" }, t("device.since")))),
    h("tbody", null, cards.slice(0, 200).map((each) =>
      h("tr", { key: each.id, class: each.id === desk.chosen ? "choice is-chosen" : "choice", onclick: () => desk.go("shelf", each.id) },
        h("td", null, h("button", { class: "button plain slim receipt", "aria-pressed": String(each.id === desk.chosen), style: { padding: "0", "min-height": "32px" } }, each.receipt)),
        h("td", null, found ? each.name : t(`kind.${each.kind}`)),
        h("td", null, custodyOf(each)),
        h("td", { class: "num" }, each.place ?? "–"),
        h("td", { class: "quiet end" }, since(each.since))))));
}

/** @param {Desk} desk @param {any} each */
function card(desk, each) {
  return h("div", { class: "stack", style: { padding: "18px" } },
    h("div", { class: "row wrap" }, h("b", { class: "receipt grow", style: { "font-size": "1.2rem" } }, each.receipt), custodyOf(each)),
    each.place && h("p", { class: "notice good" }, icon("shelf"), h("span", null, t("shelf.lies-in"), " ", h("b", null, each.place))),
    h("dl", { class: "facts small" },
      fact("job.order", each.order), fact("job.kind", t(`kind.${each.kind}`)), fact("shelf.printed", moment(each.printed_at)), fact("device.since", moment(each.since)),
      each.hand_overs.map((/** @type {any} */ one) => [h("dt", { key: one.at }, t(one.undone_at ? "shelf.undone" : "shelf.handed-over")), h("dd", { key: `${one.at} value` }, `${moment(one.at)} · ${t(`document.${one.document}`)}${one.relation ? ` · ${t(`relation.${one.relation}`)}` : ""}`)])),
    h("div", { class: "row wrap" }, actionsOf(desk, each)));
}
