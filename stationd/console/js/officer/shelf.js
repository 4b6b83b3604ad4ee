/** The shelf: finished cards from the tray to the hand of their holder. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { post } from "../api.js";
import { readReceipt } from "../receipt.js";
import { t } from "../words.js";
import { moment, since } from "../format.js";
import { said } from "../dialog.js";
import { actionsOf } from "./handing.js";
import { fact, nothing, pair, table, tabs, title } from "./parts.js";

/** @typedef {import("./desk.js").Desk} Desk */

const LISTS = ["fresh", "checked", "shelved", "set_aside"];
let list = "fresh";

const TONES = { printed: "warn", checked: "act", received: "act", on_shelf: "good", quarantined: "bad", missing: "bad" };

/** @param {any} card */
export function custodyOf(card) {
  return h("span", { class: `badge ${/** @type {any} */ (TONES)[card.custody] ?? ""}` }, t(`custody.${card.custody}`));
}

/** What somebody looks for by name, NIK or receipt, and what was found: names, for the officer who chooses. @param {Desk} desk */
function hunt(desk) {
  return /** @type {{wanted: string, trouble: string, found: any[] | null}} */ (desk.kept.hunt ??= { wanted: "", trouble: "", found: null });
}

/** @param {Desk} desk */
export function shelf(desk) {
  const { found } = hunt(desk);
  const cards = found ? found.map((each) => ({ ...each.card, name: each.name })) : desk.know(list);
  const chosen = desk.chosen && desk.look("card", `/v1/cards/${encodeURIComponent(desk.chosen)}`, /^(card|hand_over|approval)\./).value;
  return [
    title("shelf"),
    pair([search(desk), choose(desk), h("div", { class: "panel" }, cards?.length ? rows(desk, cards) : nothing(cards, "shelf", found ? t("shelf.not-found") : t(`shelf.${list}-none`), found ? t("shelf.not-found-why") : ""))],
      chosen && card(desk, chosen), t("shelf.choose-why")),
  ];
}

/** Look for the finished card of a person, or of a receipt, and show what is found. @param {Desk} desk @param {string} text */
export async function findPerson(desk, text) {
  const state = hunt(desk);
  state.wanted = text;
  state.trouble = "";
  state.found = null;
  const typed = text.trim();
  const receipt = readReceipt(typed);
  desk.go("shelf");
  if (!typed) return desk.changed();
  try {
    state.found = (await post("/v1/cards/find", receipt ? { receipt } : /^\d{16}$/.test(typed) ? { nik: typed } : { name: typed })).items;
    if (state.found?.length === 1) desk.go("shelf", state.found[0].card.id);
  } catch (problem) {
    state.trouble = said(problem);
  }
  desk.changed();
}

/** @param {Desk} desk */
function search(desk) {
  const state = hunt(desk);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void findPerson(desk, state.wanted);
  };
  return h("form", { class: "stack", role: "search", onsubmit: submit },
    h("div", { class: "row" },
      h("label", { class: "grow" }, h("span", { class: "away" }, t("shelf.search")),
        h("input", { class: "input", type: "search", placeholder: t("shelf.search"), value: state.wanted, maxlength: 64, autocomplete: "off",
          oninput: (/** @type {any} */ event) => { state.wanted = event.target.value; if (!state.wanted) state.found = null; desk.changed(); } })),
      h("button", { class: "button main" }, icon("search"), t("do.find"))),
    state.trouble && h("p", { class: "notice warn", role: "alert" }, icon("warn"), state.trouble));
}

/** @param {Desk} desk */
function choose(desk) {
  return tabs(LISTS, hunt(desk).found ? "" : list, (each) => t(`shelf.${each}`), (each) => desk.count(each),
    (each) => { list = each; desk.kept.hunt = undefined; desk.changed(); });
}

/** @param {Desk} desk @param {any[]} cards */
function rows(desk, cards) {
  const isFound = hunt(desk).found !== null;
  return table(desk, "shelf", [[t("job.receipt")], [t(isFound ? "shelf.name" : "job.kind")], [t("queue.state")], [t("shelf.place"), "num"], [t("device.since"), "quiet end"]],
    cards, (each) => each.id, (each) => [each.receipt, isFound ? each.name : t(`kind.${each.kind}`), custodyOf(each), each.place ?? "–", since(each.since)]);
}

/** @param {Desk} desk @param {any} each */
function card(desk, each) {
  return [
    h("div", { class: "row wrap" }, h("b", { class: "receipt grow", style: { "font-size": "1.2rem" } }, each.receipt), custodyOf(each)),
    each.place && h("p", { class: "notice good" }, icon("shelf"), h("span", null, t("shelf.lies-in"), " ", h("b", null, each.place))),
    h("div", { class: "row wrap" }, actionsOf(desk, each)),
    h("dl", { class: "facts small" },
      fact("job.order", each.order), fact("job.kind", t(`kind.${each.kind}`)), fact("shelf.printed", moment(each.printed_at)), fact("device.since", moment(each.since)),
      each.hand_overs.map((/** @type {any} */ one) => [h("dt", { key: one.at }, t(one.undone_at ? "shelf.undone" : "shelf.handed-over")), h("dd", { key: `${one.at} value` }, `${moment(one.at)} · ${t(`document.${one.document}`)}${one.relation ? ` · ${t(`relation.${one.relation}`)}` : ""}`)])),
    h("div", { class: "row wrap" },
      h("a", { class: "button slim", href: `#notices/${each.id}` }, icon("notices"), t("view.notices")),
      each.transfer && h("a", { class: "button slim", href: `#transfers/${each.transfer}` }, icon("transfers"), t("view.transfers")),
      !each.origin && h("a", { class: "button slim", href: `#queue/${each.id}` }, icon("queue"), t("job.see"))),
  ];
}
