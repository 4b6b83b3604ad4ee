/** Packets of cards between stations: what is due, what is under way, and the one that was chosen. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { post } from "../api.js";
import { t } from "../words.js";
import { moment, number } from "../format.js";
import { ask, field, tell } from "../dialog.js";
import { cursor, nothing, pager, pair, table, tabs, title, turnBack } from "./parts.js";
import { packet, readIn, show, stateOf } from "./packet.js";

/** @typedef {import("./desk.js").Desk} Desk */

const STATES = ["announced", "sent", "differing", "agreed", "cancelled"];
/** A scan is told as what became of the card. */
const TOPICS = /^(transfer|card)\./;
const PAUSE_MS = 400;

/** @param {Desk} desk */
export function transfers(desk) {
  const state = desk.kept.transfers ?? (desk.know("incoming")?.length ? "announced" : "sent");
  const all = desk.look("transfers", `/v1/transfers?state=${state}&limit=50${cursor(desk, "transfers")}`, TOPICS, PAUSE_MS).value?.items;
  const chosen = desk.chosen && desk.look("transfer", `/v1/transfers/${encodeURIComponent(desk.chosen)}`, TOPICS, PAUSE_MS).value;
  return [
    title("transfers",
      h("button", { key: "pack", class: "button", onclick: () => pack(desk, "", true) }, icon("transfers"), t("transfer.pack")),
      h("button", { key: "read", class: "button main", onclick: () => readIn(desk, "incoming") }, icon("paper"), t("transfer.incoming"))),
    pair([
      due(desk),
      tabs(STATES, state, (each) => t(`transfer-state.${each}`), (each) => (each === "announced" ? desk.count("incoming") : undefined),
        (each) => { desk.kept.transfers = each; turnBack(desk, "transfers"); desk.changed(); }),
      h("div", { class: "panel" }, all?.length ? rows(desk, all) : nothing(all, "transfers", t("transfer.none")), pager(desk, "transfers")),
    ], chosen && packet(desk, chosen), t("transfer.choose-why"), t("transfer.choose")),
  ];
}

/** Cards that should be on their way. @param {Desk} desk */
function due(desk) {
  const all = desk.know("due");
  return all?.length > 0 && h("section", { class: "panel" },
    h("header", null, h("h2", null, t("transfer.due"))),
    h("table", null, h("tbody", null, all.map((/** @type {any} */ each) => h("tr", { key: each.district },
      h("td", null, h("b", { class: "num" }, each.district === "unknown" ? t("transfer.district-unknown") : each.district)),
      h("td", null, t("device.cards", { n: each.cards })),
      h("td", { class: "quiet" }, t("ready.since", { at: moment(each.oldest) })),
      h("td", { class: "end" }, each.partner
        ? h("button", { class: "button slim main", onclick: () => pack(desk, each.partner, true) }, t("transfer.pack-for", { to: each.partner }))
        : h("span", { class: "quiet small" }, t("transfer.no-partner"))))))));
}

/** @param {Desk} desk @param {any[]} all */
function rows(desk, all) {
  return table(desk, "transfers", [[t("transfer.number")], [t("transfer.peer")], [t("transfer.cards"), "num"], [t("queue.state")], [t("transfer.made"), "quiet end"]],
    all, (each) => each.id, (each) => [each.number, each.peer_name, each.direction === "in" ? `${number(each.arrived)} / ${number(each.cards)}` : number(each.cards), stateOf(each), moment(each.made_at)]);
}

/** @param {Desk} desk @param {string} to @param {boolean} isDue */
async function pack(desk, to, isDue) {
  /** @type {any} */
  let made = null;
  await ask({
    title: t("transfer.pack-title"),
    body: [h("p", null, t("transfer.pack-why")),
      field("to", t("transfer.to"), { required: true, maxlength: 16, value: to || undefined, hint: t("transfer.to-hint") }),
      field("which", t("transfer.which"), { choices: [["due", t("transfer.which-due")], ["all", t("transfer.which-all")]], value: isDue ? "due" : "all" })],
    yes: t("transfer.pack"),
    act: async (said) => (made = await post("/v1/transfers", { to: said.to.trim(), due_only: said.which === "due" })),
  });
  if (!made) return;
  tell(t("transfer.packed", { n: made.cards, number: made.number }));
  show(desk, made);
}
