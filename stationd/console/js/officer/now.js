/** The first view: what is being printed, what comes next, what needs a person, and how the day goes. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { spoken } from "../settings.js";
import { t } from "../words.js";
import { lasting, number } from "../format.js";
import { advice, nameOf } from "./advice.js";
import { placeOf, preview } from "./job.js";
import { shares } from "./blanks.js";
import { today } from "./figures.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** @param {Desk} desk */
export function now(desk) {
  const printers = (desk.know("devices") ?? []).filter((/** @type {any} */ each) => each.kind === "printer" && each.state !== "absent");
  const waiting = desk.know("waiting") ?? [];
  return [
    h("h1", { class: "away" }, t("view.now")),
    h(
      "div",
      { class: "now" },
      h(
        "div",
        { class: "stack" },
        printers.length > 0
          ? h("div", { class: "lanes" }, printers.map((/** @type {any} */ each) => lane(desk, each)))
          : desk.know("devices") && h("div", { class: "panel empty" }, icon("printer"), h("b", null, t("now.no-printer")), t("now.no-printer-why")),
        h(
          "section",
          { class: "panel" },
          h("header", null, h("h2", null, t("now.next")), h("a", { class: "button slim", href: "#queue" }, t("now.all", { n: desk.know("queue")?.waiting ?? 0 }))),
          waiting.length === 0
            ? h("p", { class: "empty" }, icon("queue"), h("b", null, t("now.nobody")), t("now.nobody-why"))
            : waiting.slice(0, 5).map((/** @type {any} */ job) => line(desk, job)),
        ),
      ),
      h("div", { class: "stack" }, tasks(desk), today(desk), blanksPanel(desk)),
    ),
  ];
}

/** @param {Desk} desk @param {any} device */
function lane(desk, device) {
  const said = advice(device);
  const id = device.printing[0];
  const job = (desk.know("printing") ?? []).find((/** @type {any} */ each) => each.id === id);
  const left_s = leftOf(desk, device);
  return h(
    "section",
    { class: "panel lane", key: device.id, "aria-label": nameOf(device) },
    h("div", { class: "row" }, icon("printer"), h("h3", null, nameOf(device)), h("span", { class: `badge ${said.tone}` }, said.state)),
    preview(desk, id),
    job
      ? [
          h("div", { class: "row", key: "who" }, h("b", { class: "receipt grow" }, job.receipt), h("span", { class: "quiet small" }, t(`kind.${job.kind}`))),
          left_s !== null && device.card_s && h("div", { class: "bar", key: "bar", role: "progressbar", "aria-label": t("now.progress"), "aria-valuemin": 0, "aria-valuemax": 100,
            "aria-valuenow": Math.round(shareOf(left_s, device.card_s) * 100) }, h("i", { style: { "--share": shareOf(left_s, device.card_s).toFixed(3) } })),
          h("p", { class: "quiet small num", key: "left" }, left_s === null ? t("now.printing") : left_s < 1 ? t("now.soon") : t("now.left", { span: lasting(left_s) }),
            device.printing.length > 1 && ` · ${t("now.inside", { n: device.printing.length - 1 })}`),
        ]
      : h("p", { class: "quiet small" }, said.next || (device.state === "idle" ? t("now.idle") : said.state)),
  );
}

/** Seconds until the card in front is out, as forecast; `null` where nothing is known. @param {Desk} desk @param {any} device */
function leftOf(desk, device) {
  if (device.free_in_s === null || device.free_in_s === undefined || !device.card_s) return null;
  const since_s = (Date.now() - desk.all.devices.answered_at) / 1000;
  return Math.max(0, device.free_in_s - (device.printing.length - 1) * device.card_s - since_s);
}

/** @param {number} left_s @param {number} card_s */
function shareOf(left_s, card_s) {
  return Math.min(0.98, Math.max(0.02, 1 - left_s / card_s));
}

/** @param {Desk} desk @param {any} job */
function line(desk, job) {
  return h(
    "button",
    { class: "line", key: job.id, onclick: () => desk.go("queue", job.id) },
    h("span", { class: "place" }, job.position === null ? "" : job.position + 1),
    h("b", { class: "receipt" }, job.receipt),
    h("span", { class: "why" }, t(`kind.${job.kind}`)),
    h("span", { class: "quiet num" }, job.expected_s === null ? placeOf(job) : t("job.in", { span: lasting(job.expected_s) })),
  );
}

/** What needs a person, the most urgent first. @param {Desk} desk */
function tasks(desk) {
  /** @type {[string, string, string, string, string][]} tone, picture, title, words, where */
  const all = [];
  const uncertain = desk.know("uncertain") ?? [];
  if (uncertain.length) all.push(["bad", "doubt", t("task.doubt", { n: uncertain.length }), t("task.doubt-why"), "#doubt"]);
  for (const device of desk.know("devices") ?? []) {
    const said = advice(device);
    if (said.tone === "bad" && said.next) all.push(["bad", device.kind === "reader" ? "reader" : "printer", `${nameOf(device)}: ${said.state}`, said.next, "#devices"]);
  }
  const checks = desk.know("readiness")?.checks ?? [];
  for (const check of checks.filter((/** @type {any} */ each) => !each.ok && each.name !== "equipment")) {
    all.push([check.level === "failed" ? "bad" : "warn", check.level === "failed" ? "bad" : "warn", t(`check.${check.name}`, {}, check.name), check[`detail_${spoken()}`], "#ready"]);
  }
  const failed = desk.know("failed") ?? [];
  if (failed.length) all.push(["warn", "warn", t("task.failed", { n: failed.length }), t("task.failed-why"), "#queue"]);
  if (desk.know("queue")?.is_paused) all.push(["warn", "pause", t("task.paused"), t("task.paused-why"), "#queue"]);
  if (desk.days_left !== null) all.push(["warn", "clock", t("task.decree", { n: desk.days_left }), t("task.decree-why"), "#ready"]);
  all.sort((one, other) => Number(other[0] === "bad") - Number(one[0] === "bad"));
  return h(
    "section",
    { class: "panel", "aria-live": "polite" },
    h("header", null, h("h2", null, t("task.title")), all.length > 0 && h("span", { class: `badge bare ${all[0][0]}` }, all.length)),
    all.length === 0
      ? h("p", { class: "body row quiet" }, icon("good"), t("task.none"))
      : h("div", { class: "tasks" }, all.slice(0, all.length > 3 ? 2 : 3).map(([tone, picture, title, words, where]) =>
          h("a", { key: title, class: `task ${tone}`, href: where }, icon(picture), h("b", null, title), h("span", null, words))),
          all.length > 3 && h("a", { key: "more", class: "task", href: "#ready" }, icon("info"), h("b", null, t("task.more", { n: all.length - 2 })))),
  );
}

/** @param {Desk} desk */
function blanksPanel(desk) {
  const book = desk.know("blanks");
  return h(
    "section",
    { class: "panel" },
    h("header", null, h("h2", null, t("view.blanks")), book?.is_low && h("span", { class: "badge warn" }, t("blanks.low"))),
    book && h("div", { class: "body stack" },
      h("div", { class: "row" },
        h("div", { class: "figure grow" }, h("b", null, number(book.at_hand)), h("span", null, t("blanks.at-hand"))),
        h("div", { class: "figure" }, h("b", null, number(desk.know("readiness")?.can_finish ?? 0)), h("span", null, t("blanks.can-finish")))),
      shares(book),
      typeof book.days_left === "number" && h("p", { class: "small quiet" }, t("blanks.days", { n: number(Math.floor(book.days_left)) }))),
  );
}
