/** The queue: who waits, why, since when; and one job beside it. Also the place to find a card. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { get, post } from "../api.js";
import { readReceipt, symbolsOf } from "../receipt.js";
import { t } from "../words.js";
import { lasting } from "../format.js";
import { ask, said } from "../dialog.js";
import { details, reasonsOf, stateOf } from "./job.js";

/** @typedef {import("./desk.js").Desk} Desk */

const LISTS = ["waiting", "printing", "deferred", "failed"];
let list = "waiting";
let wanted = "";
let trouble = "";
/** @type {any} */
let chosen = null;
let asking = "";

/** @param {Desk} desk */
export function queue(desk) {
  const jobs = desk.know(wanted ? "all" : list);
  const rows = wanted ? found(desk) : (jobs ?? []);
  look(desk);
  return [
    h("div", { class: "title" }, h("h1", null, t("view.queue")), pauses(desk)),
    h(
      "div",
      { class: "pair" },
      h("div", { class: "stack" }, search(desk), tabs(desk), h("div", { class: "panel" }, rows.length ? rowsOf(desk, rows) : nothing(desk))),
      h("aside", { class: "panel", "aria-live": "polite" }, chosen && desk.chosen
        ? h("div", { class: "stack", style: { padding: "18px" } }, details(desk, chosen))
        : h("p", { class: "empty" }, icon("card"), h("b", null, t("queue.choose")), t("queue.choose-why"))),
    ),
  ];
}

/** Ask for the chosen job again whenever it may have changed. @param {Desk} desk */
function look(desk) {
  const stamp = desk.chosen && `${desk.chosen} ${LISTS.concat("uncertain").map((each) => desk.all[each]?.answered_at).join()}`;
  if (stamp === asking) return;
  asking = stamp;
  if (!desk.chosen) {
    chosen = null;
    return;
  }
  get(`/v1/jobs/${desk.chosen}`).then(
    (job) => {
      const isNews = JSON.stringify(job) !== JSON.stringify(chosen);
      chosen = job;
      if (isNews) desk.changed();
    },
    () => {},
  );
}

/** @param {Desk} desk */
function search(desk) {
  /** @param {Event} event */
  const submit = async (event) => {
    event.preventDefault();
    trouble = "";
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
  return h(
    "form",
    { class: "stack", role: "search", onsubmit: submit },
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

/** @param {Desk} desk */
function found(desk) {
  const symbols = symbolsOf(wanted);
  const text = wanted.trim().toUpperCase();
  return [...LISTS, "uncertain"].flatMap((each) => desk.know(each) ?? [])
    .filter((job) => job.order.toUpperCase().includes(text) || (symbols.length > 2 && job.receipt.replaceAll("-", "").includes(symbols)));
}

/** @param {Desk} desk */
function tabs(desk) {
  return h("div", { class: "row wrap", role: "group", "aria-label": t("queue.lists") }, LISTS.map((each) => {
    const count = each === "waiting" ? desk.know("queue")?.waiting : desk.know(each)?.length;
    return h("button", { key: each, class: each === list && !wanted ? "button slim main" : "button slim", "aria-pressed": String(each === list && !wanted),
      onclick: () => { list = each; wanted = ""; desk.changed(); } }, t(`list.${each}`), " ", count ?? "");
  }));
}

/** @param {Desk} desk @param {any[]} rows */
function rowsOf(desk, rows) {
  return h("table", null,
    h("thead", null, h("tr", null, h("th", null, t("queue.place")), h("th", null, t("job.receipt")), h("th", null, t("job.kind")), h("th", null, t("queue.state")), h("th", { class: "end" }, t("queue.expected")))),
    h("tbody", null, rows.slice(0, 100).map((job) =>
      h("tr", { key: job.id, class: job.id === desk.chosen ? "choice is-chosen" : "choice", onclick: () => desk.go("queue", job.id) },
        h("td", { class: "num quiet" }, job.position === null ? "–" : job.position + 1),
        h("td", null, h("button", { class: "button plain slim receipt", "aria-pressed": String(job.id === desk.chosen), style: { padding: "0", "min-height": "32px" } }, job.receipt)),
        h("td", null, t(`kind.${job.kind}`)),
        h("td", null, job.state === "queued" && !job.reasons.length ? h("span", { class: "quiet" }, t("state.queued")) : stateOf(job), job.reasons.length > 0 && h("span", { class: "quiet small" }, ` ${reasonsOf(job)}`)),
        h("td", { class: "num end" }, job.expected_s === null ? "–" : lasting(job.expected_s)),
      ))));
}

/** @param {Desk} desk */
function nothing(desk) {
  if (wanted) return h("p", { class: "empty" }, icon("search"), h("b", null, t("queue.not-here")), t("queue.not-here-why"));
  if (!desk.know(list)) return h("p", { class: "empty" }, t("loading"));
  return h("p", { class: "empty" }, icon("queue"), h("b", null, t(`list.${list}-none`)));
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
