/**
 * The workbench: what a newcomer looks at first. It asks the API as any frontend does, and the demonstration for what a
 * person in the room would see: cables, trays, and how the books compare with them.
 */

import "/demo/page/words.js";

import { blob, call, carry, get, post } from "/console/js/api.js";
import { attempt } from "/console/js/dialog.js";
import { h, render } from "/console/js/dom.js";
import { number } from "/console/js/format.js";
import { icon, mark } from "/console/js/icons.js";
import { Live } from "/console/js/live.js";
import { follow, isDark, paint, speak, spoken } from "/console/js/settings.js";
import { onceAFrame } from "/console/js/store.js";
import { t } from "/console/js/words.js";

import { machine } from "/demo/page/machine.js";

const LOOK_MS = 500;
/** A look that takes longer than this is one at a station that is down. */
const DOWN_MS = 900;
const TOLD = 9;
const WAITING = 7;
const PAIRS = [["unplug", "plug", "offline"], ["open", "close", "cover-open"], ["empty", "load", "media-empty"], ["jam", "clear", "media-jam"]];

const root = /** @type {HTMLElement} */ (document.getElementById("app"));

class Bench {
  constructor() {
    this.changed = onceAFrame(() => draw());
    this.token = "";
    /** @type {any} */
    this.table = null;
    /** @type {any[]} */
    this.devices = [];
    /** @type {any[]} */
    this.waiting = [];
    /** @type {any} */
    this.queue = null;
    /** @type {any} */
    this.blanks = null;
    /** @type {any[]} */
    this.doubts = [];
    /** @type {{id: number, type: string, subject: string}[]} */
    this.told = [];
    this.heard = 0;
    /** @type {Map<string, string>} what was last told of each printer, which is told again whenever it is looked at */
    this.said = new Map();
    /** @type {Map<string, string>} what was fetched of each card */
    this.pictures = new Map();
    this.isDown = false;
    this.killed_at = 0;
    this.away_s = 0;
    carry(() => this.token, () => void this.enter());
  }

  /** Fetch the token of this demonstration, then look and listen for ever. */
  async open() {
    await this.enter();
    new Live({ told: (event) => this.#hear(event), reset: () => {}, touch: () => {} }).start();
    for (;;) {
      const slow = setTimeout(() => this.#down(true), DOWN_MS);
      try {
        await this.look();
        this.#down(false);
      } catch {
        this.#down(true);
      }
      clearTimeout(slow);
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
  }

  async enter() {
    try {
      this.token = (await post("/demo/key")).token;
    } catch {
      // the station is down: the next look asks again
    }
  }

  async look() {
    if (!this.token) await this.enter();
    const before = this.table?.start ?? 0;
    const [table, devices, waiting, queue, blanks, doubts] = await Promise.all([
      get("/demo/bench"),
      get("/v1/devices"),
      get(`/v1/jobs?state=queued&limit=${WAITING}`),
      get("/v1/queue"),
      get("/v1/blanks"),
      get("/v1/jobs?state=uncertain&limit=50"),
    ]);
    this.table = table;
    this.devices = devices.items;
    this.waiting = waiting.items;
    this.queue = queue;
    this.blanks = blanks;
    this.doubts = doubts.items;
    if (before && table.start > before && this.killed_at) {
      this.away_s = (performance.now() - this.killed_at) / 1000;
      this.killed_at = 0;
    }
    await this.#fetchPictures();
    this.changed();
  }

  /** Do something to what is on the table, and look at once. @param {() => Promise<any>} act */
  async do(act) {
    if (await attempt(act, "")) await this.look().catch(() => {});
  }

  async kill() {
    this.killed_at = performance.now();
    await post("/demo/kill").catch(() => {});
  }

  async #fetchPictures() {
    /** @type {Map<string, string>} */
    const now = new Map();
    for (const printer of this.table.printers) {
      for (const card of printer.cards) {
        const path = `/demo/cards/${printer.name}/${card}`;
        now.set(path, this.pictures.get(path) ?? (await blob(path)));
      }
    }
    for (const [path, picture] of this.pictures) if (!now.has(path)) URL.revokeObjectURL(picture);
    this.pictures = now;
  }

  /** @param {{type: string, data: any}} event */
  #hear(event) {
    const facts = event.data?.data ?? {};
    const subject = String(facts.printer ?? (event.type.startsWith("printer.") ? event.data.subject : ""));
    const said = JSON.stringify([event.type, subject, facts.state, facts.reasons]);
    if (event.type === "printer.changed" && this.said.get(subject) === said) return;
    this.said.set(subject, said);
    this.heard += 1;
    const name = this.table?.printers.find((/** @type {any} */ each) => each.device === subject)?.name ?? subject;
    this.told = [{ id: this.heard, type: event.type, subject: name }, ...this.told].slice(0, TOLD);
    this.changed();
  }

  /** @param {boolean} isDown */
  #down(isDown) {
    if (isDown === this.isDown) return;
    this.isDown = isDown;
    this.changed();
  }
}

const bench = new Bench();

function draw() {
  document.title = `${t("bench.title")} · stationd`;
  if (!bench.table) return render(root, h("p", { class: "empty" }, t("loading")));
  render(
    root,
    head(),
    h("main", { class: "bench" }, h("div", { class: "stack" }, line(), printers()), h("aside", { class: "stack" }, witnesses(), killing(), told())),
  );
}

function head() {
  return h(
    "header",
    { class: "top" },
    mark("mark"),
    h("div", { class: "grow" }, h("h1", null, t("bench.title")), h("p", null, t("bench.lead"))),
    h("a", { class: "button plain", href: "/officer", title: t("bench.sign-in") }, icon("now"), t("bench.desk")),
    h("a", { class: "button plain", href: "/kiosk" }, icon("call"), t("bench.kiosk")),
    h(
      "div",
      { class: "switch", role: "group", "aria-label": t("language") },
      ["id", "en"].map((each) => h("button", { "aria-pressed": String(spoken() === each), "aria-label": t(`language.${each}`), onclick: () => speak(/** @type {"id" | "en"} */ (each)) }, each.toUpperCase())),
    ),
    h("button", { class: "button plain icon-only", "aria-label": t(isDark() ? "theme.light" : "theme.dark"), onclick: () => paint(isDark() ? "light" : "dark") }, icon(isDark() ? "sun" : "moon")),
  );
}

function line() {
  return h(
    "section",
    { class: "panel line" },
    h("header", null, h("h2", null, t("bench.line")), h("span", { class: "badge act" }, t("bench.line.waiting", { n: bench.queue.waiting }))),
    h(
      "ol",
      { class: "waiting" },
      bench.waiting.map((job) => h("li", { key: job.id }, h("span", { class: "receipt" }, job.receipt), h("small", null, t(`bench.kind.${job.kind}`, {}, job.kind)))),
      !bench.waiting.length && h("li", { class: "none" }, t("bench.line.none")),
    ),
  );
}

function printers() {
  return h(
    "section",
    { class: "stack" },
    h(
      "header",
      { class: "row" },
      h("h2", { class: "grow" }, t("bench.printers")),
      h("button", { class: "button slim", onclick: () => bench.do(() => post("/demo/printers", { name: free(), seconds: bench.table.seconds })) }, icon("printer"), t("bench.add")),
    ),
    h("div", { class: "printers" }, bench.table.printers.map(printer)),
  );
}

/** The first name that no printer on the table has. */
function free() {
  const taken = new Set(bench.table.printers.map((/** @type {any} */ each) => each.name));
  for (let n = 1; ; n += 1) if (!taken.has(`kartu-${n}`)) return `kartu-${n}`;
}

/** @param {{name: string, device: string, is_cabled: boolean, is_free: boolean, cards: string[]}} here */
function printer(here) {
  const device = bench.devices.find((each) => each.id === here.device);
  const reasons = new Set(device?.reasons ?? []);
  const isSeen = Boolean(device) && here.is_cabled;
  const tone = !isSeen || device.state === "stopped" ? "bad" : device.state === "processing" ? "act" : "good";
  const holds = device?.printing ?? [];
  return h(
    "article",
    { key: here.name, class: "panel printer", "data-printer": here.name, "data-state": isSeen ? device.state : "gone" },
    h(
      "header",
      null,
      h("h3", { class: "grow" }, here.name),
      h("span", { class: `badge ${tone}` }, isSeen ? t(`bench.state.${device.state}`, {}, device.state) : t("bench.reason.offline")),
    ),
    machine({
      tone,
      isCabled: here.is_cabled,
      isOpen: reasons.has("cover-open"),
      isEmpty: reasons.has("media-empty"),
      isJammed: reasons.has("media-jam"),
      card: isSeen && holds.length ? String(holds[0].id ?? holds[0]) : "",
      seconds: device?.card_s ?? 4,
    }),
    h(
      "p",
      { class: "quiet small says" },
      isSeen
        ? [...reasons].map((each) => t(`bench.reason.${each}`, {}, each)).join(", ") || [holds.length ? t("bench.holds", { n: holds.length }) : "", device.counter === null ? "" : t("bench.counter", { n: number(device.counter) })].filter(Boolean).join(" · ")
        : t("bench.gone"),
    ),
    h("div", { class: "acts" }, here.is_free ? cord(here) : [PAIRS.map((pair) => act(here, reasons, pair)), one(here.name, "restart")]),
    tray(here),
  );
}

/** @param {{name: string, is_cabled: boolean}} here @param {Set<string>} reasons @param {string[]} pair */
function act(here, reasons, [trouble, cure, reason]) {
  const isOn = reason === "offline" ? !here.is_cabled : reasons.has(reason);
  return one(here.name, isOn ? cure : trouble, isOn);
}

/** @param {string} name @param {string} what @param {boolean} [isMain] */
function one(name, what, isMain = false) {
  return h("button", { key: what, class: isMain ? "button slim main" : "button slim", onclick: () => bench.do(() => post(`/demo/printers/${name}/${what}`)) }, t(`bench.do.${what}`));
}

/** @param {{name: string, is_cabled: boolean}} here */
function cord(here) {
  return here.is_cabled
    ? h("button", { class: "button slim", onclick: () => bench.do(() => call("DELETE", `/demo/printers/${here.name}`)) }, t("bench.do.unplug"))
    : h("button", { class: "button slim main", onclick: () => bench.do(() => post("/demo/printers", { name: here.name, seconds: bench.table.seconds })) }, t("bench.do.plug"));
}

/** @param {{name: string, cards: string[]}} here */
function tray(here) {
  return h(
    "div",
    { class: "tray", role: "group", "aria-label": t("bench.tray") },
    here.cards.map((card) => h("img", { key: card, src: bench.pictures.get(`/demo/cards/${here.name}/${card}`), alt: t("bench.card"), width: 1013, height: 638 })),
    !here.cards.length && h("span", { class: "quiet small" }, t("bench.tray.none")),
  );
}

function witnesses() {
  const truth = bench.table.truth;
  return h(
    "section",
    { class: "panel" },
    h("header", null, h("h2", null, t("bench.truth"))),
    h(
      "div",
      { class: "body stack" },
      truth && h("div", { class: "pair" }, figure(truth.cards, "bench.truth.cards"), figure(truth.printed, "bench.truth.printed")),
      truth &&
        h(
          "dl",
          { class: "facts" },
          fact("bench.truth.twice", truth.twice, truth.twice ? "bad" : "good"),
          fact("bench.truth.lost", truth.lost, truth.lost ? "bad" : "good"),
          fact("bench.truth.unbooked", truth.unbooked, ""),
          fact("bench.doubt", bench.doubts.length, bench.doubts.length ? "warn" : ""),
          fact("bench.blanks", bench.blanks.at_hand, ""),
        ),
      h("p", { class: "quiet small" }, t("bench.truth.why")),
    ),
  );
}

/** @param {number} value @param {string} key */
function figure(value, key) {
  return h("div", null, h("b", { class: "num" }, number(value)), h("small", null, t(key)));
}

/** @param {string} key @param {number} value @param {string} tone */
function fact(key, value, tone) {
  return [h("dt", null, t(key)), h("dd", null, h("span", { class: `badge bare num ${tone}`, "data-fact": key }, number(value)))];
}

function killing() {
  const times = bench.table.start - 1;
  return h(
    "section",
    { class: "panel kill" },
    h("button", { class: "button danger", disabled: bench.isDown, onclick: () => void bench.kill() }, t("bench.kill")),
    h("p", { class: "quiet small" }, t("bench.kill.why")),
    h(
      "p",
      { role: "status" },
      bench.isDown ? t("bench.down") : times > 0 && [t("bench.kill.count", { n: times }), bench.away_s ? ` · ${t("bench.kill.away", { s: bench.away_s.toFixed(1) })}` : ""].join(""),
    ),
  );
}

function told() {
  return h(
    "section",
    { class: "panel" },
    h("header", null, h("h2", null, t("bench.told"))),
    h(
      "ol",
      { class: "told" },
      bench.told.map((each) => h("li", { key: each.id }, h("code", null, each.type), h("span", { class: "quiet small" }, each.subject))),
      !bench.told.length && h("li", { class: "quiet" }, t("bench.told.none")),
    ),
  );
}

follow(bench.changed);
void bench.open();
