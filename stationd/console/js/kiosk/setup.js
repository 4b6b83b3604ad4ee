/** The first start of a kiosk: it needs a token of the role kiosk, once. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { call } from "../api.js";
import { said } from "../dialog.js";
import { t } from "../words.js";
import { forget, keep } from "./session.js";

let wrong = "";

/** @param {import("./kiosk.js").kiosk} kiosk */
export function setup(kiosk) {
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    keep(String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("token")).trim());
    try {
      await call("GET", "/v1/station");
      wrong = "";
      kiosk.open();
    } catch (problem) {
      forget();
      wrong = said(problem);
    }
    kiosk.changed();
  };
  return h("section", { class: "panel setup" },
    h("h1", null, t("setup.title")),
    h("p", { class: "lead" }, t("setup.lead")),
    h("form", { class: "stack", onsubmit: submit },
      h("label", { class: "field" }, t("setup.token"), h("input", { class: "input", name: "token", type: "password", autocomplete: "off", required: true }), h("small", null, t("setup.hint"))),
      wrong && h("p", { class: "notice bad", role: "alert" }, icon("bad"), wrong),
      h("button", { class: "button main big" }, t("setup.go"))));
}
