/** Telling holders: how sending goes, what became of each message, and the numbers that an officer must mend. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { call, post } from "../api.js";
import { t } from "../words.js";
import { date, day, moment, number } from "../format.js";
import { ask, field, tell } from "../dialog.js";
import { cursor, fact, nothing, pager, pair, paper, table, tabs, title, turnBack } from "./parts.js";

/** @typedef {import("./desk.js").Desk} Desk */

const LISTS = ["unreachable", "intended", "sent", "delivered", "unknown", "failed"];
const TOPICS = /^(notice|card|hand_over)\./;
const TONES = { intended: "act", sent: "act", delivered: "good", unknown: "warn", failed: "bad" };
const PAUSE_MS = 1000;

/** @param {Desk} desk */
export function notices(desk) {
  const list = desk.kept.notices ?? "unreachable";
  const path = list === "unreachable" ? "/v1/notices/unreachable?limit=50" : `/v1/notices?state=${list}&limit=50`;
  const all = desk.look("notices", path + cursor(desk, "notices"), TOPICS, PAUSE_MS).value?.items;
  const told = desk.chosen && desk.look("told", `/v1/cards/${encodeURIComponent(desk.chosen)}/notices`, TOPICS).value;
  const sending = desk.know("sending");
  return [
    title("notices", paper(t("notice.board"), "/v1/notices/board.pdf", `papan-${date()}.pdf`), sending && pause(desk, sending)),
    sending && status(sending),
    pair([
      tabs(LISTS, list, (each) => t(`notice-state.${each}`), (each) => (each === "unreachable" ? sending?.unreachable : undefined),
        (each) => { desk.kept.notices = each; turnBack(desk, "notices"); desk.changed(); }),
      h("div", { class: "panel" }, all?.length ? (list === "unreachable" ? unreachable(desk, all) : rows(desk, all)) : nothing(all, "notices", t(`notice.${list === "unreachable" ? "none-unreachable" : "none"}`)), pager(desk, "notices")),
    ], told && card(desk, told), t("notice.choose-why")),
  ];
}

/** How sending goes. @param {any} sending */
function status(sending) {
  const reasons = sending.why_not.map((/** @type {string} */ each) => t(`notice-stop.${each}`, {}, each)).join("; ");
  return h("section", { class: "panel notice-status" },
    h("div", { class: "figures" }, [["due", sending.due], ["begun_today", `${number(sending.begun_today)} / ${number(sending.per_day)}`], ["shelved", sending.shelved], ["unreachable", sending.unreachable]].map(([name, value]) =>
      h("div", { class: "figure", key: name }, h("b", null, typeof value === "number" ? number(value) : value), h("span", null, t(`notice.figure-${name}`))))),
    reasons && h("p", { class: "notice warn" }, icon("warn"), h("span", null, h("b", null, t("notice.stopped")), " ", reasons)),
    h("ul", { class: "row wrap" }, sending.ways.map((/** @type {any} */ way) => h("li", { key: way.name, class: "row small" },
      h("span", { class: `badge ${way.is_ready ? "good" : "bad"}` }, t(`way.${way.name}`, {}, way.name)),
      way.signal !== null && h("span", { class: "quiet num" }, t("notice.signal", { n: way.signal })),
      way.credit !== null && h("span", { class: "quiet num" }, t("notice.credit", { n: number(way.credit) })),
      way.reasons.length > 0 && h("span", null, way.reasons.map((/** @type {string} */ each) => t(`way-reason.${each}`, {}, each)).join(", "))))));
}

/** @param {Desk} desk @param {any} sending */
function pause(desk, sending) {
  const turn = async () => {
    if (sending.is_paused) await post("/v1/notices/resume");
    else await ask({ title: t("notice.pause-title"), body: h("p", null, t("notice.pause-why")), yes: t("notice.pause"), act: () => post("/v1/notices/pause") });
    desk.again();
  };
  return h("button", { class: sending.is_paused ? "button main" : "button", onclick: turn }, icon(sending.is_paused ? "play" : "pause"), t(sending.is_paused ? "notice.resume" : "notice.pause"));
}

/** @param {Desk} desk @param {any[]} all */
function unreachable(desk, all) {
  return table(desk, "notices", [[t("job.receipt")], [t("shelf.name")], [t("shelf.place"), "num"], [t("notice.number"), "num"], [t("notice.trouble")]],
    all, (each) => each.card, (each) => [each.receipt, each.name, each.place ?? "–", each.number ?? "–", h("span", { class: "badge warn bare" }, t(`trouble.${each.trouble}`))]);
}

/** @param {Desk} desk @param {any[]} all */
function rows(desk, all) {
  return table(desk, "notices", [[t("job.receipt")], [t("queue.state")], [t("notice.way")], [t("job.reason")], [t("notice.at"), "quiet end"]],
    all, (each) => each.card, (each) => [each.receipt, stateOf(each), wayOf(each), reasonOf(each), moment(each.settled_at ?? each.begun_at)]);
}

/** @param {any} each */
function stateOf(each) {
  return h("span", { class: `badge ${/** @type {any} */ (TONES)[each.state] ?? ""}` }, t(`notice-state.${each.state}`));
}

/** @param {any} each */
function wayOf(each) {
  return t(`way.${each.way}`, {}, each.way);
}

/** @param {any} each */
function reasonOf(each) {
  return ["failed", "unknown"].includes(each.state) && each.reason ? t(`way-reason.${each.reason}`, {}, each.reason) : "";
}

/** What the holder of a card was told, and what an officer may do. @param {Desk} desk @param {any} told */
function card(desk, told) {
  const receipt = told.items[0]?.receipt ?? desk.know("notices")?.find((/** @type {any} */ each) => each.card === desk.chosen)?.receipt ?? "";
  const act = (/** @type {string} */ what, /** @type {string} */ picture) =>
    h("button", { key: what, class: "button", onclick: () => record(desk, what) }, icon(picture), t(`notice.${what}`));
  return [
    h("div", { class: "row wrap" }, h("b", { class: "receipt grow", style: { "font-size": "1.2rem" } }, receipt), h("a", { class: "button slim", href: `#shelf/${desk.chosen}` }, icon("shelf"), t("job.on-shelf"))),
    told.trouble && h("p", { class: "notice warn" }, icon("warn"), h("span", null, h("b", null, t(`trouble.${told.trouble}`)), " ", t(`trouble.${told.trouble}-next`))),
    h("div", { class: "row wrap" },
      h("button", { key: "mend", class: told.trouble ? "button main" : "button", onclick: () => mend(desk) }, icon("call"), t("notice.mend")),
      act("message", "notices"), act("by-phone", "call"), act("in-person", "person")),
    h("dl", { class: "facts small" },
      fact("notice.counted", number(told.counted)),
      told.next_on && fact("notice.next", day(told.next_on)),
      told.transfer_on && fact("notice.transfer", day(told.transfer_on))),
    h("ul", { class: "lines", tabindex: 0, "aria-label": t("notice.history") }, told.items.map((/** @type {any} */ each) =>
      h("li", { key: each.id, class: "row small" }, h("span", { class: "grow" }, moment(each.begun_at), h("small", { class: "quiet" }, " ", [wayOf(each), reasonOf(each)].filter(Boolean).join(" · "))), stateOf(each)))),
  ];
}

/** @param {Desk} desk */
async function mend(desk) {
  const filled = await ask({
    title: t("notice.mend-title"),
    body: [h("p", null, t("notice.mend-why")), field("number", t("notice.number"), { type: "tel", inputmode: "tel", required: true, maxlength: 32 })],
    yes: t("notice.mend-yes"),
    act: (said) => call("PUT", `/v1/cards/${desk.chosen}/number`, { number: said.number }),
  });
  if (filled) tell(t("notice.mended"));
  desk.again();
}

/** A reminder now, or what was said to the holder already. @param {Desk} desk @param {string} how */
async function record(desk, how) {
  const filled = await ask({
    title: t(`notice.${how}-title`),
    body: h("p", null, t(`notice.${how}-why`)),
    yes: t(`notice.${how}`),
    act: () => post(`/v1/cards/${desk.chosen}/notices`, { how }),
  });
  if (filled) tell(t("notice.noted"));
  desk.again();
}
