/** Printers and readers: how each is, and the one thing to do next. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { call, once, post } from "../api.js";
import { t } from "../words.js";
import { number, since } from "../format.js";
import { ask, attempt, field } from "../dialog.js";
import { advice, nameOf } from "./advice.js";
import { heard } from "./heard.js";
import { fact } from "./parts.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** @param {Desk} desk */
export function devices(desk) {
  const all = desk.know("devices");
  const order = { printer: 0, reader: 1 };
  const sorted = [...(all ?? [])].sort((one, other) => (/** @type {any} */ (order)[one.kind] ?? 2) - (/** @type {any} */ (order)[other.kind] ?? 2));
  return [
    h("div", { class: "title" }, h("h1", null, t("view.devices"))),
    all?.length === 0 && h("div", { class: "panel empty" }, icon("printer"), h("b", null, t("now.no-printer")), t("now.no-printer-why")),
    h("div", { class: "tools" }, sorted.map((each) => device(desk, each))),
  ];
}

/** @param {Desk} desk @param {any} each */
function device(desk, each) {
  const said = advice(each);
  const inside = desk.know("blanks")?.hoppers[each.name];
  const isPrinter = each.kind === "printer" && !["unused", "absent"].includes(each.state);
  return h(
    "article",
    { class: "panel device", key: each.id, "aria-label": nameOf(each) },
    h("div", { class: "row" }, icon(each.kind === "reader" ? "reader" : "printer"),
      h("div", { class: "grow" }, h("h2", null, nameOf(each)), h("p", { class: "quiet small" }, each.model ?? each.driver ?? t("device.unknown"))),
      h("span", { class: `badge ${said.tone}` }, said.state)),
    said.next && h("p", { class: `notice ${said.tone}` }, icon(said.tone === "act" ? "info" : "warn"), h("span", null, h("b", null, t("device.next")), " ", said.next)),
    h("dl", { class: "facts small" },
      fact("device.since", since(each.since)),
      each.printing.length > 0 && fact("device.holds", t("device.cards", { n: each.printing.length })),
      inside !== undefined && fact("stock.hopper", t("device.blanks", { n: number(inside) })),
      each.counter !== null && fact("device.counter", number(each.counter)),
      each.evidence && fact("device.evidence", t(`evidence.${each.evidence}`)),
      each.last_fault && fact("device.last", t(`reason.${each.last_fault}`, {}, heard(each.last_fault))),
      each.usb && fact("device.port", each.usb.port)),
    each.supplies.map((/** @type {any} */ supply) => h("div", { key: supply.name, class: "stack", style: { gap: "4px" } },
      h("div", { class: "row small" }, h("span", { class: "grow" }, t(`supply.${supply.name}`, {}, supply.name)), h("span", { class: "num quiet" }, supply.cards !== null ? t("device.cards", { n: supply.cards }) : supply.level !== null ? `${supply.level} %` : "–")),
      supply.level !== null && h("div", { class: supply.level < 10 ? "bar bad" : supply.level < 25 ? "bar warn" : "bar good" }, h("i", { style: { "--share": supply.level / 100 } })))),
    (isPrinter || each.usb) && h("div", { class: "row wrap" },
      isPrinter && (each.is_paused ? button("resume", "play", () => simply(desk, each, "resume"), "main") : button("pause", "pause", () => simply(desk, each, "pause"))),
      isPrinter && !each.is_paused && button("drain", "drain", () => confirm(desk, each, "drain")),
      isPrinter && button("test-card", "test", () => confirm(desk, each, "test-card")),
      each.usb && button("name", "card", () => rename(desk, each))),
  );
}

/** @param {string} what @param {string} picture @param {() => void} onclick @param {string} [tone] */
function button(what, picture, onclick, tone = "") {
  return h("button", { key: what, class: `button slim ${tone}`, onclick }, icon(picture), t(`device.${what}`));
}

/** @param {Desk} desk @param {any} each @param {string} what */
async function simply(desk, each, what) {
  await attempt(() => post(`/v1/devices/${encodeURIComponent(each.id)}/${what}`), t(`device.${what}-done`, { name: nameOf(each) }));
  desk.again();
}

/** What people here call it; only what hangs on the bus can be named, the rest is named by its configuration. @param {Desk} desk @param {any} each */
async function rename(desk, each) {
  await ask({
    title: t("device.name-title", { name: nameOf(each) }),
    body: [h("p", null, t("device.name-why")), field("label", t("device.name-label"), { maxlength: 64, value: each.label ?? "", hint: t("device.name-hint") })],
    yes: t("do.save"),
    act: (said) => call("PUT", `/v1/devices/${encodeURIComponent(each.id)}/label`, { label: said.label.trim() || null }),
  });
  desk.again();
}

/** @param {Desk} desk @param {any} each @param {string} what */
async function confirm(desk, each, what) {
  const begin = once();
  await ask({
    title: t(`device.${what}-title`, { name: nameOf(each) }),
    body: h("p", null, t(`device.${what}-why`)),
    yes: t(`device.${what}`),
    act: () => begin(`/v1/devices/${encodeURIComponent(each.id)}/${what}`, {}),
  });
  desk.again();
}
