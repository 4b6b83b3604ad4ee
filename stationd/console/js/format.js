/** Numbers, times and durations as people say them, in the language spoken now. */

import { spoken } from "./settings.js";
import { t } from "./words.js";

const LOCALES = { id: "id-ID", en: "en-GB" };

/** @param {number} value */
export function number(value) {
  return new Intl.NumberFormat(LOCALES[spoken()]).format(value);
}

/** The time of day. @param {string | number | Date} at */
export function clock(at) {
  return new Intl.DateTimeFormat(LOCALES[spoken()], { hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

/** The day with its name. @param {string | number | Date} at */
export function day(at) {
  return new Intl.DateTimeFormat(LOCALES[spoken()], { weekday: "long", day: "numeric", month: "long" }).format(new Date(at));
}

/** Day and time, the day only when it is not today. @param {string | number | Date} at */
export function moment(at) {
  const date = new Date(at);
  return date.toDateString() === new Date().toDateString() ? clock(date) : `${day(date)} ${clock(date)}`;
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
