/** What a device's state means, and the one thing to do next. */

import { t } from "../words.js";

/**
 * Reasons in the order in which they should be dealt with; the first that a device has is the one to say.
 * @type {[string, string][]}
 */
const REASONS = [
  ["unplugged", "bad"],
  ["connecting-to-device", "bad"],
  ["offline", "bad"],
  ["timed-out", "bad"],
  ["shutdown", "bad"],
  ["driver-refused", "bad"],
  ["cover-open", "bad"],
  ["door-open", "bad"],
  ["interlock-open", "bad"],
  ["media-jam", "bad"],
  ["media-empty", "bad"],
  ["media-needed", "bad"],
  ["input-tray-missing", "bad"],
  ["output-area-full", "bad"],
  ["marker-supply-empty", "bad"],
  ["toner-empty", "bad"],
  ["supplies-short", "bad"],
  ["hopper", "bad"],
  ["fuser-over-temp", "bad"],
  ["marker-over-temp", "bad"],
  ["too-many-spoiled", "bad"],
  ["draining", "act"],
  ["maintenance", "act"],
  ["paused", "act"],
  ["off-duty", "warn"],
  ["resting", "act"],
  ["temperature", "act"],
  ["marker-supply-low", "warn"],
  ["media-low", "warn"],
  ["no-matcher", "warn"],
  ["not-configured", "warn"],
  ["starting", "act"],
];

/**
 * @param {any} device
 * @returns {{tone: "good" | "act" | "warn" | "bad", state: string, next: string, reason: string}} `next` is empty when
 *   nothing is to be done
 */
export function advice(device) {
  const has = new Set(device.reasons.map((/** @type {string} */ each) => each.replace(/-(error|warning|report)$/, "")));
  const found = REASONS.find(([reason]) => has.has(reason));
  if (found) {
    const [reason, tone] = found;
    return { tone: /** @type {any} */ (tone), state: t(`reason.${reason}`), next: t(`next.${reason}`, {}, ""), reason };
  }
  const other = [...has].join(", ");
  if (device.state === "stopped") return { tone: "bad", state: t("device.stopped", { why: other }), next: t("next.look"), reason: "stopped" };
  if (device.state === "absent") return { tone: "bad", state: t("reason.unplugged"), next: t("next.unplugged"), reason: "unplugged" };
  if (device.state === "processing") return { tone: "good", state: t("device.printing"), next: "", reason: "" };
  return { tone: "good", state: t("device.idle"), next: "", reason: "" };
}

/** What people call a device. @param {any} device */
export function nameOf(device) {
  return device.label || device.name;
}
