/** The book of blanks: where every blank is, and what people enter. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { once } from "../api.js";
import { t } from "../words.js";
import { number } from "../format.js";
import { ask, field, tell } from "../dialog.js";
import { ledger } from "./ledger.js";
import { packs, packsOf, printers, reach } from "./stock.js";
import { nameOf } from "./advice.js";
import { title } from "./parts.js";
import { secondFields, secondOf } from "./second.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** @type {[string, string][]} account and colour */
const ACCOUNTS = [
  ["safe", "var(--teal)"], ["printer", "var(--sage)"], ["issued", "#5d7690"], ["spoiled", "var(--coral)"],
  ["quarantined", "var(--amber)"], ["returned", "#8c78a0"], ["destroyed", "#8a7f6c"], ["missing", "#c0392b"],
];

const CATEGORIES = ["printer-spoil", "factory-bad", "status-change", "damaged-in-use", "found-lost"];

/** A strip that shows where the blanks are. @param {any} book */
export function shares(book) {
  const there = ACCOUNTS.filter(([account]) => book[account] > 0);
  const words = there.map(([account]) => `${t(`account.${account}`)} ${number(book[account])}`).join(", ");
  return h("div", { class: "accounts", role: "img", "aria-label": words }, there.map(([account, tone]) => h("i", { key: account, title: `${t(`account.${account}`)}: ${number(book[account])}`, style: { "--share": book[account], "--tone": tone } })));
}

/** @param {Desk} desk */
export function blanks(desk) {
  const book = desk.know("blanks");
  return [
    title("blanks", h("button", { class: "button main", onclick: () => receive(desk) }, icon("blanks"), t("blanks.receive"))),
    book && h("div", { class: "stack" },
      book.count?.state === "awaits-second-person" && h("p", { class: "notice act" }, icon("approvals"), t("blanks.count-waits")),
      book.is_low && h("p", { class: "notice warn" }, icon("warn"), t("blanks.low-why")),
      reach(desk, book),
      packs(desk),
      h("section", { class: "panel" },
        h("header", null, h("h2", null, t("blanks.where")), h("span", { class: "quiet num" }, t("blanks.received", { n: number(book.received) }))),
        h("div", { class: "body stack" }, shares(book),
          h("table", null, h("tbody", null, ACCOUNTS.map(([account, tone]) => h("tr", { key: account },
            h("td", { style: { "padding-left": "0" } }, h("i", { class: "key", style: { "--tone": tone } }), t(`account.${account}`)), h("td", { class: "quiet small" }, t(`account.${account}-means`)), h("td", { class: "end num" }, h("b", null, number(book[account]))))))))),
      h("section", { class: "panel" },
        h("header", null, h("h2", null, t("blanks.enter"))),
        h("div", { class: "body row wrap" },
          h("button", { class: "button", onclick: () => count(desk) }, icon("approvals"), t("blanks.count")),
          h("button", { class: "button", onclick: () => enter(desk, "spoiled") }, icon("bad"), t("blanks.spoiled")),
          h("button", { class: "button", onclick: () => enter(desk, "returned") }, icon("left"), t("blanks.returned")),
          book.spoiled + book.quarantined > 0 && h("button", { class: "button", onclick: () => destroy(desk) }, icon("close"), t("blanks.destroy")))),
      ledger(desk),
    ),
  ];
}

/** @param {Desk} desk */
async function receive(desk) {
  const post = once();
  const filled = await ask({
    title: t("blanks.receive-title"),
    body: [h("p", null, t("blanks.receive-why")), quantity(),
      field("delivery_note", t("blanks.delivery-note"), { maxlength: 100 }),
      field("packs", t("blanks.packs"), { kind: "text", maxlength: 20000, hint: t("blanks.packs-hint") }),
      field("note", t("blanks.note"), { maxlength: 1000, hint: t("note.hint") })],
    yes: t("blanks.receive-yes"),
    act: (said) => {
      const sealed = packsOf(said.packs);
      return post("/v1/blanks/entries", {
        kind: "received", quantity: Number(said.quantity), note: said.note,
        ...(said.delivery_note && { delivery_note: said.delivery_note }), ...(sealed.length && { packs: sealed }),
      });
    },
  });
  if (filled) tell(t("blanks.received-done", { n: number(Number(filled.quantity)) }));
  desk.again();
}

/** The daily count, by two people who do not tell each other their figures. @param {Desk} desk */
async function count(desk) {
  const post = once();
  const book = desk.know("blanks");
  const isSecond = book?.count?.state === "awaits-second-person";
  const loaded = printers(desk).filter((each) => each.name in (book?.hoppers ?? {}));
  /** @type {any} */
  let booked = null;
  const filled = await ask({
    title: t(isSecond ? "blanks.count-second" : "blanks.count-title"),
    body: [h("p", null, t("blanks.count-why")), field("quantity", t(loaded.length ? "blanks.count-safe" : "blanks.quantity"), { type: "number", min: 0, max: 100000, required: true, inputmode: "numeric" }),
      loaded.map((each, index) => field(`hopper-${index}`, t("blanks.count-hopper", { name: nameOf(each) }), { type: "number", min: 0, max: 100000, required: true, inputmode: "numeric" })),
      field("note", t("blanks.note"), { maxlength: 1000, hint: t("note.hint") })],
    yes: t("blanks.count-yes"),
    act: async (said) => (booked = await post("/v1/blanks/entries", {
      kind: "counted", quantity: Number(said.quantity), note: said.note,
      ...(loaded.length && { hoppers: Object.fromEntries(loaded.map((each, index) => [each.name, Number(said[`hopper-${index}`])])) }),
    })),
  });
  if (filled) tell(t(booked?.count?.state === "awaits-second-person" ? "blanks.count-waits" : "blanks.count-done"), booked?.count?.state === "awaits-second-person" ? "act" : "good");
  desk.again();
}

/** @param {Desk} desk @param {"spoiled" | "returned"} kind */
async function enter(desk, kind) {
  const post = once();
  await ask({
    title: t(`blanks.${kind}-title`),
    body: [h("p", null, t(`blanks.${kind}-why`)), quantity(), field("note", t("blanks.note"), { required: true, maxlength: 1000, hint: t("note.hint") })],
    yes: t(`blanks.${kind}-yes`),
    isDanger: true,
    act: (said) => post("/v1/blanks/entries", { kind, quantity: Number(said.quantity), note: said.note }),
  });
  desk.again();
}

/** Spoiled blanks are destroyed before two witnesses, and a second officer agrees; minutes are drawn up. @param {Desk} desk */
async function destroy(desk) {
  const post = once();
  /** @type {any} */
  let booked = null;
  await ask({
    title: t("blanks.destroy-title"),
    body: [h("p", null, t("blanks.destroy-why")), quantity(),
      field("source", t("blanks.source"), { choices: ["spoiled", "quarantined"].map((each) => [each, t(`account.${each}`)]) }),
      field("category", t("blanks.category"), { choices: CATEGORIES.map((each) => [each, t(`category.${each}`)]) }),
      ["first", "second"].map((each) => field(`${each}_witness`, t(`blanks.${each}-witness`), { required: true, maxlength: 100 })),
      secondFields()],
    yes: t("blanks.destroy"),
    isDanger: true,
    act: async (said) => (booked = await post("/v1/blanks/entries", {
      kind: "destroyed", quantity: Number(said.quantity), source: said.source,
      items: [{ category: said.category, quantity: Number(said.quantity) }],
      witnesses: [{ name: said.first_witness }, { name: said.second_witness }],
      ...secondOf(said),
    })),
  });
  if (booked) tell(t(booked.approval ? "second.asked" : "blanks.destroyed"), booked.approval ? "act" : "good");
  desk.again();
}

function quantity() {
  return field("quantity", t("blanks.quantity"), { type: "number", min: 1, max: 100000, required: true, inputmode: "numeric" });
}
