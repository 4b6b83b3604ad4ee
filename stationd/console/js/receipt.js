/**
 * Receipts as people type them. The rule is that of `stationd/domain/ids.py`: twelve Crockford symbols, the last of
 * which checks the others (mod 37); I and L read as 1, O as 0; case, hyphens and spaces do not matter.
 */

export const SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
export const LENGTH = 12;
const CHECK = SYMBOLS + "*~$=U";

/** The symbols in what was typed or scanned, without all else. @param {string} text */
export function symbolsOf(text) {
  const read = text.toUpperCase().replace(/[IL]/g, "1").replace(/O/g, "0");
  return [...read].filter((symbol) => SYMBOLS.includes(symbol)).join("");
}

/** Twelve symbols in groups of four. @param {string} symbols */
export function grouped(symbols) {
  return (symbols.match(/.{1,4}/g) ?? []).join("-");
}

/**
 * The receipt for what a person typed, or `null` when it cannot be one.
 * @param {string} text @returns {string | null}
 */
export function readReceipt(text) {
  const symbols = text.toUpperCase().replace(/[- ]/g, "").replace(/[IL]/g, "1").replace(/O/g, "0");
  if (symbols.length !== LENGTH || [...symbols].some((symbol) => !SYMBOLS.includes(symbol))) return null;
  let rest = 0;
  for (const symbol of symbols.slice(0, -1)) rest = (rest * 32 + SYMBOLS.indexOf(symbol)) % 37;
  return CHECK[rest] === symbols.at(-1) ? grouped(symbols) : null;
}
