/** A job as the desk shows it: its card, its state in words, and what an officer may do about it. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { blob, post } from "../api.js";
import { spoken } from "../settings.js";
import { t } from "../words.js";
import { day, lasting, moment } from "../format.js";
import { ask, field, tell } from "../dialog.js";
import { fact } from "./parts.js";
import { secondFields, secondOf } from "./second.js";

/** @typedef {import("./desk.js").Desk} Desk */

const MOST_PREVIEWS = 24;
/** @type {Map<string, string>} pictures in memory by job, the longest unused first; empty while asked for or where none is */
const previews = new Map();

/** The card as it will be printed. @param {Desk} desk @param {string | undefined} id */
export function preview(desk, id) {
  const source = id === undefined ? "" : previews.get(id);
  if (id !== undefined) {
    if (source === undefined) void fetchPreview(desk, id);
    else {
      previews.delete(id);
      previews.set(id, source);
    }
  }
  return h("figure", { class: "preview" }, source ? h("img", { key: source, src: source, alt: t("job.preview") }) : icon("card"));
}

/** @param {Desk} desk @param {string} id */
async function fetchPreview(desk, id) {
  previews.set(id, "");
  try {
    previews.set(id, await blob(`/v1/jobs/${id}/preview.png`));
  } catch {
    return; // a document that was shredded or is no picture
  }
  for (const [each, source] of previews) {
    if (previews.size <= MOST_PREVIEWS) break;
    previews.delete(each);
    URL.revokeObjectURL(source);
  }
  desk.changed();
}

/** Forget every picture: they are personal data. */
export function forgetPreviews() {
  for (const source of previews.values()) URL.revokeObjectURL(source);
  previews.clear();
}

const TONES = { queued: "", deferred: "warn", printing: "act", uncertain: "bad", printed: "good", failed: "bad", cancelled: "" };

/** @param {any} job */
export function stateOf(job) {
  return h("span", { class: `badge ${/** @type {any} */ (TONES)[job.state] ?? ""}` }, t(`state.${job.state}`));
}

/** Where it stands in the line, and when its card is expected. @param {any} job */
export function placeOf(job) {
  if (job.position === null) return "";
  const place = job.position === 0 ? t("job.next") : t("job.place", { n: job.position + 1 });
  return job.expected_s === null ? place : `${place} · ${t("job.in", { span: lasting(job.expected_s) })}`;
}

/** The keywords of a job in words. @param {any} job */
export function reasonsOf(job) {
  return job.reasons.map((/** @type {string} */ each) => t(`job-reason.${each}`, {}, t(`reason.${each}`, {}, each))).join(", ");
}

/** Everything about a job. @param {Desk} desk @param {any} job */
export function details(desk, job) {
  return [
    preview(desk, job.id),
    h("div", { class: "row wrap" }, h("b", { class: "receipt grow" }, job.receipt), stateOf(job)),
    h("div", { class: "row wrap" }, actions(desk, job)),
    job.approval && h("a", { class: "notice act", href: "#approvals" }, icon("approvals"), t("job.waits-for-second")),
    job.why.length > 0 && h("ul", { class: "stack small" }, job.why.map((/** @type {any} */ why) =>
      h("li", { key: why.code, class: "notice" }, icon("info"), why[spoken()]))),
    h(
      "dl",
      { class: "facts small" },
      fact("job.order", job.order),
      fact("job.kind", t(`kind.${job.kind}`)),
      job.position !== null && fact("job.where", placeOf(job)),
      job.reasons.length > 0 && fact("job.reasons", reasonsOf(job)),
      job.printer && fact("job.printer", job.printer),
      job.attempts > 0 && fact("job.attempts", job.attempts),
      job.expected_on && fact("job.expected-on", day(job.expected_on)),
      job.evidence && fact("job.evidence", t(`evidence.${job.evidence}`)),
      fact("job.created", moment(job.created_at)),
      fact("job.updated", moment(job.updated_at)),
    ),
  ];
}

/** Whether a restored book had it in line: its card may have been made after the backup. @param {any} job */
export function isRestored(job) {
  return job.state === "failed" && job.reasons.includes("from-backup");
}

/** What may be done now, as buttons. @param {Desk} desk @param {any} job */
export function actions(desk, job) {
  const isHeld = job.reasons.includes("held");
  const isRationed = job.state === "deferred" && job.reasons.includes("blanks-short");
  const isAwaited = job.reasons.includes("surrender-missing");
  return [
    (job.state === "uncertain" || isRestored(job)) && h("a", { key: "doubt", class: "button main", href: `#doubt/${job.id}` }, icon("doubt"), t("job.judge")),
    job.state === "printed" && h("a", { key: "shelf", class: "button main", href: `#shelf/${job.id}` }, icon("shelf"), t("job.on-shelf")),
    job.state === "queued" && act(desk, job, "hold", "pause"),
    isAwaited && surrender(desk, job),
    isHeld && act(desk, job, "release", "play"),
    isRationed && !isHeld && forTwo(desk, job, "release", "play", "admit"),
    job.state === "queued" && job.position !== 0 && forTwo(desk, job, "jump", "left", "jump"),
    job.state === "failed" && act(desk, job, "retry", "play"),
    ["queued", "deferred", "failed", "printing"].includes(job.state) && act(desk, job, "cancel", "close"),
  ];
}

/** @param {Desk} desk @param {any} job @param {"hold" | "release" | "retry" | "cancel"} what @param {string} picture */
function act(desk, job, what, picture) {
  const isReasoned = what === "hold" || what === "release";
  const confirm = async () => {
    await ask({
      title: t(`job.${what}-title`, { receipt: job.receipt }),
      body: [h("p", null, t(`job.${what}-why`)), isReasoned && field("reason", t("job.reason"), { required: true, maxlength: 500, hint: t("note.hint") })],
      yes: t(`job.${what}-yes`),
      isDanger: what === "cancel",
      act: (filled) => post(`/v1/jobs/${job.id}/${what}`, isReasoned ? { reason: filled.reason } : undefined),
    });
    desk.again();
  };
  return h("button", { key: what, class: "button", onclick: confirm }, icon(picture), t(`job.${what}`));
}

/** What changes the order of service: a second officer must agree. @param {Desk} desk @param {any} job @param {string} call @param {string} picture @param {string} words */
function forTwo(desk, job, call, picture, words) {
  const confirm = async () => {
    /** @type {any} */
    let after = null;
    const filled = await ask({
      title: t(`job.${words}-title`, { receipt: job.receipt }),
      body: [h("p", null, t(`job.${words}-why`)), field("reason", t("job.reason"), { required: true, maxlength: 500, hint: t("note.hint") }), secondFields()],
      yes: t(`job.${words}`),
      act: async (said) => (after = await post(`/v1/jobs/${job.id}/${call}`, { reason: said.reason, ...secondOf(said) })),
    });
    if (filled && after?.approval) tell(t("second.asked"), "act");
    desk.again();
  };
  return h("button", { key: words, class: "button", onclick: confirm }, icon(picture), t(`job.${words}`));
}

/** The damaged card came back. @param {Desk} desk @param {any} job */
function surrender(desk, job) {
  const confirm = async () => {
    await ask({
      title: t("job.surrender-title", { receipt: job.receipt }),
      body: [h("p", null, t("job.surrender-why")), field("card", t("job.surrender-card"), { required: true, maxlength: 64, hint: t("job.surrender-hint") })],
      yes: t("job.surrender"),
      act: ({ card }) => post(`/v1/jobs/${job.id}/surrender`, { card }),
    });
    desk.again();
  };
  return h("button", { key: "surrender", class: "button main", onclick: confirm }, icon("hand"), t("job.surrender"));
}
