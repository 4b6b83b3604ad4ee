/**
 * The views of the desk, in the order of the rail.
 * @typedef {import("./desk.js").Desk} Desk
 * @typedef {{name: string, icon: string, hotkey: string, draw: (desk: Desk) => any}} View
 */

import { now } from "./now.js";
import { queue } from "./queue.js";
import { doubt } from "./doubt.js";
import { devices } from "./devices.js";
import { blanks } from "./blanks.js";
import { shelf } from "./shelf.js";
import { approvals, countWaits, waitingKiosks } from "./approvals.js";
import { ready } from "./ready.js";
import { transfers } from "./transfers.js";
import { notices } from "./notices.js";
import { papers } from "./papers.js";
import { officers } from "./officers.js";
import { forecast } from "./forecast.js";
import { advice } from "./advice.js";

/** @type {View[]} */
export const VIEWS = [
  { name: "now", icon: "now", hotkey: "1", draw: now },
  { name: "queue", icon: "queue", hotkey: "2", draw: queue },
  { name: "doubt", icon: "doubt", hotkey: "3", draw: doubt },
  { name: "devices", icon: "printer", hotkey: "4", draw: devices },
  { name: "blanks", icon: "blanks", hotkey: "5", draw: blanks },
  { name: "shelf", icon: "shelf", hotkey: "6", draw: shelf },
  { name: "approvals", icon: "approvals", hotkey: "7", draw: approvals },
  { name: "ready", icon: "ready", hotkey: "8", draw: ready },
  { name: "transfers", icon: "transfers", hotkey: "9", draw: transfers },
  { name: "notices", icon: "notices", hotkey: "0", draw: notices },
  { name: "papers", icon: "paper", hotkey: "p", draw: papers },
  { name: "forecast", icon: "figures", hotkey: "f", draw: forecast },
  { name: "officers", icon: "person", hotkey: "o", draw: officers },
];

/** How many things wait in each view, and how urgent they are. @param {Desk} desk @returns {Record<string, [number, string]>} */
export function counts(desk) {
  const devices = desk.know("devices") ?? [];
  const checks = desk.know("readiness")?.checks ?? [];
  return {
    queue: [desk.know("queue")?.waiting ?? 0, ""],
    doubt: [(desk.know("uncertain") ?? []).length, "bad"],
    devices: [devices.filter((/** @type {any} */ each) => ["bad", "warn"].includes(advice(each).tone)).length, "warn"],
    blanks: [desk.know("blanks")?.is_low ? 1 : 0, "warn"],
    shelf: [(desk.know("fresh") ?? []).length, ""],
    transfers: [(desk.know("incoming") ?? []).length, "warn"],
    notices: [desk.know("sending")?.unreachable ?? 0, "warn"],
    approvals: [(desk.know("approvals") ?? []).length + waitingKiosks(desk).length + (countWaits(desk) ? 1 : 0), "warn"],
    ready: [checks.filter((/** @type {any} */ each) => each.level === "failed").length, "bad"],
  };
}
