/** The kiosk's token. It opens only what a kiosk may see, and stays on this machine over a restart. */

const TOKEN = "stationd.kiosk";

export function token() {
  return localStorage.getItem(TOKEN) ?? "";
}

/** @param {string} value */
export function keep(value) {
  localStorage.setItem(TOKEN, value);
}

export function forget() {
  localStorage.removeItem(TOKEN);
}
