// Signing, the second signature and amending: what stands in the way is told in words before anybody signs.
import { get, post, Refused } from "./api.js";
import { element, moment, say, the } from "./dom.js";
import { Quarantine } from "./quarantine.js";

const KINDS = {
  sign: { path: "signature", verb: "Sign", done: "Signed." },
  second: { path: "second-signature", verb: "Give the second signature", done: "Second signature given." },
  amend: { path: "amendment", verb: "Amend", done: "Amended; the former result is kept." },
};

/** A signed result's way to another system, in words. */
function delivery({ target, version, state, attempts, last_error: error, at }) {
  const tries = attempts === 1 ? "1 try" : `${attempts} tries`;
  const told = {
    sent: () => `✓ sent, ${moment(at)}`,
    waiting: () => (attempts ? `… not yet after ${tries}: ${error}; again ${moment(at)}` : "… waits"),
    failed: () => `✗ failed after ${tries}: ${error}; leukowatch outbox retry lets it go again`,
  }[state]();
  return element("li", { "data-state": state }, element("strong", {}, target), `, version ${version}: ${told}`);
}

export class Signing {
  #path; #changed; #dialog; #quarantine; #kind = null; #basis = "";

  /** @param {string} path of the slide in the API. @param {() => void} changed is called after a signature. */
  constructor(path, changed) {
    this.#path = path;
    this.#changed = changed;
    this.#dialog = the("#signing");
    this.#quarantine = new Quarantine(the("#held"), path, async () => { await this.#changed(); await this.#open(); });
    the("#sign").addEventListener("click", () => this.#open());
    the("#signing-cancel").addEventListener("click", () => this.#dialog.close());
    the("#signing-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  /** Show who has signed and what comes next. */
  show(slide) {
    const button = the("#sign");
    this.#kind = slide.next_signature;
    button.disabled = this.#kind === null;
    button.textContent = `${KINDS[this.#kind ?? "sign"].verb}…`;
    const list = document.querySelector("#signatures");
    if (!list) return;
    const signed = slide.signatures.map((each) => element("li", {},
      element("strong", {}, each.who), `, ${each.role}: ${each.kind}, ${moment(each.at)}`,
      each.comment ? element("q", {}, each.comment) : null));
    list.replaceChildren(...(signed.length ? signed : [element("li", {}, "none")]));
    the("#deliveries").hidden = slide.deliveries.length === 0;
    the("#deliveries ul").replaceChildren(...slide.deliveries.map(delivery));
  }

  async #open() {
    const { refusals, basis, held, needs_second } = await get(`${this.#path}/signing`);
    this.#basis = basis;
    this.#quarantine.show(held);
    the("#signing-second").hidden = !needs_second || this.#kind === "second";
    const verb = KINDS[this.#kind].verb;
    the("#signing-title").textContent = verb;
    the("#signing-reason").hidden = this.#kind !== "amend";
    the("[name=reason]", this.#dialog).required = this.#kind === "amend";
    the("#signing-send").textContent = verb;
    this.#refuse(refusals);
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  #refuse(refusals) {
    the("#refusals").replaceChildren(...refusals.map((why) => element("li", {}, why)));
    the("#refused").hidden = refusals.length === 0;
    the("#signing-send").disabled = refusals.length > 0;
  }

  async #send() {
    const form = new FormData(the("#signing-form"));
    const { path, done } = KINDS[this.#kind];
    const told = {
      comment: form.get("comment"), basis: this.#basis, reason: this.#kind === "amend" ? form.get("reason") : "" };
    try {
      await post(`${this.#path}/${path}`, told);
      this.#dialog.close();
      the("#signing-form").reset();
      say(done);
      await this.#changed();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#refuse(error.reasons.length ? error.reasons : [error.message]);
    }
  }
}
