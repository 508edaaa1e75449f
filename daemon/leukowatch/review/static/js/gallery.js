// The cells of a slide by class, least certain first: shows, selects, moves the focus. It decides nothing itself.
import { element } from "./dom.js";

const WAITING = "unclassified";
const CROP = 84;

/**
 * Sends events: `open` (detail: a cell's key), `reclassify` (detail: {cells, name}), `confirm` (detail: cells), `selection`.
 * A cell's key is the API's: `c12` is the network's, `a12` one that a person added.
 */
export class Gallery extends EventTarget {
  #root; #classes; #sections = new Map(); #options = new Map(); #cells = new Map();
  #selected = new Set(); #current = null; #anchor = null; #dragged = null; #order = [];

  constructor(root, classes) {
    super();
    this.#root = root;
    this.#classes = classes;
    for (const each of [{ name: WAITING, label: "Unclassified", key: "" }, ...classes]) this.#addSection(each);
    root.addEventListener("click", (event) => this.#clicked(event));
    root.addEventListener("keydown", (event) => this.#pressed(event));
    root.addEventListener("focusin", (event) => this.#focused(event));
    root.addEventListener("dragstart", (event) => this.#dragStarted(event));
    root.addEventListener("dragend", () => { this.#dragged = null; document.body.classList.remove("dragging"); });
  }

  get selected() { return [...this.#selected]; }
  get cells() { return this.#cells; }
  /** What a key acts on: the selection, else the cell in focus. */
  get aim() {
    if (this.#selected.size) return this.selected;
    return this.#current && this.#cells.has(this.#current) ? [this.#current] : [];
  }

  /** Every cell in the order of the page. */
  get order() { return this.#order; }

  /** Show these cells; those that are there already keep their elements, and with them their pictures. */
  show(cells) {
    const next = this.#neighbour();
    const had = this.#root.contains(document.activeElement) && this.#current;
    const before = had ? this.#cells.get(this.#current)?.name ?? WAITING : null;
    this.#cells = new Map(cells.map((cell) => [cell.key, cell]));
    for (const [ref, option] of this.#options) {
      if (!this.#cells.has(ref)) { option.remove(); this.#options.delete(ref); this.#selected.delete(ref); }
    }
    const groups = Map.groupBy(cells, (cell) => cell.name ?? WAITING);
    this.#order = [];
    for (const [name, section] of this.#sections) {
      const shown = sorted(groups.get(name) ?? []);
      this.#fill(section, shown);
      this.#order.push(...shown.map((cell) => cell.key));
    }
    if (had) {
      const moved = (this.#cells.get(this.#current)?.name ?? WAITING) !== before;
      this.focus(moved && this.#cells.has(next) ? next : this.#current);
    } else if (!this.#cells.has(this.#current)) this.#setCurrent(this.order[0] ?? null);
  }

  /** Show these cells with something changed, the others as they are. */
  amend(refs, change) {
    const meant = new Set(refs);
    this.show([...this.#cells.values()].map((cell) => (meant.has(cell.key) ? { ...cell, ...change } : cell)));
  }

  focus(ref) {
    const option = this.#options.get(ref) ?? this.#options.get(this.order[0]);
    if (!option) return;
    this.#setCurrent(option.dataset.cell);
    option.focus();
  }

  select(refs) {
    for (const ref of this.#selected) this.#options.get(ref)?.setAttribute("aria-selected", "false");
    this.#selected = new Set(refs);
    for (const ref of this.#selected) this.#options.get(ref)?.setAttribute("aria-selected", "true");
    this.dispatchEvent(new Event("selection"));
  }

  /** Make an element a place where dragged cells become a class. */
  accepts(place, name) {
    place.addEventListener("dragover", (event) => {
      if (!this.#dragged) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "move";
      place.classList.add("over");
    });
    place.addEventListener("dragleave", (event) => {
      if (!place.contains(event.relatedTarget)) place.classList.remove("over");
    });
    place.addEventListener("drop", (event) => {
      event.preventDefault();
      place.classList.remove("over");
      if (this.#dragged) this.#reclassify(this.#dragged, name);
    });
  }

  #reclassify(cells, name) {
    this.dispatchEvent(new CustomEvent("reclassify", { detail: { cells, name } }));
  }

  #confirm(cells) {
    this.dispatchEvent(new CustomEvent("confirm", {
      detail: cells.filter((key) => !this.#cells.get(key).reviewer) }));
  }

  #addSection({ name, label, key, retired }) {
    const list = element("div", {
      class: "cells", role: "listbox", "aria-multiselectable": "true", "aria-labelledby": `group-${name}` });
    const number = element("span", { class: "number" });
    const confirm = name === WAITING ? null : element("button", {
      type: "button", class: "confirm", "data-needs": "review",
      onclick: () => this.#confirm([...list.children].map((each) => each.dataset.cell)) }, "✓ Confirm all");
    const section = element("section", { class: "group", "data-class": name, hidden: true },
      element("div", { class: "group-head" }, element("h2", { id: `group-${name}` }, label),
        retired ? element("span", { class: "number" }, "retired") : key ? element("kbd", {}, key) : null, number, confirm), list);
    this.#root.append(section);
    this.#sections.set(name, { section, list, number });
    if (name !== WAITING && !retired) this.accepts(section, name);
  }

  #fill({ section, list, number }, cells) {
    section.hidden = cells.length === 0;
    const unseen = cells.filter((cell) => !cell.reviewer).length;
    number.textContent = unseen ? `${cells.length}, ${unseen} not looked at` : `${cells.length}, all looked at`;
    section.dataset.seen = unseen === 0;
    cells.forEach((cell, place) => {
      const option = this.#optionOf(cell);
      if (list.children[place] !== option) list.insertBefore(option, list.children[place] ?? null);
    });
  }

  #optionOf(cell) {
    const made = this.#options.get(cell.key);
    const told = describe(cell, this.#label);
    if (made?.getAttribute("aria-label") === told) return made;
    const option = made ?? element("div", {
      class: "cell", role: "option", id: `cell-${cell.key}`, "data-cell": cell.key, draggable: "true",
      tabindex: cell.key === this.#current ? 0 : -1, "aria-selected": "false" });
    option.setAttribute("aria-label", told);
    option.dataset.state = cell.name === null ? "waits" : cell.reviewer ? "decided" : "proposed";
    option.replaceChildren(
      option.querySelector("img, .no-picture") ?? picture(cell),
      element("span", { class: "mark", "aria-hidden": "true" }, cell.name === null ? "?" : cell.reviewer ? "✓" : ""),
      element("span", { class: "pick", "aria-hidden": "true", title: "Select" }),
      ...probabilities(cell, this.#label));
    this.#options.set(cell.key, option);
    return option;
  }

  #label = (name) => this.#classes.find((each) => each.name === name)?.label ?? name;

  #clicked(event) {
    const ref = event.target.closest(".cell")?.dataset.cell;
    if (!ref) return;
    if (event.shiftKey) this.#selectTo(ref);
    else if (event.ctrlKey || event.metaKey || event.target.closest(".pick")) this.#toggle(ref);
    else this.dispatchEvent(new CustomEvent("open", { detail: ref }));
    this.focus(ref);
  }

  #pressed(event) {
    const ref = event.target.closest(".cell")?.dataset.cell;
    if (!ref || event.altKey) return;
    const act = {
      ArrowRight: () => this.#step(1, event), ArrowLeft: () => this.#step(-1, event),
      ArrowDown: () => this.#stepLine(1, event), ArrowUp: () => this.#stepLine(-1, event),
      Home: () => this.focus(this.order[0]), End: () => this.focus(this.order.at(-1)),
      Enter: () => this.dispatchEvent(new CustomEvent("open", { detail: ref })),
      " ": () => this.#toggle(ref), Escape: () => this.select([]),
    }[event.key] ?? ((event.ctrlKey || event.metaKey) && event.key === "a" ? () => this.#selectSection(ref) : null);
    if (!act) return;
    event.preventDefault();
    act();
  }

  #focused(event) {
    const ref = event.target.closest(".cell")?.dataset.cell;
    if (ref) this.#setCurrent(ref);
  }

  #setCurrent(ref) {
    this.#options.get(this.#current)?.setAttribute("tabindex", "-1");
    this.#current = ref;
    this.#options.get(ref)?.setAttribute("tabindex", "0");
  }

  #step(by, event) {
    const order = this.order;
    this.#go(order[order.indexOf(this.#current) + by], event);
  }

  /** The cell that stands nearest in the line above or below. */
  #stepLine(by, event) {
    const order = this.order;
    const from = this.#options.get(this.#current);
    const x = from.offsetLeft, y = from.offsetTop;
    const beyond = by > 0 ? order.slice(order.indexOf(this.#current) + 1) : order.slice(0, order.indexOf(this.#current)).reverse();
    const line = beyond.findIndex((ref) => this.#options.get(ref).offsetTop !== y);
    if (line < 0) return;
    const top = this.#options.get(beyond[line]).offsetTop;
    const same = beyond.slice(line).filter((ref) => this.#options.get(ref).offsetTop === top);
    same.sort((a, b) => Math.abs(this.#options.get(a).offsetLeft - x) - Math.abs(this.#options.get(b).offsetLeft - x));
    this.#go(same[0], event);
  }

  #go(ref, event) {
    if (!ref) return;
    if (event.shiftKey) this.select([...this.#selected, this.#current, ref]);
    this.focus(ref);
  }

  #toggle(ref) {
    const selected = new Set(this.#selected);
    if (!selected.delete(ref)) selected.add(ref);
    this.#anchor = ref;
    this.select(selected);
  }

  #selectTo(ref) {
    const order = this.order;
    const ends = [order.indexOf(this.#anchor ?? this.#current ?? ref), order.indexOf(ref)].sort((a, b) => a - b);
    this.select([...this.#selected, ...order.slice(ends[0], ends[1] + 1)]);
  }

  #selectSection(ref) {
    this.select([...this.#options.get(ref).parentElement.children].map((each) => each.dataset.cell));
  }

  /** Who gets the focus when the cell that has it leaves its class. */
  #neighbour() {
    const option = this.#options.get(this.#current);
    const beside = option?.nextElementSibling ?? option?.previousElementSibling;
    return beside?.dataset.cell ?? null;
  }

  #dragStarted(event) {
    const ref = event.target.closest(".cell")?.dataset.cell;
    if (!ref) return;
    this.#dragged = this.#selected.has(ref) ? this.selected : [ref];
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", this.#dragged.join(" "));
    document.body.classList.add("dragging");
  }
}

function sorted(cells) {
  const certainty = (cell) => cell.first_probability ?? 2;
  return cells.sort((a, b) => certainty(a) - certainty(b));
}

function picture(cell) {
  if (cell.crop === null) return nothing("image pruned");
  return element("img", {
    src: cell.crop, alt: "", width: CROP, height: CROP, loading: "lazy", fetchpriority: "low", decoding: "async", draggable: "false",
    onerror: (event) => event.target.replaceWith(nothing("no picture")) });
}

function nothing(why) { return element("span", { class: "no-picture" }, why); }

function probabilities(cell, label) {
  if (cell.first === null) return [element("span", { class: "first" }, `added by ${cell.reviewer}`)];
  const line = (kind, name, value) => element("span", { class: kind, title: label(name) },
    element("span", { class: "named" }, label(name)), " ", element("b", {}, Math.round(100 * value)));
  return [line("first", cell.first, cell.first_probability), line("second", cell.second, cell.second_probability)];
}

function describe(cell, label) {
  const state = cell.name === null ? "unclassified" : cell.reviewer ? `${label(cell.name)}, by ${cell.reviewer}` :
    `${label(cell.name)}, proposed`;
  const gone = cell.crop === null ? "; its image was pruned" : "";
  if (cell.first === null) return `${state}; added by hand${gone}`;
  const share = (value) => `${Math.round(100 * value)} per cent`;
  return `${state}; ${label(cell.first)} ${share(cell.first_probability)}, ${label(cell.second)} ` +
    share(cell.second_probability) + gone;
}
