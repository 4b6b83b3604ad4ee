/** Readiness: every condition for printing, in words, with who can mend it. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { spoken } from "../settings.js";
import { t } from "../words.js";
import { moment, number } from "../format.js";
import { onDuty } from "./officers.js";

/** @param {import("./desk.js").Desk} desk */
export function ready(desk) {
  const gate = desk.know("readiness");
  const duty = desk.know("duty");
  return [
    h("div", { class: "title" }, h("h1", null, t("view.ready"))),
    gate && h("div", { class: "stack" },
      h("p", { class: `notice ${gate.is_ready ? "good" : "bad"}`, role: "status" }, icon(gate.is_ready ? "good" : "bad"),
        h("span", null, h("b", null, gate.is_ready ? t("station.ready") : t("station.not-ready")), " ",
          gate.is_ready ? t("ready.can", { n: number(gate.can_finish) }) : gate.reasons.map((/** @type {string} */ each) => t(`gate.${each}`, {}, each)).join("; "))),
      h("section", { class: "panel" },
        h("header", null, h("h2", null, t("ready.checks"))),
        h("div", { class: "checks" }, gate.checks.map((/** @type {any} */ each) => h(
          "div",
          { class: `check ${each.level}`, key: each.name },
          icon(each.level === "ok" ? "good" : each.level === "failed" ? "bad" : "warn"),
          h("b", null, t(`check.${each.name}`, {}, each.name)),
          h("span", { class: `badge ${each.level === "ok" ? "good" : each.level === "failed" ? "bad" : "warn"}` }, t(`level.${each.level}`)),
          h("span", { class: "quiet" }, each[`detail_${spoken()}`]),
          h("span", { class: "quiet small end" }, each.fix_by ? t("ready.fix-by", { who: t(`fix.${each.fix_by}`, {}, each.fix_by) }) : "", each.level !== "ok" && ` · ${moment(each.since)}`),
        )))),
      duty && onDuty(duty),
    ),
  ];
}
