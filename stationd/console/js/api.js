/**
 * Asking the station. Every call carries the token in a header and in no other place: no cookie, no address. A token
 * is never ambient, so no other site can make this browser use it.
 */

import { spoken } from "./settings.js";

/** What the station refused, or that it could not be reached (`status` 0). */
export class Problem extends Error {
  /** @param {number} status @param {Record<string, any>} said */
  constructor(status, said) {
    super(said.detail ?? said.title ?? "");
    this.status = status;
    this.code = String(said.code ?? "");
    this.title = String(said.title ?? "");
    this.fix = String(said.fix ?? "");
    /** @type {number} seconds to wait, 0 where none are said */
    this.wait_s = Number(said.wait_s ?? 0);
  }
}

/** @type {() => string} */
let token = () => "";
/** @type {() => void} */
let refused = () => {};

/**
 * Where the token comes from, and what to do when the station does not know it any more.
 * @param {() => string} source @param {() => void} whenRefused
 */
export function carry(source, whenRefused) {
  token = source;
  refused = whenRefused;
}

/** The headers of every call. */
export function headers() {
  /** @type {Record<string, string>} */
  const all = { "Accept-Language": spoken() };
  if (token()) all["Authorization"] = `Bearer ${token()}`;
  return all;
}

/**
 * Call the station; what it answers, or `null` where it answers nothing. Throws {@link Problem}.
 * @param {string} method @param {string} path @param {any} [body]
 * @param {{key?: string, match?: string}} [more] an idempotency key; the ETag that must still hold
 * @returns {Promise<any>}
 */
export async function call(method, path, body, more = {}) {
  const response = await send(method, path, body, more);
  return response.status === 204 ? null : response.json();
}

/** @param {string} path @returns {Promise<any>} */
export function get(path) {
  return call("GET", path);
}

/** Post; a file goes byte for byte as it is. @param {string} path @param {any} [body] @returns {Promise<any>} */
export function post(path, body) {
  return call("POST", path, body ?? {});
}

/**
 * A way to post what must not be done twice: the same body again, after an answer that was lost, is the same request.
 * @returns {(path: string, body: any) => Promise<any>}
 */
export function once() {
  let key = "";
  let before = "";
  return (path, body) => {
    const text = JSON.stringify([path, body]);
    if (text !== before) key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (each) => each.toString(16).padStart(2, "0")).join("");
    before = text;
    return call("POST", path, body, { key });
  };
}

/** A picture or a paper, as a `blob:` address to be revoked by who asked. @param {string} path */
export async function blob(path) {
  return URL.createObjectURL(await (await send("GET", path)).blob());
}

/** @param {string} method @param {string} path @param {any} [body] @param {{key?: string, match?: string}} [more] */
async function send(method, path, body, more = {}) {
  const all = headers();
  if (body !== undefined) all["Content-Type"] = "application/json";
  if (more.key) all["Idempotency-Key"] = more.key;
  if (more.match) all["If-Match"] = more.match;
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: all,
      body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
    });
  } catch {
    throw new Problem(0, { code: "out-of-reach" });
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  const problem = new Problem(response.status, { ...said, wait_s: response.headers.get("Retry-After") });
  if (problem.code === "token-unknown" || problem.code === "token-missing") refused();
  throw problem;
}
