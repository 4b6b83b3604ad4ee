/** The book of blanks, entry by entry, the newest first. Nothing in it is ever changed; a correction is an entry too. */

import { h } from "../dom.js";
import { t } from "../words.js";
import { moment, number } from "../format.js";
import { cursor, nothing, pager } from "./parts.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** In a printing station entries come by the second; the page is asked for so often at most. */
const PAUSE_MS = 1000;

/** @param {Desk} desk */
export function ledger(desk) {
  const all = desk.look("entries", `/v1/blanks/entries?limit=15${cursor(desk, "entries")}`, /^(job|blanks|count|card)\./, PAUSE_MS).value?.items;
  return h("section", { class: "panel", "aria-label": t("ledger.title") },
    h("header", null, h("h2", null, t("ledger.title"))),
    all?.length
      ? h("table", null,
        h("thead", null, h("tr", null, h("th", null, "#"), h("th", null, t("ledger.at")), h("th", null, t("ledger.kind")), h("th", null, t("ledger.from-to")), h("th", { class: "end" }, t("blanks.quantity")), h("th", null, t("ledger.by")))),
        h("tbody", null, all.map((/** @type {any} */ each) => h("tr", { key: each.seq },
          h("td", { class: "num quiet" }, number(each.seq)),
          h("td", { class: "nowrap" }, moment(each.at)),
          h("td", null, t(`entry.${each.kind}`, {}, each.kind), each.corrected_by !== null && h("span", { class: "badge warn bare" }, t("ledger.corrected", { n: number(each.corrected_by) }))),
          h("td", null, t(`account.${each.source}`), " → ", t(`account.${each.target}`)),
          h("td", { class: "end num" }, h("b", null, number(each.quantity))),
          h("td", { class: "small" }, each.actor, each.note && h("span", { class: "quiet" }, ` · ${each.note}`))))))
      : nothing(all, "blanks", t("ledger.none")),
    pager(desk, "entries"));
}
