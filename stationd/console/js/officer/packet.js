/** One packet of cards: its papers and files, and taking the cards out of it one by one. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { post } from "../api.js";
import { readReceipt } from "../receipt.js";
import { t } from "../words.js";
import { moment, number } from "../format.js";
import { ask, field, said, tell } from "../dialog.js";
import { fact, paper, turnBack } from "./parts.js";

/** @typedef {import("./desk.js").Desk} Desk */

const TONES = { announced: "warn", sent: "act", differing: "bad", agreed: "good", arrived: "good", missing: "bad", returned: "act" };

/** @param {{state: string}} each a transfer, or a card of one */
export function stateOf(each) {
  return h("span", { class: `badge ${/** @type {any} */ (TONES)[each.state] ?? ""}` }, t(`transfer-state.${each.state}`));
}

/** @param {Desk} desk @param {any} each */
export function packet(desk, each) {
  const isIn = each.direction === "in";
  const hasMinutes = !isIn || each.revision > 0;
  const path = `/v1/transfers/${each.id}`;
  return [
    h("div", { class: "row wrap" }, h("b", { class: "grow" }, each.number), stateOf(each)),
    isIn && ["announced", "differing"].includes(each.state) && scanning(desk, each),
    !isIn && each.state === "sent" && h("p", { class: "notice act" }, icon("info"), t("transfer.sent-how")),
    h("div", { class: "row wrap" },
      hasMinutes && paper(t("paper.pdf"), `${path}/minutes.pdf`, `${fileName(each)}.pdf`, "slim main"),
      hasMinutes && paper(t("paper.csv"), `${path}/minutes.csv`, `${fileName(each)}.csv`, "slim"),
      !isIn && each.state !== "cancelled" && paper(t("transfer.take-file"), `${path}/file.json`, `transfer-${each.id}.json`, "slim"),
      isIn && each.revision > 0 && paper(t("transfer.take-confirmation"), `${path}/confirmation.json`, `confirmation-${each.id}.json`, "slim"),
      !isIn && ["sent", "differing"].includes(each.state) && h("button", { key: "confirmations", class: "button slim", onclick: () => readIn(desk, "confirmations") }, icon("paper"), t("transfer.confirmations")),
      !isIn && each.state === "sent" && h("button", { key: "cancel", class: "button slim", onclick: () => cancel(desk, each) }, icon("close"), t("transfer.cancel"))),
    h("dl", { class: "facts small" },
      fact(isIn ? "transfer.from" : "transfer.to", `${each.peer_name} (${each.peer})`),
      fact("transfer.cards", number(each.cards)),
      (isIn || each.revision > 0) && fact("transfer.arrived", number(each.arrived)),
      each.missing > 0 && fact("transfer.missing", number(each.missing)),
      each.extra > 0 && fact("transfer.extra", [number(each.extra), each.extra_receipts.length > 0 && `: ${each.extra_receipts.join(", ")}`]),
      fact("transfer.made", moment(each.made_at)),
      each.settled_at && fact("transfer.settled", moment(each.settled_at))),
    h("ol", { class: "lines", tabindex: 0, "aria-label": t("transfer.list") }, each.items.map((/** @type {any} */ one) =>
      h("li", { key: one.place, class: "row small" }, h("span", { class: "quiet num" }, one.place),
        one.card ? h("a", { class: "receipt grow", href: `#shelf/${one.card}` }, one.receipt) : h("span", { class: "receipt grow" }, one.receipt), stateOf(one)))),
  ];
}

/** @param {any} each */
function fileName(each) {
  return `berita-acara-${each.number.replace(/[^A-Za-z0-9]+/g, "-")}`;
}

/** Taking cards out of a packet that came. @param {Desk} desk @param {any} each */
function scanning(desk, each) {
  const last = desk.kept.scanned?.id === each.id ? desk.kept.scanned : null;
  const scan = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const text = String(new FormData(form).get("card")).trim();
    try {
      const found = await post(`/v1/transfers/${each.id}/scan`, seen(text));
      desk.kept.scanned = { id: each.id, tone: found.result === "not-listed" ? "bad" : "good", words: t(`transfer.scan-${found.result}`, { seen: found.arrived, all: found.cards }) };
      form.reset();
    } catch (problem) {
      desk.kept.scanned = { id: each.id, tone: "bad", words: said(problem) };
    }
    /** @type {HTMLInputElement | null} */ (form.querySelector("input"))?.select();
    desk.again();
    desk.changed();
  };
  const isWhole = each.arrived === each.cards;
  return [
    h("form", { class: "row", onsubmit: scan },
      h("label", { class: "grow" }, h("span", { class: "away" }, t("transfer.scan-what")),
        h("input", { class: "input", name: "card", required: true, maxlength: 32, autocomplete: "off", placeholder: t("transfer.scan-what") })),
      h("button", { class: "button main" }, t("transfer.scan"))),
    h("div", { class: "bar good", role: "progressbar", "aria-label": t("transfer.arrived"), "aria-valuemin": 0, "aria-valuemax": each.cards, "aria-valuenow": each.arrived },
      h("i", { style: { "--share": (each.arrived / Math.max(1, each.cards)).toFixed(3) } })),
    h("div", { "aria-live": "polite" }, last && h("p", { class: `notice ${last.tone}` }, icon(last.tone), last.words)),
    h("div", { class: "row wrap" }, h("button", { class: isWhole ? "button main" : "button", onclick: () => confirm(desk, each, !isWhole) }, icon(isWhole ? "good" : "warn"), t(isWhole ? "transfer.confirm" : "transfer.confirm-short"))),
  ];
}

/** A receipt, a NIK, or a line of the pack list. @param {string} text */
function seen(text) {
  if (/^\d{1,4}$/.test(text)) return { place: Number(text) };
  return /^\d{16}$/.test(text) ? { nik: text } : { receipt: readReceipt(text) ?? text };
}

/** @param {Desk} desk @param {any} each @param {boolean} isShort */
async function confirm(desk, each, isShort) {
  const left = each.cards - each.arrived;
  /** @type {any} */
  let settled = null;
  await ask({
    title: t(isShort ? "transfer.confirm-short-title" : "transfer.confirm-title", { n: isShort ? left : each.cards }),
    body: h("p", null, t(isShort ? "transfer.confirm-short-why" : "transfer.confirm-why", { n: left })),
    yes: t(isShort ? "transfer.confirm-short" : "transfer.confirm"),
    isDanger: isShort,
    act: async () => (settled = await post(`/v1/transfers/${each.id}/confirm`, { with_differences: isShort })),
  });
  if (!settled) return;
  tell(t("transfer.confirmed"));
  show(desk, settled);
}

/** @param {Desk} desk @param {any} each */
async function cancel(desk, each) {
  /** @type {any} */
  let cancelled = null;
  await ask({
    title: t("transfer.cancel-title", { number: each.number }),
    body: h("p", null, t("transfer.cancel-why")),
    yes: t("transfer.cancel"),
    isDanger: true,
    act: async () => (cancelled = await post(`/v1/transfers/${each.id}/cancel`)),
  });
  if (cancelled) show(desk, cancelled);
}

/** Read a file in from a stick. @param {Desk} desk @param {"incoming" | "confirmations"} what */
export async function readIn(desk, what) {
  /** @type {any} */
  let read = null;
  await ask({
    title: t(`transfer.${what}-title`),
    body: [h("p", null, t(`transfer.${what}-why`)), field("file", t("transfer.file"), { type: "file", accept: ".json,application/json", required: true })],
    yes: t("transfer.read"),
    act: async (/** @type {any} */ said) => (read = await post(`/v1/transfers/${what}`, said.file)),
  });
  if (read) show(desk, read);
}

/** Turn to a packet that was just made or read in. @param {Desk} desk @param {any} transfer */
export function show(desk, transfer) {
  desk.kept.transfers = transfer.state;
  turnBack(desk, "transfers");
  desk.go("transfers", transfer.id);
  desk.again();
}
