/** The desk: what it knows, where it stands, and who is at it. Views read it; everything that changes it is here. */

import { carry, call, get } from "../api.js";
import { Live } from "../live.js";
import { forgetPreviews } from "./job.js";
import { Resource, onceAFrame } from "../store.js";

const TOKEN = "stationd.session";

/**
 * The session's token lives in this tab alone (sessionStorage): it is in no cookie, no address and on no disk, another
 * site cannot make the browser send it, and it is gone when the tab is.
 */
export const session = {
  get token() {
    return sessionStorage.getItem(TOKEN) ?? "";
  },
  /** @param {string} token */
  begin(token) {
    sessionStorage.setItem(TOKEN, token);
  },
  end() {
    sessionStorage.removeItem(TOKEN);
  },
};

/**
 * What is asked for, after which events it is asked for again, and in which views it is needed (everywhere, where none
 * are named): an event must not wake requests whose answers nobody sees.
 * @type {[string, string, RegExp, {views?: string[], pause_ms?: number}?][]}
 */
const RESOURCES = [
  ["station", "/v1/station", /^(station|printer|duty|session|officer|blanks)\./],
  ["readiness", "/v1/readiness", /^(station|printer|duty|session|officer|blanks)\./],
  ["devices", "/v1/devices", /^(printer|device|reader|job|duty|session)\./],
  ["printing", "/v1/jobs?state=printing&limit=50", /^job\./, { views: ["now", "queue"] }],
  ["waiting", "/v1/jobs?state=queued&limit=100", /^(job|queue)\./, { views: ["now", "queue"] }],
  ["deferred", "/v1/jobs?state=deferred&limit=100", /^(job|blanks)\./, { views: ["queue"] }],
  ["uncertain", "/v1/jobs?state=uncertain&limit=100", /^job\./],
  ["failed", "/v1/jobs?state=failed&limit=100", /^job\./, { views: ["now", "queue", "doubt"] }],
  ["queue", "/v1/queue", /^(job|queue)\./],
  ["blanks", "/v1/blanks", /^(job|blanks|count|printer|approval|card)\./],
  ["fresh", "/v1/cards?custody=printed&limit=200", /^(job|card|hand_over)\./, { pause_ms: 400 }],
  ["checked", "/v1/cards?custody=checked&limit=200", /^(card|hand_over|transfer)\./, { views: ["shelf"] }],
  ["shelved", "/v1/cards?custody=on_shelf&limit=200", /^(card|hand_over|transfer)\./, { views: ["shelf"] }],
  ["set_aside", "/v1/cards?custody=quarantined&limit=200", /^(card|hand_over)\./, { views: ["shelf"] }],
  ["approvals", "/v1/approvals?state=pending&limit=100", /^(approval|card|blanks|job)/],
  ["pairings", "/v1/pairings", /^pairing\./],
  ["figures", "/v1/figures", /^(job|card)\./, { views: ["now"] }],
  ["duty", "/v1/duty", /^(duty|session|officer)/],
  ["incoming", "/v1/transfers?state=announced&limit=100", /^transfer\./],
  ["due", "/v1/transfers/due", /^(transfer|card)\./, { views: ["transfers"], pause_ms: 1000 }],
  ["sending", "/v1/notices/sending", /^(notice|card)\./, { pause_ms: 1000 }],
];

/** Things that change without an event (heat, disk, clock, what has fallen due) are asked for so often. */
const ROUND_MS = 10_000;

export class Desk {
  /** @param {() => void} draw */
  constructor(draw) {
    this.changed = onceAFrame(draw);
    this.view = "now";
    this.chosen = "";
    /** @type {boolean | undefined} not known before the first try has ended */
    this.isInTouch = undefined;
    this.lost_at = 0;
    /** @type {any} */
    this.officer = undefined;
    this.days_left = null;
    this.wasEnded = false;
    /** @type {Record<string, Resource<any>>} */
    this.all = {};
    /** What views keep between two drawings and nobody may see after the session. @type {Record<string, any>} */
    this.kept = {};
    /** @type {Live | undefined} */
    this.live = undefined;
    this.round = 0;
    carry(() => session.token, () => this.leave(true));
    addEventListener("hashchange", () => this.#turn());
    this.#turn();
  }

  /** What is known under a name: the items of a list, or the thing itself; `undefined` before the first answer. @param {string} name */
  know(name) {
    const value = this.all[name]?.value;
    return value?.items ?? value;
  }

  /** How many are known under a name, with a plus where the list goes on. @param {string} name */
  count(name) {
    const value = this.all[name]?.value;
    return value ? `${value.items.length}${value.next ? "+" : ""}` : "";
  }

  /**
   * Something that only one view needs, such as what is chosen or a page of a list: asked for when it is first looked
   * at, again after events, and given up as soon as another path is looked at under the same name.
   * @param {string} name @param {string} path @param {RegExp} topics @param {number} [pause_ms]
   * @returns {Resource<any>}
   */
  look(name, path, topics, pause_ms) {
    const found = this.all[name];
    if (found?.path === path) return found;
    const made = new Resource(path, topics, this, { views: [this.view], pause_ms });
    this.all[name] = made;
    made.refresh();
    return made;
  }

  /** What this view shows and could not be had, except by a station out of touch, which is said elsewhere. */
  get trouble() {
    return Object.values(this.all).map((each) => each.problem).find((each) => each && ![0, 401, 403, 404, 429].includes(each.status));
  }

  get isSignedIn() {
    return session.token !== "";
  }

  /** Sign in. @param {string} number @param {string} pin */
  async signIn(number, pin) {
    const opened = await call("POST", "/v1/sessions", { number, pin });
    session.begin(opened.token);
    this.days_left = opened.days_left;
    this.open();
  }

  /** Begin to look: at signing in, and when the page is opened again in the same tab. */
  open() {
    this.all = Object.fromEntries(RESOURCES.map(([name, path, topics, more]) => [name, new Resource(path, topics, this, more)]));
    get("/v1/sessions/current").then(
      (officer) => {
        this.officer = officer;
        this.changed();
      },
      () => {},
    );
    this.live?.stop();
    this.isInTouch = undefined;
    this.live = new Live({
      told: (event) => this.#refresh((topics) => topics.test(event.type)),
      reset: () => this.#refresh(() => true),
      touch: (isInTouch) => {
        this.isInTouch = isInTouch;
        if (isInTouch) this.#refresh(() => true);
        else this.lost_at = Date.now();
        this.changed();
      },
    }).start();
    clearInterval(this.round);
    this.round = setInterval(() => {
      for (const name of ["readiness", "station", "sending", "notices", "due"]) this.all[name]?.refreshIn(this.view);
      this.changed();
    }, ROUND_MS);
    this.#refresh(() => true);
    this.changed();
  }

  /** Sign out, at the station too. */
  async signOut() {
    await call("DELETE", "/v1/sessions/current").catch(() => {});
    this.leave();
  }

  /** Forget the session and everything that was seen with it. @param {boolean} [isEnded] whether the station ended it */
  leave(isEnded = false) {
    this.wasEnded = isEnded;
    forgetPreviews();
    session.end();
    this.live?.stop();
    clearInterval(this.round);
    this.all = {};
    this.kept = {};
    this.officer = undefined;
    location.hash = "";
    this.changed();
  }

  /** @param {string} view @param {string} [chosen] */
  go(view, chosen = "") {
    location.hash = chosen ? `${view}/${chosen}` : view;
    this.#turn();
  }

  /** Ask again for everything that may have changed by what was just done here. */
  again() {
    this.#refresh(() => true);
  }

  #turn() {
    const [view, chosen] = location.hash.slice(1).split("/");
    this.view = view || "now";
    this.chosen = decodeURIComponent(chosen ?? "");
    for (const each of Object.values(this.all)) if (each.isDue) each.refreshIn(this.view);
    this.changed();
  }

  /** @param {(topics: RegExp) => boolean} does */
  #refresh(does) {
    for (const resource of Object.values(this.all)) if (does(resource.topics)) resource.refreshIn(this.view);
  }
}
