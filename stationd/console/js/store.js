/**
 * What the page knows of the station: resources, asked for when something about them was told. However many events
 * arrive, each resource has one request under way at most, and the first event is answered at once.
 */

import { get, Problem } from "./api.js";

/** So long between two requests for one resource. */
const PAUSE_MS = 120;

/** @template T */
export class Resource {
  /**
   * @param {string} path @param {RegExp} topics events after which it is asked for again
   * @param {{changed: () => void}} page @param {{pause_ms?: number, views?: string[]}} [more] how long between two
   *   requests; the only views that need it
   */
  constructor(path, topics, page, { pause_ms = PAUSE_MS, views } = {}) {
    this.path = path;
    this.pause_ms = pause_ms;
    this.views = views;
    /** Something was told of it while nobody looked. */
    this.isDue = false;
    this.waiting = 0;
    this.topics = topics;
    this.page = page;
    /** @type {T | undefined} */
    this.value = undefined;
    /** @type {Problem | undefined} */
    this.problem = undefined;
    this.isAsking = false;
    this.isStale = false;
    this.asked_at = -Infinity;
    this.answered_at = 0;
  }

  /** Ask again if it is needed in this view, else when it will be. @param {string} view */
  refreshIn(view) {
    this.isDue = this.views !== undefined && !this.views.includes(view);
    if (!this.isDue) this.refresh();
  }

  /** Ask again as soon as may be; a person's wish does not wait for the pause. @param {boolean} [isWished] */
  refresh(isWished = false) {
    if (this.isAsking) {
      this.isStale = true;
      return;
    }
    const wait_ms = isWished ? 0 : Math.max(0, this.asked_at + this.pause_ms - performance.now());
    if (wait_ms && this.waiting) return;
    clearTimeout(this.waiting);
    this.waiting = 0;
    if (wait_ms) this.waiting = setTimeout(() => void this.#ask(), wait_ms);
    else void this.#ask();
  }

  async #ask() {
    this.isAsking = true;
    this.waiting = 0;
    this.isStale = false;
    this.asked_at = performance.now();
    try {
      const value = await get(this.path);
      this.problem = undefined;
      this.answered_at = Date.now();
      if (JSON.stringify(value) !== JSON.stringify(this.value)) this.value = value;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
      if (error.status === 404) this.value = undefined;
      if (error.status === 429) {
        this.asked_at += Math.min(error.wait_s || 1, 10) * 1000;
        this.isStale = true;
      }
    }
    this.isAsking = false;
    this.page.changed();
    if (this.isStale) this.refresh();
  }
}

/** Runs `draw` once a frame at most. @param {() => void} draw */
export function onceAFrame(draw) {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      draw();
    });
  };
}
