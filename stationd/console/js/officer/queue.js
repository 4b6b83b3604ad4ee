/** The queue: who waits, why, since when; and one job beside it. Also the place to find a card. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { get, post } from "../api.js";
import { readReceipt, symbolsOf } from "../receipt.js";
import { t } from "../words.js";
import { lasting } from "../format.js";
import { ask, said } from "../dialog.js";
import { details, reasonsOf, stateOf } from "./job.js";
import { nothing, pair, table, tabs, title } from "./parts.js";
import { findPerson } from "./shelf.js";

/** @typedef {import("./desk.js").Desk} Desk */

const LISTS = ["waiting", "printing", "deferred", "failed"];
const MOST_ROWS = 100;
/** The chosen job is asked for again so often at most, however many others are printed. */
const PAUSE_MS = 400;
let list = "waiting";
let wanted = "";
let trouble = "";

/** @param {Desk} desk */
export function queue(desk) {
  const rows = wanted ? found(desk) : (desk.know(list) ?? []);
  const chosen = desk.chosen && desk.look("job", `/v1/jobs/${encodeURIComponent(desk.chosen)}`, /^(job|card|queue|blanks|approval)\./, PAUSE_MS).value;
  return [
    title("queue", pauses(desk)),
    pair([search(desk), choose(desk), h("div", { class: "panel" }, rows.length ? rowsOf(desk, rows) : none(desk))],
      chosen && details(desk, chosen), t("queue.choose-why")),
  ];
}

/** @param {Desk} desk */
function search(desk) {
  /** @param {Event} event */
  const submit = async (event) => {
    event.preventDefault();
    trouble = "";
    if (looksLikePerson(wanted)) {
      const text = wanted;
      wanted = "";
      return findPerson(desk, text);
    }
    const receipt = readReceipt(wanted);
    const query = receipt ? `receipt=${receipt}` : `order=${encodeURIComponent(wanted.trim().toUpperCase())}`;
    try {
      const [job] = (await get(`/v1/jobs?${query}`)).items;
      if (job) desk.go("queue", job.id);
      else trouble = t(receipt || !looksLikeReceipt(wanted) ? "queue.not-found" : "receipt.wrong");
    } catch (problem) {
      trouble = looksLikeReceipt(wanted) ? t("receipt.wrong") : said(problem);
    }
    desk.changed();
  };
  return h("form", { class: "stack", role: "search", onsubmit: submit },
    h("div", { class: "row" },
      h("label", { class: "grow" }, h("span", { class: "away" }, t("queue.search")),
        h("input", { class: "input", type: "search", placeholder: t("queue.search"), value: wanted, maxlength: 64, autocomplete: "off",
          oninput: (/** @type {any} */ event) => { wanted = event.target.value; trouble = ""; desk.changed(); } })),
      h("button", { class: "button main" }, icon("search"), t("do.find"))),
    trouble && h("p", { class: "notice warn", role: "alert" }, icon("warn"), trouble),
  );
}

/** @param {string} text */
function looksLikeReceipt(text) {
  return !/^prr/i.test(text.trim()) && symbolsOf(text).length >= 10;
}

/** A name, or a NIK: those are known of finished cards. @param {string} text */
function looksLikePerson(text) {
  return /^\s*\d{16}\s*$/.test(text) || (/^[\p{L} .'-]{2,}$/u.test(text) && !/^prr/i.test(text.trim()) && !readReceipt(text));
}

/** @param {Desk} desk */
function found(desk) {
  const symbols = symbolsOf(wanted);
  const text = wanted.trim().toUpperCase();
  return [...LISTS, "uncertain"].flatMap((each) => desk.know(each) ?? [])
    .filter((job) => job.order.toUpperCase().includes(text) || (symbols.length > 2 && job.receipt.replaceAll("-", "").includes(symbols)));
}

/** @param {Desk} desk */
function choose(desk) {
  return tabs(LISTS, wanted ? "" : list, (each) => t(`list.${each}`),
    (each) => (each === "waiting" ? desk.know("queue")?.waiting : desk.count(each)),
    (each) => { list = each; wanted = ""; desk.changed(); });
}

/** @param {Desk} desk @param {any[]} rows */
function rowsOf(desk, rows) {
  return table(desk, "queue", [[t("job.receipt")], [t("queue.place")], [t("job.kind")], [t("queue.state")], [t("queue.expected"), "num end"]],
    rows.slice(0, MOST_ROWS), (job) => job.id, (job) => [
      job.receipt,
      h("span", { class: "num quiet" }, job.position === null ? "–" : job.position + 1),
      t(`kind.${job.kind}`),
      [job.state === "queued" && !job.reasons.length ? h("span", { class: "quiet" }, t("state.queued")) : stateOf(job), job.reasons.length > 0 && h("span", { class: "quiet small" }, ` ${reasonsOf(job)}`)],
      job.expected_s === null ? "–" : lasting(job.expected_s),
    ]);
}

/** @param {Desk} desk */
function none(desk) {
  if (wanted) return h("p", { class: "empty" }, icon("search"), h("b", null, t("queue.not-here")), t("queue.not-here-why"));
  return nothing(desk.know(list), "queue", t(`list.${list}-none`));
}

/** @param {Desk} desk */
function pauses(desk) {
  const state = desk.know("queue");
  if (!state) return null;
  const turn = async () => {
    if (state.is_paused) await post("/v1/queue/resume", {});
    else await ask({ title: t("queue.pause-title"), body: h("p", null, t("queue.pause-why")), yes: t("queue.pause"), act: () => post("/v1/queue/pause", {}) });
    desk.again();
  };
  return [
    state.paused_kinds.map((/** @type {string} */ kind) =>
      h("button", { key: kind, class: "button slim", onclick: async () => { await post("/v1/queue/resume", { kind }); desk.again(); } }, icon("play"), t("queue.resume-kind", { kind: t(`kind.${kind}`) }))),
    h("button", { key: "all", class: state.is_paused ? "button main" : "button", onclick: turn }, icon(state.is_paused ? "play" : "pause"), state.is_paused ? t("queue.resume") : t("queue.pause")),
  ];
}
