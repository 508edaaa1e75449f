// A slide's files in quarantine, in the dialog of signing: why each is there, and the supervisor's word that it is unusable.
import { post, Refused } from "./api.js";
import { element, say, the } from "./dom.js";

export class Quarantine {
  #root; #path; #changed; #may;

  /** @param {Element} root of the list. @param {string} path of the slide in the API. @param {() => void} changed is called after an act. */
  constructor(root, path, changed) {
    this.#root = root;
    this.#path = path;
    this.#changed = changed;
    this.#may = root.dataset.may === "true";
  }

  /** Show these files; nothing where there are none. */
  show(files) {
    this.#root.hidden = files.length === 0;
    the("ul", this.#root).replaceChildren(...files.map((file) => this.#item(file)));
  }

  #item(file) {
    const told = [element("strong", {}, file.file), `: ${file.detail || file.reason}`];
    if (!this.#may) return element("li", {}, ...told);
    const reason = element("input", {
      name: "why", maxlength: 2000, required: true, autocomplete: "off", "aria-label": `Why the result does without ${file.file}`,
      placeholder: "why the result does without it" });
    return element("li", {}, ...told, element("form", {
      onsubmit: (event) => { event.preventDefault(); this.#setAside(file, reason.value); } },
    reason, element("button", { "aria-label": `Set ${file.file} aside` }, "Set aside")));
  }

  async #setAside(file, reason) {
    try {
      await post(`${this.#path}/quarantined/${file.id}/set-aside`, { reason });
      say(`${file.file} is set aside.`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      say(error.message, "refused");
    }
    await this.#changed();
  }
}
