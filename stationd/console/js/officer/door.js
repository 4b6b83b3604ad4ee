/** Signing in: number and PIN. */

import { h } from "../dom.js";
import { band, icon } from "../icons.js";
import { said } from "../dialog.js";
import { speak, spoken } from "../settings.js";
import { t } from "../words.js";

let wrong = "";
let isBusy = false;

/** @param {import("./desk.js").Desk} desk */
export function door(desk) {
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const filled = new FormData(form);
    isBusy = true;
    wrong = "";
    desk.changed();
    try {
      await desk.signIn(String(filled.get("number")).replace(/\s/g, ""), String(filled.get("pin")));
    } catch (problem) {
      wrong = said(problem);
      /** @type {HTMLInputElement | null} */ (form.querySelector("[name=pin]"))?.select();
    }
    isBusy = false;
    desk.changed();
  };
  return h(
    "main",
    { class: "door" },
    h(
      "div",
      { class: "panel" },
      band("banner"),
      h(
        "form",
        { onsubmit: submit },
        h(
          "div",
          { class: "row" },
          h("h1", { class: "grow" }, t("door.title")),
          h("button", { type: "button", class: "button slim", lang: spoken() === "id" ? "en" : "id", onclick: () => speak(spoken() === "id" ? "en" : "id") },
            spoken() === "id" ? "English" : "Bahasa Indonesia"),
        ),
        desk.wasEnded && !wrong ? h("p", { class: "notice act", role: "status" }, icon("info"), t("door.ended")) : h("p", { class: "quiet" }, t("door.why")),
        h("label", { class: "field" }, t("door.number"),
          h("input", { class: "input num", name: "number", inputmode: "numeric", autocomplete: "username", required: true, maxlength: 24, ref: (/** @type {HTMLElement} */ each) => each.focus() }),
          h("small", null, t("door.number-hint"))),
        h("label", { class: "field" }, t("door.pin"), h("input", { class: "input", name: "pin", type: "password", autocomplete: "off", required: true, maxlength: 64 })),
        wrong && h("p", { class: "notice bad", role: "alert" }, icon("bad"), wrong),
        h("button", { class: "button main", disabled: isBusy }, isBusy ? t("door.wait") : t("door.enter")),
        h("p", { class: "small quiet" }, h("a", { href: "/docs", target: "_blank", rel: "noreferrer" }, t("docs"))),
      ),
    ),
  );
}
