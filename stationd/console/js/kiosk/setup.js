/** The first start of a kiosk: it shows a code, an officer lets it in; or an administrator types a token. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { call, Problem } from "../api.js";
import { said } from "../dialog.js";
import { t } from "../words.js";
import { forget, keep } from "./session.js";

/** @typedef {import("./kiosk.js").kiosk} Kiosk */

const ASK_EVERY_MS = 2000;
const AGAIN_MS = 10_000;

let wrong = "";
let code = "";
let isAsking = false;

/** Show a code and wait until somebody has agreed; begin anew when its time is over. @param {Kiosk} kiosk */
async function pair(kiosk) {
  isAsking = true;
  try {
    const name = `kiosk-${Array.from(crypto.getRandomValues(new Uint8Array(3)), (each) => each.toString(16).padStart(2, "0")).join("")}`;
    const asked = await call("POST", "/v1/pairings", { name });
    code = asked.code;
    kiosk.changed();
    while (kiosk.isUnknown) {
      await new Promise((done) => setTimeout(done, ASK_EVERY_MS));
      const collected = await call("POST", "/v1/pairings/collect", { secret: asked.secret });
      if (collected.state !== "paired") continue;
      keep(collected.token);
      kiosk.open();
    }
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    code = "";
    kiosk.changed();
    await new Promise((done) => setTimeout(done, Math.max(AGAIN_MS, problem.wait_s * 1000)));
  }
  code = "";
  isAsking = false;
  kiosk.changed();
}

/** @param {Kiosk} kiosk */
export function setup(kiosk) {
  if (!isAsking) void pair(kiosk);
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
  return [
    h("section", { class: "panel setup" },
      h("h1", null, t("setup.title")),
      h("p", { class: "lead" }, t("setup.pair")),
      h("p", { class: "code num", "aria-live": "polite" }, code || "···-···")),
    h("details", { class: "panel setup" },
      h("summary", { class: "lead" }, t("setup.token-instead")),
      h("form", { class: "stack", onsubmit: submit },
        h("label", { class: "field" }, t("setup.token"), h("input", { class: "input", name: "token", type: "password", autocomplete: "off", required: true }), h("small", null, t("setup.hint"))),
        wrong && h("p", { class: "notice bad", role: "alert" }, icon("bad"), wrong),
        h("button", { class: "button main big" }, t("setup.go")))),
  ];
}
