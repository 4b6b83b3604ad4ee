/**
 * Being told: the stream of events, read with `fetch` so that the token travels in a header. It resumes after the last
 * event it saw, and says honestly when it has lost touch.
 *
 * An event is a hint that something changed; what it is now is asked for. `reset` means that events were missed: then
 * everything is asked for again.
 *
 * @typedef {{id: string, type: string, data: any}} Told
 */

import { headers } from "./api.js";

const EVENTS = "/v1/events";
/** Without a byte for this long the stream is dead: the station sends a heartbeat far more often. */
const SILENCE_MS = 25_000;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 4_000;

/** A stream of events that mends itself. */
export class Live {
  /** @param {{told: (event: Told) => void, reset: () => void, touch: (isInTouch: boolean) => void}} who */
  constructor(who) {
    this.who = who;
    /** @type {boolean | undefined} not known before the first try has ended */
    this.isInTouch = undefined;
    this.last = "";
    this.stopped = new AbortController();
    this.wait_ms = FIRST_WAIT_MS;
  }

  /** Listen until {@link stop}. */
  start() {
    this.stopped = new AbortController();
    void this.#run(this.stopped.signal);
    return this;
  }

  stop() {
    this.stopped.abort();
    this.#touch(false);
  }

  /** @param {AbortSignal} stopped */
  async #run(stopped) {
    while (!stopped.aborted) {
      try {
        await this.#listen(stopped);
      } catch {
        // out of reach, or cut off: said below, and tried again
      }
      this.#touch(false);
      if (stopped.aborted) return;
      await new Promise((done) => setTimeout(done, this.wait_ms * (0.75 + Math.random() / 2)));
      this.wait_ms = Math.min(this.wait_ms * 1.7, LONGEST_WAIT_MS);
    }
  }

  /** @param {AbortSignal} stopped */
  async #listen(stopped) {
    const dead = new AbortController();
    const give_up = () => dead.abort();
    stopped.addEventListener("abort", give_up, { once: true });
    let watch = setTimeout(give_up, SILENCE_MS);
    try {
      const all = headers();
      if (this.last) all["Last-Event-ID"] = this.last;
      all["Accept"] = "text/event-stream";
      const response = await fetch(EVENTS, {
        headers: all,
        signal: dead.signal,
        credentials: "omit",
        cache: "no-store",
      });
      if (!response.ok || !response.body) {
        const wait_s = Number(response.headers.get("Retry-After") ?? 0);
        if (wait_s) this.wait_ms = Math.max(this.wait_ms, Math.min(wait_s * 1000, 10_000));
        return;
      }
      this.wait_ms = FIRST_WAIT_MS;
      this.#touch(true);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const lines = new Lines(
        (told) => this.#tell(told),
        (id) => (this.last = id),
      );
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(watch);
        watch = setTimeout(give_up, SILENCE_MS);
        lines.take(value);
      }
    } finally {
      clearTimeout(watch);
      stopped.removeEventListener("abort", give_up);
      dead.abort();
    }
  }

  /** @param {Told} told */
  #tell(told) {
    if (told.type === "reset") this.who.reset();
    else this.who.told(told);
  }

  /** @param {boolean} isInTouch */
  #touch(isInTouch) {
    if (isInTouch === this.isInTouch) return;
    this.isInTouch = isInTouch;
    this.who.touch(isInTouch);
  }
}

/** The lines of `text/event-stream` (WHATWG HTML, 9.2.6), put together again however they were cut. */
export class Lines {
  /** @param {(told: Told) => void} tell @param {(id: string) => void} seen told of every position, also without an event */
  constructor(tell, seen) {
    this.tell = tell;
    this.seen = seen;
    this.rest = "";
    this.id = "";
    this.type = "";
    /** @type {string[]} */
    this.data = [];
  }

  /** @param {string} text */
  take(text) {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line.endsWith("\r") ? line.slice(0, -1) : line);
  }

  /** @param {string} line */
  #line(line) {
    if (line === "") return this.#end();
    if (line.startsWith(":")) return;
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === "id") this.id = value ?? "";
    else if (field === "event") this.type = value ?? "";
    else if (field === "data") this.data.push(value ?? "");
  }

  #end() {
    if (this.id) this.seen(this.id);
    if (this.data.length || this.type) {
      let data = null;
      try {
        data = JSON.parse(this.data.join("\n"));
      } catch {
        // an event without a body
      }
      this.tell({ id: this.id, type: this.type || data?.type || "message", data });
    }
    this.type = "";
    this.data = [];
  }
}
