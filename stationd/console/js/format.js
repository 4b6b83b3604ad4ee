/** Numbers, times and durations as people say them, in the language spoken now. */

import { spoken } from "./settings.js";
import { t } from "./words.js";

/** By which days begin and end at the station; the browser's own where the station names none. @type {string | undefined} */
let zone;

/** @param {string | null | undefined} name */
export function keepTime(name) {
  zone = name ?? undefined;
}

/** The date there, as `2026-01-31`. @param {string | number | Date} [at] */
export function date(at = Date.now()) {
  return new Intl.DateTimeFormat("sv", { timeZone: zone }).format(new Date(at));
}

/** The hour of the day there. */
export function hour() {
  return Number(new Intl.DateTimeFormat("en-GB", { hour: "2-digit", timeZone: zone }).format(new Date()));
}

const LOCALES = { id: "id-ID", en: "en-GB" };

/** @param {number} value */
export function number(value) {
  return new Intl.NumberFormat(LOCALES[spoken()]).format(value);
}

/** The time of day. @param {string | number | Date} at */
export function clock(at) {
  return new Intl.DateTimeFormat(LOCALES[spoken()], { hour: "2-digit", minute: "2-digit", timeZone: zone }).format(new Date(at));
}

/** The day with its name. @param {string | number | Date} at */
export function day(at) {
  return new Intl.DateTimeFormat(LOCALES[spoken()], { weekday: "long", day: "numeric", month: "long", timeZone: zone }).format(new Date(at));
}

/** Day and time, the day only when it is not today. @param {string | number | Date} at */
export function moment(at) {
  return date(at) === date() ? clock(at) : `${day(at)} ${clock(at)}`;
}

/** A duration in the largest unit that says it well. @param {number} seconds */
export function lasting(seconds) {
  if (seconds < 1) return t("span.now");
  if (seconds < 90) return t("span.s", { n: Math.round(seconds) });
  if (seconds < 5400) return t("span.min", { n: Math.round(seconds / 60) });
  if (seconds < 129_600) return t("span.h", { n: Math.round(seconds / 3600) });
  return t("span.d", { n: Math.round(seconds / 86_400) });
}

/** How long ago. @param {string | number | Date} at */
export function since(at) {
  const seconds = Math.max(0, (Date.now() - new Date(at).getTime()) / 1000);
  return seconds < 5 ? t("span.just") : t("span.ago", { span: lasting(seconds) });
}
