/** Minutes: the register of what was drawn up, to be saved, printed and signed. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { post } from "../api.js";
import { t } from "../words.js";
import { date, day, moment } from "../format.js";
import { ask, field, tell } from "../dialog.js";
import { cursor, nothing, pager, paper, tabs, title, turnBack } from "./parts.js";

/** @typedef {import("./desk.js").Desk} Desk */

const KINDS = ["all", "blank-book", "destruction", "count-difference", "transfer", "receipt"];

/** @param {Desk} desk */
export function papers(desk) {
  const kind = desk.kept.papers ?? "all";
  const all = desk.look("papers", `/v1/minutes?limit=25${kind === "all" ? "" : `&kind=${kind}`}${cursor(desk, "papers")}`, /^minutes\./).value?.items;
  return [
    title("papers",
      paper(t("notice.board"), "/v1/notices/board.pdf", "papan.pdf"),
      h("button", { key: "book", class: "button main", onclick: () => drawUp(desk) }, icon("paper"), t("paper.book"))),
    h("div", { class: "stack" },
      tabs(KINDS, kind, (each) => t(`paper-kind.${each}`), () => undefined, (each) => { desk.kept.papers = each; turnBack(desk, "papers"); desk.changed(); }),
      h("div", { class: "panel" }, all?.length ? rows(all) : nothing(all, "paper", t("paper.none")), pager(desk, "papers"))),
  ];
}

/** @param {any[]} all */
function rows(all) {
  return h("table", null,
    h("thead", null, h("tr", null, ["paper.number", "paper.kind", "paper.on", "paper.at", "paper.save"].map((each) => h("th", { class: each === "paper.save" ? "end" : "" }, t(each))))),
    h("tbody", null, all.map((each) => {
      const name = each.number.replace(/[^A-Za-z0-9]+/g, "-");
      return h("tr", { key: each.id },
        h("td", null, h("b", null, each.number)), h("td", null, t(`paper-kind.${each.kind}`, {}, each.kind)), h("td", null, day(each.on)), h("td", { class: "quiet" }, moment(each.at)),
        h("td", { class: "end" }, h("div", { class: "row ends" }, paper("PDF", `/v1/minutes/${each.id}.pdf`, `${name}.pdf`, "slim"), paper("CSV", `/v1/minutes/${each.id}.csv`, `${name}.csv`, "slim"))));
    })));
}

/** The book of blanks of a day. @param {Desk} desk */
async function drawUp(desk) {
  /** @type {any} */
  let made = null;
  await ask({
    title: t("paper.book-title"),
    body: [h("p", null, t("paper.book-why")), field("on", t("paper.on"), { type: "date", required: true, value: date() })],
    yes: t("paper.book-yes"),
    act: async ({ on }) => (made = await post("/v1/minutes", { kind: "blank-book", on })),
  });
  if (made) tell(t("paper.drawn", { number: made.number }));
  desk.again();
}
