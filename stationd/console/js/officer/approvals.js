/** Four eyes: what one officer asked for and another must agree to; and new kiosks that ask to be let in. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { call, post } from "../api.js";
import { t } from "../words.js";
import { moment } from "../format.js";
import { ask, tell } from "../dialog.js";
import { fact } from "./parts.js";
import { secondFields, secondOf } from "./second.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** @param {Desk} desk */
export function approvals(desk) {
  const all = desk.know("approvals");
  const kiosks = waitingKiosks(desk);
  return [
    h("div", { class: "title" }, h("h1", null, t("view.approvals"))),
    h("div", { class: "stack" },
      kiosks.map((/** @type {any} */ each) => pairing(desk, each)),
      all?.map((/** @type {any} */ each) => request(desk, each)),
      countWaits(desk) && h("a", { class: "notice act", href: "#blanks" }, icon("blanks"), t("blanks.count-waits")),
      all?.length === 0 && kiosks.length === 0 && !countWaits(desk) && h("div", { class: "panel empty" }, icon("approvals"), h("b", null, t("approvals.none")), t("approvals.none-why"))),
  ];
}

/** Kiosks that nobody has let in yet. @param {Desk} desk */
export function waitingKiosks(desk) {
  return (desk.know("pairings") ?? []).filter((/** @type {any} */ each) => !each.is_approved);
}

/** Whether somebody has counted the blanks and another must count them too. @param {Desk} desk */
export function countWaits(desk) {
  return desk.know("blanks")?.count?.state === "awaits-second-person";
}

/** @param {Desk} desk @param {any} each */
function request(desk, each) {
  const isMine = each.first !== null && each.first === desk.officer?.number;
  return h(
    "article",
    { class: "panel device", key: each.id },
    h("div", { class: "row" }, icon("approvals"), h("h2", { class: "grow" }, t(`approval.${each.kind}`, {}, each.kind)), h("span", { class: "badge warn" }, t("approvals.needs", { n: each.needs }))),
    h("p", null, each.reason),
    h("dl", { class: "facts small" },
      fact("approvals.by", each.asked_by),
      fact("approvals.at", moment(each.asked_at)),
      fact("approvals.until", moment(each.expires_at)),
      [["quantity", "approval-fact.quantity"], ["position", "approval-fact.position"]].map(([name, words]) => each.payload[name] !== undefined && fact(words, String(each.payload[name])))),
    /^(job|card|hand-over)\./.test(each.kind) && h("a", { class: "row", href: `#${each.kind.startsWith("job") ? "queue" : "shelf"}/${each.subject}` }, icon("card"), t("approvals.look")),
    isMine && h("p", { class: "notice act" }, icon("info"), t("approvals.mine")),
    h("div", { class: "row wrap" },
      h("button", { class: "button main", onclick: () => agree(desk, each, isMine) }, icon("good"), isMine ? t("approvals.here") : t("approvals.agree")),
      h("button", { class: "button", onclick: () => decline(desk, each, isMine) }, icon("close"), isMine ? t("approvals.take-back") : t("approvals.decline"))),
  );
}

/** @param {Desk} desk @param {any} each @param {boolean} isMine */
async function agree(desk, each, isMine) {
  const filled = await ask({
    title: t("approvals.agree-title", { what: t(`approval.${each.kind}`, {}, each.kind) }),
    body: [h("p", null, t("approvals.agree-why")), h("p", { class: "notice" }, each.reason), isMine && secondFields()],
    yes: t("approvals.agree"),
    act: (said) => post(`/v1/approvals/${each.id}/approve`, secondOf(said)),
  });
  if (filled) tell(t("approvals.agreed"));
  desk.again();
}

/** @param {Desk} desk @param {any} each @param {boolean} isMine */
async function decline(desk, each, isMine) {
  await ask({
    title: t(isMine ? "approvals.take-back-title" : "approvals.decline-title"),
    body: h("p", null, t("approvals.decline-why")),
    yes: isMine ? t("approvals.take-back") : t("approvals.decline"),
    isDanger: true,
    act: () => post(`/v1/approvals/${each.id}/decline`),
  });
  desk.again();
}

/** @param {Desk} desk @param {any} each */
function pairing(desk, each) {
  const let_in = async () => {
    await ask({
      title: t("pairing.title", { code: each.code }),
      body: h("p", null, t("pairing.compare", { name: each.name })),
      yes: t("pairing.yes"),
      act: () => call("POST", `/v1/pairings/${each.code}/approve`, {}),
    });
    desk.again();
  };
  const send_away = async () => {
    await call("DELETE", `/v1/pairings/${each.code}`).catch(() => {});
    desk.again();
  };
  return h("article", { class: "panel device", key: each.code },
    h("div", { class: "row" }, icon("reader"), h("h2", { class: "grow" }, t("pairing.new", { name: each.name })), h("b", { class: "receipt", style: { "font-size": "1.5rem" } }, each.code)),
    h("p", { class: "quiet" }, t("pairing.why")),
    h("div", { class: "row wrap" },
      h("button", { class: "button main", onclick: let_in }, icon("good"), t("pairing.yes")),
      h("button", { class: "button", onclick: send_away }, icon("close"), t("pairing.no"))));
}
