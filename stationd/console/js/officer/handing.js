/** What may be done with a finished card: look at it, shelve it, call its holder, hand it over, set it aside. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { post } from "../api.js";
import { t } from "../words.js";
import { ask, field, tell } from "../dialog.js";
import { secondFields, secondOf } from "./second.js";

/** @typedef {import("./desk.js").Desk} Desk */

const DOCUMENTS = ["kk", "ktp", "birth-certificate", "passport", "driving-licence", "school-card", "temporary-letter"];
const RELATIONS = ["spouse", "parent", "child", "sibling", "grandparent", "grandchild", "in-law", "other-family"];
const HELD = ["checked", "received", "on_shelf"];

/** @param {Desk} desk @param {any} card */
export function actionsOf(desk, card) {
  const at = card.custody;
  return [
    at === "printed" && button(desk, card, "shelf.check", "main", "shelf", () => shelve(card, true)),
    HELD.includes(at) && button(desk, card, "shelf.hand-over", "main", "hand", () => handOver(card)),
    HELD.includes(at) && button(desk, card, "shelf.call", "", "call", () => callHolder(card)),
    HELD.includes(at) && button(desk, card, at === "on_shelf" ? "shelf.move" : "shelf.shelve", "", "shelf", () => shelve(card, false)),
    [...HELD, "printed"].includes(at) && button(desk, card, "shelf.set-aside", "", "warn", () => reasoned(card, "quarantine", "set-aside")),
    at === "quarantined" && button(desk, card, "shelf.release", "", "play", () => reasoned(card, "release", "release")),
    at === "quarantined" && button(desk, card, "shelf.destroy", "", "bad", () => reasoned(card, "destroy", "destroy", true)),
    at === "handed_over" && button(desk, card, "shelf.undo", "", "left", () => reasoned(card, "handover/undo", "undo", true)),
  ];
}

/** @param {Desk} desk @param {any} card @param {string} words @param {string} tone @param {string} picture @param {() => Promise<any>} act */
function button(desk, card, words, tone, picture, act) {
  return h("button", { key: words, class: `button ${tone}`, onclick: async () => { await act(); desk.again(); } }, icon(picture), t(words));
}

/** @param {any} card @param {boolean} isFresh whether nobody has looked at it yet */
async function shelve(card, isFresh) {
  const filled = await ask({
    title: t(isFresh ? "shelf.check-title" : "shelf.shelve-title", { receipt: card.receipt }),
    body: [isFresh && h("p", null, t("shelf.check-why")),
      field("place", t("shelf.place"), { required: true, maxlength: 22, pattern: "[A-Za-z0-9][A-Za-z0-9._\\-]{0,15}(/[1-9][0-9]{0,4})?", hint: t("shelf.place-hint"), value: card.place ?? undefined })],
    yes: t("shelf.shelve-yes"),
    act: async ({ place }) => {
      if (isFresh && card.custody === "printed") {
        const checked = await post(`/v1/cards/${card.id}/check`);
        card.custody = checked.custody;
      }
      await post(`/v1/cards/${card.id}/shelve`, { place });
    },
  });
  if (filled) tell(t("shelf.shelved-done", { receipt: card.receipt, place: filled.place }));
}

/** @param {any} card */
async function callHolder(card) {
  const kept = localStorage.getItem("stationd.counter") ?? "1";
  const filled = await ask({
    title: t("shelf.call-title", { receipt: card.receipt }),
    body: [h("p", null, t("shelf.call-why")), field("counter", t("shelf.counter"), { required: true, maxlength: 20, value: kept })],
    yes: t("shelf.call"),
    act: ({ counter }) => post(`/v1/cards/${card.id}/call`, { counter }),
  });
  if (!filled) return;
  localStorage.setItem("stationd.counter", filled.counter);
  tell(t("shelf.called", { receipt: card.receipt, n: filled.counter }));
}

/** @param {any} card */
async function handOver(card) {
  const filled = await ask({
    title: t("shelf.hand-over-title", { receipt: card.receipt }),
    body: [
      h("p", null, t("shelf.hand-over-why")),
      field("document", t("shelf.document"), { choices: DOCUMENTS.map((each) => [each, t(`document.${each}`)]) }),
      tick("match", t("shelf.match"), true),
      field("relation", t("shelf.who"), { choices: [["", t("shelf.holder")], ...RELATIONS.map((each) => [each, t(`relation.${each}`)])] }),
      tick("family", t("shelf.family-card"), false),
      card.kind === "damaged" && tick("old", t("shelf.old-card"), true),
    ],
    yes: t("shelf.hand-over"),
    act: (said) => post(`/v1/cards/${card.id}/handover`, {
      identity: { document: said.document, result: "match" },
      proxy: said.relation ? { relation: said.relation, family_card_checked: said.family === "on" } : null,
      old_card_surrendered: said.old === "on",
    }),
  });
  if (filled) tell(t("shelf.handed-done", { receipt: card.receipt }));
}

/** @param {string} name @param {string} words @param {boolean} required */
function tick(name, words, required) {
  return h("label", { class: "row", style: { "min-height": "44px", cursor: "pointer" } }, h("input", { type: "checkbox", name, required, style: { width: "22px", height: "22px" } }), words);
}

/** @param {any} card @param {string} path @param {string} words @param {boolean} [isForTwo] whether a second officer must agree */
async function reasoned(card, path, words, isForTwo = false) {
  const filled = await ask({
    title: t(`shelf.${words}-title`, { receipt: card.receipt }),
    body: [h("p", null, t(`shelf.${words}-why`)), field("reason", t("job.reason"), { required: true, maxlength: 500, hint: t("note.hint") }), isForTwo && secondFields()],
    yes: t(`shelf.${words}`),
    isDanger: isForTwo,
    act: (said) => post(`/v1/cards/${card.id}/${path}`, { reason: said.reason, ...(isForTwo ? secondOf(said) : {}) }),
  });
  if (filled && isForTwo && !filled.second_number) tell(t("second.asked"), "act");
}
