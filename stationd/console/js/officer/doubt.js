/** Cards whose outcome nobody knows: what is known, and the three answers that only a person who looked can give. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { get, post } from "../api.js";
import { t } from "../words.js";
import { moment } from "../format.js";
import { ask, field, tell } from "../dialog.js";
import { heard } from "./heard.js";
import { isRestored, preview } from "./job.js";
import { fact } from "./parts.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** @type {[string, string, string][]} outcome, picture, tone */
const ANSWERS = [["printed", "good", "good"], ["not_printed", "card", "act"], ["spoiled", "bad", "bad"]];

/** @type {Map<string, any>} what is known by job, kept as long as it is in doubt */
const known = new Map();
/** @type {{id: string, receipt: string, outcome: string, at: number}[]} answers given here, for second thoughts */
let given = [];
const SECOND_THOUGHTS_MS = 10 * 60_000;

/** @param {Desk} desk */
export function doubt(desk) {
  const restored = desk.know("failed")?.filter(isRestored) ?? [];
  const jobs = desk.know("uncertain") && [...desk.know("uncertain"), ...restored];
  given = given.filter((each) => each.at > Date.now() - SECOND_THOUGHTS_MS);
  return [
    h("div", { class: "title" }, h("h1", null, t("view.doubt"))),
    h("div", { class: "stack" },
      jobs?.length > 0 && h("p", { class: "notice act" }, icon("info"), t("doubt.how")),
      jobs?.map((/** @type {any} */ job) => one(desk, job)),
      jobs?.length === 0 && h("div", { class: "panel empty" }, icon("good"), h("b", null, t("doubt.none")), t("doubt.none-why")),
      given.length > 0 && h("section", { class: "panel" }, h("header", null, h("h2", null, t("doubt.given"))),
        given.map((each) => h("div", { key: each.id, class: "line", style: { cursor: "default" } }, icon("clock"), h("b", { class: "receipt" }, each.receipt), h("span", { class: "why" }, t(`verdict.${each.outcome}`)),
          h("button", { class: "button slim", onclick: () => second(desk, each) }, t("doubt.second"))))),
    ),
  ];
}

/** @param {Desk} desk @param {any} job */
function one(desk, job) {
  if (!known.has(job.id)) {
    known.set(job.id, null);
    get(`/v1/jobs/${job.id}`).then((full) => { known.set(job.id, full.known); desk.changed(); }, () => known.delete(job.id));
  }
  const facts = known.get(job.id);
  return h(
    "article",
    { class: "panel doubt", key: job.id, "aria-label": t("doubt.card", { receipt: job.receipt }) },
    h("div", { class: "stack" }, preview(desk, job.id), h("div", { class: "row" }, h("b", { class: "receipt grow" }, job.receipt), h("span", { class: "quiet small" }, t(`kind.${job.kind}`)))),
    h("div", { class: "stack" },
      h("h2", null, isRestored(job) ? t("doubt.restored") : t("doubt.question", { printer: facts?.printer ?? job.printer ?? "–" })),
      h("p", { class: "quiet" }, isRestored(job) ? t("doubt.restored-look") : t("doubt.look", { printer: facts?.printer ?? job.printer ?? "–" })),
      facts && h("dl", { class: "facts small" },
        fact("doubt.when", moment(facts.opened_at)),
        fact("doubt.said", heard(facts.said) || t("doubt.said-nothing")),
        fact("doubt.counter", counterWords(facts)),
        fact("doubt.attempt", facts.attempt)),
      h("div", { class: "answers" }, ANSWERS.map(([outcome, picture, tone]) =>
        h("button", { key: outcome, class: `answer ${tone}`, onclick: () => judge(desk, job, outcome) }, icon(picture), h("b", null, t(`verdict.${outcome}`)), h("small", null, t(`verdict.${outcome}-means`))))),
    ),
  );
}

/** What the counter of the device says, in words. @param {any} facts */
function counterWords(facts) {
  const { counter_before: before, counter_now: after } = facts;
  if (before === null || after === null) return t("doubt.counter-none");
  return t(after > before ? "doubt.counter-more" : "doubt.counter-same", { before, now: after, more: after - before });
}

/** @param {Desk} desk @param {any} job @param {string} outcome */
async function judge(desk, job, outcome) {
  const attempt = known.get(job.id)?.attempt; // as it was when the question was read: a later card is not judged by this answer
  const filled = await ask({
    title: t(`verdict.${outcome}-title`, { receipt: job.receipt }),
    body: [h("p", null, t(`verdict.${outcome}-then`)), field("note", t("doubt.note"), { kind: "text", maxlength: 1000, hint: t("note.hint") })],
    yes: t(`verdict.${outcome}-yes`),
    isDanger: outcome === "spoiled",
    act: ({ note }) => post(`/v1/jobs/${job.id}/verdict`, { outcome, note, attempt }),
  });
  if (!filled) return;
  known.delete(job.id);
  given = [...given.filter((each) => each.id !== job.id), { id: job.id, receipt: job.receipt, outcome, at: Date.now() }];
  tell(t("doubt.settled", { receipt: job.receipt, answer: t(`verdict.${outcome}`) }));
  desk.again();
}

/** Change an answer that was given a moment ago. @param {Desk} desk @param {{id: string, receipt: string, outcome: string}} each */
async function second(desk, each) {
  const filled = await ask({
    title: t("doubt.second-title", { receipt: each.receipt }),
    body: [h("p", null, t("doubt.second-why")),
      field("outcome", t("doubt.answer"), { choices: ANSWERS.filter(([outcome]) => outcome !== each.outcome).map(([outcome]) => [outcome, t(`verdict.${outcome}`)]) }),
      field("note", t("doubt.note"), { kind: "text", required: true, maxlength: 1000, hint: t("note.hint") })],
    yes: t("doubt.second-yes"),
    act: (said) => post(`/v1/jobs/${each.id}/verdict`, { outcome: said.outcome, note: said.note }),
  });
  if (!filled) return;
  given = given.map((one) => (one.id === each.id ? { ...one, outcome: filled.outcome } : one));
  tell(t("doubt.changed"));
  desk.again();
}
