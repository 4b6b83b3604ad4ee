/** What needs two officers: the second one agrees at this screen, or later at another. */

import { h } from "../dom.js";
import { t } from "../words.js";
import { field } from "../dialog.js";

/** Number and PIN of a colleague; both may stay empty, then the request waits under Approvals. */
export function secondFields() {
  return h("fieldset", { class: "panel stack", style: { padding: "14px" } },
    h("legend", { class: "away" }, t("second.title")),
    h("b", null, t("second.title")),
    h("p", { class: "small quiet" }, t("second.why")),
    field("second_number", t("door.number"), { inputmode: "numeric", maxlength: 24 }),
    field("second_pin", t("door.pin"), { type: "password", maxlength: 64 }));
}

/** The `second` of a body, where one was typed. @param {Record<string, string>} filled */
export function secondOf(filled) {
  const number = (filled.second_number ?? "").replace(/\s/g, "");
  return number ? { second: { number, pin: filled.second_pin } } : {};
}
