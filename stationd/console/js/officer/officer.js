/** The officer's page: the frame around the views, and the keys. */

import { h, render } from "../dom.js";
import { icon, mark } from "../icons.js";
import { follow, isDark, paint, speak, spoken } from "../settings.js";
import { t } from "../words.js";
import { clock, keepTime } from "../format.js";
import { ask, attempt, said, show } from "../dialog.js";
import { post, call } from "../api.js";
import { Desk } from "./desk.js";
import { door } from "./door.js";
import { VIEWS, counts } from "./views.js";

const root = /** @type {HTMLElement} */ (document.getElementById("app"));
const desk = new Desk(draw);
let shown = "";
/** What is to have the focus as soon as its view is there, as a selector. */
let wished = "";

function draw() {
  document.title = `${t("app.officer")} · ${desk.know("station")?.name ?? "stationd"}`;
  keepTime(desk.know("station")?.time_zone);
  if (!desk.isSignedIn) return render(root, door(desk));
  const view = VIEWS.find((each) => each.name === desk.view) ?? VIEWS[0];
  render(root, frame(view));
  if (shown !== view.name) {
    shown = view.name;
    root.querySelector("main")?.scrollTo(0, 0);
  }
  const found = wished && view.name === "queue" && /** @type {HTMLElement | null} */ (root.querySelector(wished));
  if (!found) return;
  found.focus();
  wished = "";
}

/** @param {import("./views.js").View} view */
function frame(view) {
  const isLost = desk.isInTouch === false;
  const trouble = desk.trouble;
  return h(
    "div",
    { class: isLost ? "desk is-lost" : "desk" },
    h("a", { class: "skip", href: "#main", onclick: focusMain }, t("nav.skip")),
    top(),
    isLost && h("p", { class: "lost", role: "alert" }, icon("lost"), t("live.lost", { at: clock(desk.lost_at) })),
    rail(view),
    h("main", { id: "main", tabindex: 0 }, 
      trouble && h("p", { class: "notice bad", role: "alert" }, icon("bad"), h("span", null, t("live.partly"), " ", said(trouble))),
      h("div", { class: "view", key: view.name }, view.draw(desk))),
  );
}

/** @param {Event} event */
function focusMain(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function top() {
  const station = desk.know("station");
  const duty = desk.know("duty");
  const isOn = duty?.on_duty.some((/** @type {any} */ each) => each.number === desk.officer?.number);
  return h(
    "header",
    { class: "top" },
    mark("mark"),
    h("div", { class: "station" }, h("b", null, station?.name ?? "stationd"), h("small", null, t("app.officer"))),
    station && h("a", { class: `badge ${station.is_ready ? "good" : "bad"}`, href: "#ready", style: { "text-decoration": "none" } },
      station.is_ready ? t("station.ready") : t("station.not-ready")),
    h("span", { class: "grow" }),
    h("button", { class: "button plain slim", onclick: find }, icon("search"), t("find")),
    h("span", { class: `badge ${desk.isInTouch === undefined ? "" : desk.isInTouch ? "good" : "bad"}` }, t(desk.isInTouch === undefined ? "live.joining" : desk.isInTouch ? "live.on" : "live.off")),
    duty && h("button", { class: "button plain slim", onclick: isOn ? leaveDuty : beginDuty, "aria-pressed": String(isOn) },
      icon(isOn ? "good" : "person"), isOn ? t("duty.on") : t("duty.off")),
    switchOf(),
    h("button", { class: "button plain slim icon-only", "aria-label": isDark() ? t("theme.light") : t("theme.dark"), title: isDark() ? t("theme.light") : t("theme.dark"),
      onclick: () => paint(isDark() ? "light" : "dark") }, icon(isDark() ? "sun" : "moon")),
    h("button", { class: "button plain slim", onclick: signOut, title: desk.officer?.name ?? "" }, icon("out"), t("do.sign-out")),
  );
}

function switchOf() {
  return h(
    "div",
    { class: "switch", role: "group", "aria-label": t("language") },
    /** @type {("id" | "en")[]} */ (["id", "en"]).map((each) =>
      h("button", { key: each, lang: each, "aria-pressed": String(spoken() === each), "aria-label": t(`language.${each}`), onclick: () => speak(each) }, each.toUpperCase()),
    ),
  );
}

/** @param {import("./views.js").View} current */
function rail(current) {
  const all = counts(desk);
  return h(
    "nav",
    { class: "rail", "aria-label": t("nav") },
    VIEWS.map((each) => {
      const [count, tone] = all[each.name] ?? [0, ""];
      return h(
        "a",
        { key: each.name, href: `#${each.name}`, "aria-current": each === current && "page" },
        icon(each.icon),
        t(`view.${each.name}`),
        count > 0 && h("span", { class: `count num ${tone}` }, count > 99 ? "99+" : count),
      );
    }),
    h("footer", null,
      h("button", { class: "button plain slim", onclick: showKeys }, h("kbd", null, "?"), t("keys")),
      h("a", { class: "button plain slim", href: "/docs", target: "_blank", rel: "noreferrer" }, t("docs"))),
  );
}

async function beginDuty() {
  await attempt(() => post("/v1/duty"), t("duty.begun"));
  desk.again();
}

async function leaveDuty() {
  const isLast = (desk.know("duty")?.on_duty.length ?? 0) < 2;
  await ask({
    title: t("duty.leave"),
    body: h("p", null, isLast && desk.know("duty")?.is_required ? t("duty.leave-last") : t("duty.leave-why")),
    yes: t("duty.leave-yes"),
    act: () => call("DELETE", "/v1/duty"),
  });
  desk.again();
}

async function signOut() {
  const yes = await ask({ title: t("out.title"), body: h("p", null, t("out.why")), yes: t("do.sign-out") });
  if (yes) await desk.signOut();
}

/** To the place where a card is found, at once: the next key belongs to what is looked for. */
function find() {
  desk.go("queue");
  wished = "input[type=search]";
  draw();
}

function showKeys() {
  const keys = [
    ...VIEWS.map((each) => [each.hotkey, t(`view.${each.name}`)]),
    ["/", t("keys.search")], ["d", t("keys.duty")], ["l", t("keys.language")], ["t", t("keys.theme")], ["?", t("keys.this")], ["Esc", t("keys.back")],
  ];
  void show(t("keys"), h("dl", { class: "facts" }, keys.map(([key, words]) => [h("dt", { key }, h("kbd", null, key)), h("dd", { key: `${key} words` }, words)])));
}

/** @param {KeyboardEvent} event */
function press(event) {
  const at = /** @type {HTMLElement} */ (event.target);
  if (!desk.isSignedIn || document.querySelector("dialog[open]") || event.ctrlKey || event.altKey || event.metaKey) return;
  if (at.matches("input, textarea, select")) {
    if (event.key === "Escape") at.blur();
    return;
  }
  const view = VIEWS.find((each) => each.hotkey === event.key);
  if (view) desk.go(view.name);
  else if (event.key === "?") showKeys();
  else if (event.key === "l") speak(spoken() === "id" ? "en" : "id");
  else if (event.key === "t") paint(isDark() ? "light" : "dark");
  else if (event.key === "d") /** @type {HTMLElement | null} */ (document.querySelector(".top [aria-pressed].plain"))?.click();
  else if (event.key === "Escape") desk.go(desk.view);
  else if (event.key === "/") find();
  else return;
  event.preventDefault();
}

addEventListener("keydown", press);
follow(desk.changed);
follow(() => desk.isSignedIn && desk.again());
if (desk.isSignedIn) desk.open();
desk.changed();
