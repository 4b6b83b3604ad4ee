/** The kiosk's page: one receipt, one answer, and back to the start for the next person. */

import { h, render } from "../dom.js";
import { band, icon } from "../icons.js";
import { carry, get } from "../api.js";
import { follow, isDark, paint, speak, spoken } from "../settings.js";
import { Live } from "../live.js";
import { Resource, onceAFrame } from "../store.js";
import { LENGTH, SYMBOLS, readReceipt, symbolsOf } from "../receipt.js";
import { clock, keepTime } from "../format.js";
import { t } from "../words.js";
import { typing } from "./typing.js";
import { answer } from "./answer.js";
import { setup } from "./setup.js";
import { forget, token } from "./session.js";

/** Untouched for so long, an answer is put away: the next person must not read it. */
const AWAY_S = 60;
const CALLED_MS = 90_000;
/** The station answers so many questions a minute; a busy queue must not use them up. */
const ANSWER_PAUSE_MS = 4000;
const FIRST_LANGUAGE = spoken();

const root = /** @type {HTMLElement} */ (document.getElementById("app"));

class Kiosk {
  constructor() {
    this.changed = onceAFrame(() => draw());
    this.typed = "";
    this.wrong = "";
    /** @type {Resource<any> | null} */
    this.asked = null;
    /** @type {{receipt: string, counter: string, at: number}[]} */
    this.called = [];
    /** @type {any} */
    this.station = undefined;
    this.isInTouch = true;
    this.lost_at = 0;
    this.touched_at = Date.now();
    /** @type {Live | null} */
    this.live = null;
    carry(token, () => this.unpair());
  }

  /** Listen and look, once there is a token. */
  open() {
    this.live?.stop();
    this.isInTouch = true;
    this.live = new Live({
      told: (event) => this.#told(event),
      reset: () => this.#again(),
      touch: (isInTouch) => {
        this.isInTouch = isInTouch;
        if (isInTouch) this.#again();
        else this.lost_at = Date.now();
        this.changed();
      },
    }).start();
    this.#again();
    this.changed();
  }

  /** Whether the station has not let this kiosk in yet. */
  get isUnknown() {
    return token() === "";
  }

  unpair() {
    forget();
    this.live?.stop();
    this.start();
  }

  /** @param {string} symbol */
  type(symbol) {
    if (this.typed.length >= LENGTH) return;
    this.typed += symbol;
    this.wrong = "";
    if (this.typed.length === LENGTH && !readReceipt(this.typed)) this.wrong = t("receipt.wrong");
    this.changed();
  }

  erase() {
    this.typed = this.typed.slice(0, -1);
    this.wrong = "";
    this.changed();
  }

  clear() {
    this.typed = "";
    this.wrong = "";
    this.changed();
  }

  /** Ask about a receipt that was typed or scanned. @param {string} text */
  ask(text) {
    const receipt = readReceipt(text);
    this.touched_at = Date.now();
    if (!receipt) {
      this.typed = symbolsOf(text).slice(0, LENGTH);
      this.asked = null;
      this.wrong = t("receipt.wrong");
    } else {
      this.typed = symbolsOf(receipt);
      this.wrong = "";
      this.asked = new Resource(`/v1/receipts/${receipt}`, /^(job|card|printer|queue|blanks|station)\./, { changed: () => this.#answered() }, { pause_ms: ANSWER_PAUSE_MS });
      this.asked.refresh();
    }
    this.changed();
  }

  /** Back to the start, in the first language, for the next person. */
  start() {
    this.typed = "";
    this.wrong = "";
    this.asked = null;
    speak(FIRST_LANGUAGE, false);
    this.changed();
  }

  /** Seconds until the answer is put away. */
  get away_in_s() {
    return AWAY_S - (Date.now() - this.touched_at) / 1000;
  }

  get away_s() {
    return AWAY_S;
  }

  /** The counter to which the shown receipt was called, where it was. */
  get counter() {
    const typed = this.typed;
    return this.called.find((each) => typed.endsWith(each.receipt))?.counter;
  }

  #answered() {
    const problem = this.asked?.problem;
    if (problem && problem.status !== 0 && !this.asked?.value) {
      this.wrong = problem.code === "receipt-unknown" ? t("kiosk.unknown") : problem.code === "receipt-malformed" ? t("receipt.wrong") : problem.status === 429 ? t("kiosk.too-often") : t("kiosk.no-answer");
      this.asked = null;
    }
    this.changed();
  }

  /** @param {import("../live.js").Told} event */
  #told(event) {
    const data = event.data?.data ?? {};
    if (event.type === "reader.scanned" && data.receipt) this.ask(data.receipt);
    if (event.type === "card.called" && data.ticket) {
      const called = { receipt: symbolsOf(data.ticket), counter: String(data.counter), at: Date.now() };
      this.called = [called, ...this.called.filter((each) => each.receipt !== called.receipt)].slice(0, 4);
      this.changed();
    }
    if (this.asked?.topics.test(event.type)) this.asked.refresh(event.type.startsWith("card."));
  }

  #again() {
    this.asked?.refresh(true);
    get("/v1/station").then(
      (station) => {
        this.station = station;
        keepTime(station.time_zone);
        this.changed();
      },
      () => {},
    );
  }
}

export const kiosk = new Kiosk();

function draw() {
  document.title = t("app.kiosk");
  const body = !token() ? setup(kiosk) : kiosk.asked ? answer(kiosk) : typing(kiosk);
  const isLost = token() !== "" && !kiosk.isInTouch;
  render(
    root,
    h(
      "div",
      { class: isLost ? "glass is-lost" : "glass" },
      head(),
      isLost && h("p", { class: "banner-lost", role: "alert" }, icon("lost"), t("kiosk.lost", { at: clock(kiosk.lost_at) })),
      h("main", { class: "body", key: !token() ? "setup" : kiosk.asked ? "answer" : "typing" }, body),
      foot(),
    ),
  );
}

function head() {
  return h(
    "header",
    { class: "head" },
    band("banner"),
    h("div", null, h("b", null, kiosk.station?.name ?? t("app.kiosk")), h("small", null, t("kiosk.office"))),
    h("div", { class: "tongues", role: "group", "aria-label": t("language") }, /** @type {("id" | "en")[]} */ (["id", "en"]).map((each) =>
      h("button", { key: each, lang: each, "aria-pressed": String(spoken() === each), onclick: () => speak(each, false) }, each === "id" ? "Indonesia" : "English"))),
  );
}

function foot() {
  return h(
    "footer",
    { class: "foot" },
    h("span", { class: "grow" }, icon("info"), t("kiosk.free")),
    h("button", { class: "button plain", "aria-label": isDark() ? t("theme.light") : t("theme.dark"), onclick: () => paint(isDark() ? "light" : "dark") }, icon(isDark() ? "sun" : "moon")),
  );
}

/** Keys of a keyboard, and of a scanner that types what it reads and ends with Enter. @param {KeyboardEvent} event */
function press(event) {
  kiosk.touched_at = Date.now();
  const at = /** @type {HTMLElement} */ (event.target);
  if (!token() || event.ctrlKey || event.altKey || event.metaKey || at.matches("input")) return;
  if (event.key === "Escape") kiosk.start();
  else if (event.key === "Backspace" && !kiosk.asked) kiosk.erase();
  else if (event.key === "Enter") {
    if (at.matches("button") || !kiosk.typed || kiosk.asked) return;
    kiosk.ask(kiosk.typed);
  } else if (event.key.length === 1 && SYMBOLS.includes(symbolsOf(event.key) || " ")) {
    at.blur(); // else the Enter at the end of a scan presses the button that was touched last
    if (kiosk.asked || kiosk.wrong) kiosk.start();
    kiosk.type(symbolsOf(event.key));
  } else return;
  event.preventDefault();
}

addEventListener("keydown", press);
addEventListener("pointerdown", () => (kiosk.touched_at = Date.now()));
setInterval(() => {
  const called = kiosk.called.filter((each) => each.at > Date.now() - CALLED_MS);
  if (called.length !== kiosk.called.length) kiosk.called = called;
  const isAtStart = !kiosk.asked && !kiosk.typed && spoken() === FIRST_LANGUAGE;
  if (!isAtStart && token() && kiosk.away_in_s <= 0) kiosk.start();
  kiosk.changed();
}, 1000);
follow(() => {
  kiosk.asked?.refresh(true);
  kiosk.changed();
});
if (token()) kiosk.open();
kiosk.changed();
