/** The answer: one sentence where the card is, what to do, and how far it has come. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { grouped } from "../receipt.js";
import { clock, date, day, lasting } from "../format.js";
import { t } from "../words.js";

/** @typedef {import("./kiosk.js").kiosk} Kiosk */

/** How far each stage is along {@link STEPS}, its picture and its tone. @type {Record<string, [number, string, string]>} */
const STAGES = {
  "waiting": [1, "clock", "act"],
  "deferred": [1, "clock", "warn"],
  "printing": [2, "printer", "act"],
  "being-checked": [3, "search", "act"],
  "ready": [4, "good", "good"],
  "handed-over": [5, "good", "good"],
  "in-transit": [3, "hand", "warn"],
  "transferred": [4, "hand", "good"],
  "closed": [0, "info", "bad"],
};

const STEPS = ["accepted", "waiting", "printing", "checked", "ready"];

/** @param {Kiosk} kiosk */
export function answer(kiosk) {
  const told = kiosk.asked?.value;
  return [
    h("p", { class: "row quiet", style: { "font-size": "1.2rem" } }, t("job.receipt"), h("span", { class: "receipt" }, grouped(kiosk.typed))),
    !told ? h("div", { class: "answer-card", "aria-busy": "true" }, h("p", { class: "lead" }, kiosk.isInTouch ? t("loading") : t("kiosk.cannot-ask"))) : whole(kiosk, told),
    h("div", { class: "ending" },
      h("button", { class: "button main big", onclick: () => kiosk.start() }, icon("home"), t("kiosk.done")),
      h("p", { class: "quiet small", style: { "text-align": "center" } }, t("kiosk.away", { n: Math.max(0, Math.ceil(kiosk.away_in_s)) })),
      h("div", { class: "away-in", "aria-hidden": "true" }, h("i", { style: { "--share": Math.max(0, kiosk.away_in_s / kiosk.away_s).toFixed(3) } }))),
  ];
}

/** What the citizen should do now: the stage alone does not tell. @param {any} told */
function wish(told) {
  const has = (/** @type {string} */ code) => told.reasons.some((/** @type {any} */ why) => why.code === code);
  if (told.stage === "deferred" && has("surrender-missing")) return "surrender";
  if (told.stage === "deferred" && has("held")) return "ask";
  if (told.stage !== "waiting") return told.stage;
  if (has("ask")) return "ask";
  if (told.expected_s === null && !told.expected_on) return "later";
  return !told.expected_on || told.expected_on === date() ? "soon" : "waiting";
}

/** Whether the citizen may as well sit down and wait. @param {any} told */
function isWithinTheHour(told) {
  return told.expected_s !== null && told.expected_s < 3600;
}

/** @param {Kiosk} kiosk @param {any} told */
function whole(kiosk, told) {
  const [step, picture, tone] = STAGES[told.stage] ?? [0, "info", ""];
  const counter = kiosk.counter;
  return [
    counter !== undefined && h("div", { key: "counter", class: "counter", role: "alert" }, h("span", null, t("kiosk.your-turn")), h("b", null, counter)),
    h("section", { class: "answer-card", key: told.stage, "aria-live": "polite" },
      h("div", { class: "head-line" }, h("span", { class: `seal ${tone}` }, icon(picture)), h("h1", { tabindex: -1, ref: (/** @type {HTMLElement} */ each) => each.focus() }, told.words)),
      h("p", { class: "do" }, t(`kiosk.do.${wish(told)}`, { place: told.place ?? "" })),
      told.reasons.map((/** @type {any} */ why) => h("p", { key: why.code, class: "notice warn" }, icon("info"), why.words)),
      told.bring.length > 0 && h("div", null, h("h2", null, t("kiosk.bring")), h("ul", { class: "bring" }, told.bring.map((/** @type {any} */ each) => h("li", { key: each.code }, icon("ready"), each.words)))),
      told.bring.length === 0 && h("div", { class: "dates" },
        told.place && h("div", { key: "place" }, h("small", null, t("kiosk.place")), h("b", null, told.place)),
        isWithinTheHour(told) && h("div", { key: "in" }, h("small", null, t("kiosk.expected")), h("b", null, t("kiosk.in", { span: lasting(Math.max(60, told.expected_s)) }))),
        told.expected_on && !isWithinTheHour(told) && h("div", { key: "day" }, h("small", null, t("kiosk.expected")), h("b", null, day(told.expected_on))),
        told.position !== null && h("div", { key: "position" }, h("small", null, t("kiosk.before")), h("b", null, told.position === 0 ? t("kiosk.next") : t("kiosk.cards", { n: told.position })))),
      !kiosk.isInTouch && h("p", { class: "notice bad" }, icon("lost"), t("kiosk.as-of", { at: clock(kiosk.asked?.answered_at ?? 0) }))),
    step > 0 && counter === undefined && h("ol", { key: "steps", class: "steps", "aria-label": t("kiosk.steps") }, STEPS.map((name, index) => {
      const isDone = index < step || step === STEPS.length;
      const isHere = index === step;
      return h("li", { key: name, class: isDone ? "done" : isHere ? "here" : "", "aria-current": isHere && "step" },
        h("span", { class: "dot" }, isDone ? icon("ready") : index + 1), h("span", null, t(`kiosk.step.${name}`)));
    })),
  ];
}
