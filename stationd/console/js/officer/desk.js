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

/** What is asked for, and after which events it is asked for again. @type {[string, string, RegExp][]} */
const RESOURCES = [
  ["station", "/v1/station", /^(station|printer|duty|session|officer|blanks)\./],
  ["readiness", "/v1/readiness", /^(station|printer|duty|session|officer|blanks)\./],
  ["devices", "/v1/devices", /^(printer|device|reader|job|duty|session)\./],
  ["printing", "/v1/jobs?state=printing&limit=50", /^job\./],
  ["waiting", "/v1/jobs?state=queued&limit=100", /^(job|queue)\./],
  ["deferred", "/v1/jobs?state=deferred&limit=100", /^(job|blanks)\./],
  ["uncertain", "/v1/jobs?state=uncertain&limit=100", /^job\./],
  ["failed", "/v1/jobs?state=failed&limit=100", /^job\./],
  ["queue", "/v1/queue", /^(job|queue)\./],
  ["blanks", "/v1/blanks", /^(job|blanks|printer|approval)\./],
  ["fresh", "/v1/cards?custody=printed&limit=200", /^(job|card|hand_over)\./],
  ["checked", "/v1/cards?custody=checked&limit=200", /^(card|hand_over)\./],
  ["shelved", "/v1/cards?custody=on_shelf&limit=200", /^(card|hand_over)\./],
  ["set_aside", "/v1/cards?custody=quarantined&limit=200", /^(card|hand_over)\./],
  ["approvals", "/v1/approvals?state=pending&limit=100", /^(approval|card|blanks|job)/],
  ["pairings", "/v1/pairings", /^pairing\./],
  ["figures", "/v1/figures", /^(job|card)\./],
  ["duty", "/v1/duty", /^(duty|session|officer)/],
];

/** Things that change without an event (heat, disk, clock) are asked for so often. */
const ROUND_MS = 10_000;

export class Desk {
  /** @param {() => void} draw */
  constructor(draw) {
    this.changed = onceAFrame(draw);
    this.view = "now";
    this.chosen = "";
    this.isInTouch = true;
    this.lost_at = 0;
    /** @type {any} */
    this.officer = undefined;
    this.days_left = null;
    this.wasEnded = false;
    /** @type {Record<string, Resource<any>>} */
    this.all = {};
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
    this.all = Object.fromEntries(RESOURCES.map(([name, path, topics]) => [name, new Resource(path, topics, this)]));
    get("/v1/sessions/current").then(
      (officer) => {
        this.officer = officer;
        this.changed();
      },
      () => {},
    );
    this.live?.stop();
    this.isInTouch = true;
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
      this.all.readiness?.refresh();
      this.all.station?.refresh();
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
    this.officer = undefined;
    location.hash = "";
    this.changed();
  }

  /** @param {string} view @param {string} [chosen] */
  go(view, chosen = "") {
    location.hash = chosen ? `${view}/${chosen}` : view;
  }

  /** Ask again for everything that may have changed by what was just done here. */
  again() {
    this.#refresh(() => true);
  }

  #turn() {
    const [view, chosen] = location.hash.slice(1).split("/");
    this.view = view || "now";
    this.chosen = decodeURIComponent(chosen ?? "");
    this.changed();
  }

  /** @param {(topics: RegExp) => boolean} does */
  #refresh(does) {
    for (const resource of Object.values(this.all)) if (does(resource.topics)) resource.refresh();
  }
}
