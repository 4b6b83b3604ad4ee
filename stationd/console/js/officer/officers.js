/** Who may print, by which decree and until when; and who is on duty. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../words.js";
import { moment } from "../format.js";
import { fact, title } from "./parts.js";

/** @typedef {import("./desk.js").Desk} Desk */

const TONES = { appointed: "good", "not-yet": "act", ended: "bad", revoked: "bad", elsewhere: "bad" };
const SOON_DAYS = 30;

/** @param {Desk} desk */
export function officers(desk) {
  const register = desk.look("officers", "/v1/officers", /^officer\./);
  const isClosed = register.problem?.status === 403;
  const duty = desk.know("duty");
  return [
    title("officers"),
    h("div", { class: "stack" },
      desk.officer && h("section", { class: "panel" },
        h("header", null, h("h2", null, t("officer.mine"))),
        h("div", { class: "body stack" }, held(desk.officer), h("dl", { class: "facts" },
          fact("officer.name", desk.officer.name), fact("door.number", desk.officer.number), fact("officer.decree", desk.officer.decree),
          fact("officer.region", desk.officer.region), fact("officer.valid", validity(desk.officer))))),
      duty && onDuty(duty),
      h("section", { class: "panel" },
        h("header", null, h("h2", null, t("officer.register"))),
        isClosed ? h("p", { class: "body quiet" }, t("officer.register-closed")) : register.value && rows(register.value.items))),
  ];
}

/** Whether an appointment holds, in words. @param {any} each */
function held(each) {
  const isSoon = each.standing === "appointed" && each.days_left !== null && each.days_left <= SOON_DAYS;
  return h("span", null, h("span", { class: `badge ${isSoon ? "warn" : /** @type {any} */ (TONES)[each.standing]}` },
    isSoon ? t("officer.days", { n: each.days_left }) : t(`standing.${each.standing}`)));
}

/** @param {any} each */
function validity(each) {
  return `${date(each.valid_from)} – ${date(each.valid_until)}`;
}

/** @param {string} text */
function date(text) {
  return new Date(`${text}T12:00`).toLocaleDateString(document.documentElement.lang === "en" ? "en-GB" : "id-ID", { day: "numeric", month: "long", year: "numeric" });
}

/** @param {any[]} all */
function rows(all) {
  return h("table", null,
    h("thead", null, h("tr", null, ["officer.name", "door.number", "officer.decree", "officer.valid", "queue.state"].map((each) => h("th", null, t(each))))),
    h("tbody", null, all.map((each) => h("tr", { key: `${each.number} ${each.decree}` },
      h("td", null, h("b", null, each.name)), h("td", { class: "num" }, each.number), h("td", null, each.decree), h("td", null, validity(each)), h("td", null, held(each))))));
}

/** Who is on duty. @param {any} duty */
export function onDuty(duty) {
  return h("section", { class: "panel" },
    h("header", null, h("h2", null, t("ready.duty"))),
    duty.on_duty.length === 0
      ? h("p", { class: "empty" }, icon("person"), h("b", null, t("ready.nobody")), duty.is_required && t("ready.nobody-why"))
      : duty.on_duty.map((/** @type {any} */ each) => h("div", { key: each.number, class: "line", style: { cursor: "default" } }, icon("person"), h("b", null, each.name), h("span", { class: "why num" }, each.number), h("span", { class: "quiet" }, t("ready.since", { at: moment(each.since) })))));
}
