/** A card printer, drawn: hopper on top, a cover, a lamp, the slot from which the card comes, and its cable. */

import { h } from "/console/js/dom.js";

/**
 * @param {{tone: string, isCabled: boolean, isOpen: boolean, isEmpty: boolean, isJammed: boolean,
 *   card: string, seconds: number}} seen `card` names the card that is being made, "" for none; it takes `seconds`
 */
export function machine(seen) {
  return h(
    "svg",
    { class: `machine ${seen.tone}`, viewBox: "0 0 320 168", "aria-hidden": "true" },
    h("path", { class: "table", d: "M0 150h320" }),
    socket(),
    cable(seen.isCabled),
    hopper(seen.isEmpty),
    card(seen),
    h("rect", { class: "body", x: 84, y: 52, width: 176, height: 92, rx: 14 }),
    h("path", { class: "cover", d: "M84 84V66a14 14 0 0 1 14-14h148a14 14 0 0 1 14 14v18z", style: { transform: seen.isOpen ? "rotate(-16deg)" : "none" } }),
    h("rect", { class: "slot", x: 240, y: 112, width: 22, height: 7, rx: 3.5 }),
    h("circle", { class: "lamp", cx: 106, cy: 106, r: 6 }),
    [0, 1, 2, 3].map((n) => h("path", { class: `stripe s${n}`, d: `M${128 + n * 15} 98h11l-9 22h-11z` })),
    seen.isJammed && h("path", { class: "jam", d: "M250 98l12 6-8 6 14 8-10 5 8 8" }),
  );
}

function socket() {
  return h("g", { class: "socket" }, h("rect", { x: 10, y: 60, width: 34, height: 40, rx: 7 }), h("circle", { cx: 21, cy: 80, r: 2.6 }), h("circle", { cx: 33, cy: 80, r: 2.6 }));
}

/** @param {boolean} isIn */
function cable(isIn) {
  const line = isIn ? "M90 126C62 126 62 80 44 80" : "M90 126C66 128 58 144 34 142";
  const plug = isIn ? "translate(44 80)" : "translate(30 142) rotate(-8)";
  return h("g", { class: isIn ? "cable" : "cable is-out" }, h("path", { d: line }), h("g", { transform: plug }, h("rect", { x: -12, y: -8, width: 16, height: 16, rx: 4 })));
}

/** @param {boolean} isEmpty */
function hopper(isEmpty) {
  return h(
    "g",
    { class: "hopper" },
    h("path", { class: "box", d: "M112 54V26h76v28" }),
    !isEmpty && [0, 1, 2, 3, 4].map((n) => h("rect", { class: "blank", x: 117, y: 48 - n * 4.4, width: 66, height: 3, rx: 1.2 })),
  );
}

/** @param {{card: string, seconds: number, tone: string}} seen */
function card(seen) {
  if (!seen.card) return null;
  return h(
    "g",
    { key: seen.card, class: seen.tone === "act" ? "coming" : "coming is-held", style: { "--seconds": `${seen.seconds}s` } },
    h("rect", { class: "sheet", x: 196, y: 110, width: 62, height: 11, rx: 2.5 }),
    h("rect", { class: "ink", x: 196, y: 110, width: 62, height: 4, rx: 2 }),
  );
}
