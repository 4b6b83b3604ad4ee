/** Questions that stop everything until they are answered, and short news at the edge of the page. */

import { h, render } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./words.js";
import { Problem } from "./api.js";

let number = 0;

/**
 * Ask in words; what was filled in, or `null` when the person thought better of it.
 *
 * `act` is done while the dialog stands, and what it refuses is shown there, so that nothing typed is lost.
 * @param {{title: string, body?: any, yes: string, no?: string, isDanger?: boolean,
 *   act?: (filled: Record<string, string>) => Promise<any>}} question
 * @returns {Promise<Record<string, string> | null>}
 */
export function ask({ title, body, yes, no, isDanger, act }) {
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  const dialog = document.createElement("dialog");
  const id = `dialog-${++number}`;
  dialog.setAttribute("aria-labelledby", id);
  document.body.append(dialog);
  return new Promise((answer) => {
    /** @param {Record<string, string> | null} filled */
    const end = (filled) => {
      dialog.close();
      dialog.remove();
      before?.focus();
      answer(filled);
    };
    /** @param {string} wrong @param {boolean} isBusy */
    const draw = (wrong, isBusy) => {
      const submit = async (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        const form = /** @type {HTMLFormElement} */ (event.target);
        const filled = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
        if (!act) return end(filled);
        draw("", true);
        try {
          await act(filled);
          end(filled);
        } catch (problem) {
          draw(said(problem), false);
        }
      };
      render(
        dialog,
        h(
          "form",
          { method: "dialog", onsubmit: submit },
          h("h2", { id }, title),
          body,
          wrong && h("p", { class: "notice bad", role: "alert" }, icon("bad"), wrong),
          h(
            "footer",
            null,
            no !== yes && h("button", { type: "button", class: "button", onclick: () => end(null) }, no ?? t("do.cancel")),
            h("button", { class: isDanger ? "button danger" : "button main", disabled: isBusy }, yes),
          ),
        ),
      );
    };
    draw("", false);
    dialog.oncancel = (event) => {
      event.preventDefault();
      end(null);
    };
    dialog.showModal();
    const first = dialog.querySelector("input:not([type=hidden]), textarea, select");
    /** @type {HTMLElement | null} */ (first ?? dialog.querySelector("footer button"))?.focus();
  });
}

/** Show something that needs no answer. @param {string} title @param {any} body */
export function show(title, body) {
  return ask({ title, body, yes: t("do.close"), no: t("do.close") });
}

/** A field of a dialog. @param {string} name @param {string} label @param {Record<string, any>} [more] `hint` below it */
export function field(name, label, { hint, kind, choices, ...props } = {}) {
  const input =
    kind === "text"
      ? h("textarea", { class: "input", name, rows: 3, ...props })
      : choices
        ? h("select", { class: "input", name, ...props }, choices.map((/** @type {[string, string]} */ [value, words]) => h("option", { value, key: value }, words)))
        : h("input", { class: "input", name, autocomplete: "off", ...props });
  return h("label", { class: "field" }, label, input, hint && h("small", null, hint));
}

/** Advice that names calls and headers is for programmers. */
const FOR_PROGRAMMERS = /\/v1\/|ETag|Idempotency|Content-Type|http\.|\[/;

/** What a refusal says to a person, and what to do about it. @param {unknown} problem */
export function said(problem) {
  if (!(problem instanceof Problem)) throw problem;
  if (problem.status === 0) return t("problem.out-of-reach");
  const told = t(`problem.${problem.code}`, {}, "") || sentence(problem.message || problem.title || t("problem.unknown"));
  const fix = FOR_PROGRAMMERS.test(problem.fix) ? "" : sentence(problem.fix);
  return [told, fix, problem.wait_s && t("problem.wait", { n: problem.wait_s })].filter(Boolean).join(" ");
}

/** @param {string} text */
function sentence(text) {
  return text && text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

/** @type {{id: number, text: string, tone: string}[]} */
let news = [];

/** Say something in passing. @param {string} text @param {"good" | "bad" | "act"} [tone] */
export function tell(text, tone = "good") {
  const id = ++number;
  news = [...news.slice(-2), { id, text, tone }];
  drawNews();
  setTimeout(() => {
    news = news.filter((each) => each.id !== id);
    drawNews();
  }, 6000);
}

function drawNews() {
  let place = document.querySelector(".toasts");
  if (!place) {
    place = document.createElement("div");
    place.className = "toasts";
    place.setAttribute("role", "status");
    place.setAttribute("aria-live", "polite");
    document.body.append(place);
  }
  render(place, news.map((each) => h("p", { key: each.id, class: `notice ${each.tone}` }, icon(each.tone), each.text)));
}

/** Do something and say how it went. @param {() => Promise<any>} act @param {string} done */
export async function attempt(act, done) {
  try {
    await act();
    if (done) tell(done);
    return true;
  } catch (problem) {
    tell(said(problem), "bad");
    return false;
  }
}
