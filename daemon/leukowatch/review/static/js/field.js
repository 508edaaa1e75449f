// One field with all its boxes: look around, reclassify, and draw the box of a cell that was missed.
import { drawing, element, moment, the } from "./dom.js";

const MOVE = 0.02;

/** Sends events: `reclassify` (detail: {cells, name}), `confirm` (detail: cells), `add` (detail: {field, box, name}), `closed`. */
export class FieldView extends EventTarget {
  #dialog; #svg; #classes; #cells = []; #field = null; #current = null; #view = null; #drawn = null; #from = null;

  constructor(dialog, classes) {
    super();
    this.#dialog = dialog;
    this.#classes = new Map(classes.map((each) => [each.name, each]));
    this.#svg = the("svg", dialog);
    the("#field-add", dialog).addEventListener("click", () => this.#draw());
    the("#field-in", dialog).addEventListener("click", () => this.#zoom(0.7));
    the("#field-out", dialog).addEventListener("click", () => this.#zoom(1 / 0.7));
    the("#field-close", dialog).addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => { this.#drawn = null; this.dispatchEvent(new Event("closed")); });
    dialog.addEventListener("keydown", (event) => this.#pressed(event));
    dialog.addEventListener("cancel", (event) => {
      if (this.#drawn) { event.preventDefault(); this.#stopDrawing(); }
    });
    this.#svg.addEventListener("wheel", (event) => { event.preventDefault(); this.#zoom(event.deltaY < 0 ? 0.85 : 1 / 0.85); }, { passive: false });
    this.#svg.addEventListener("pointerdown", (event) => this.#pointed(event));
    this.#svg.addEventListener("pointermove", (event) => this.#dragged(event));
    this.#svg.addEventListener("pointerup", () => { this.#from = null; });
    this.#list();
  }

  get current() { return this.#current; }
  get open() { return this.#dialog.open; }
  /** The classes that a cell can be given. */
  get #used() { return [...this.#classes.values()].filter((each) => !each.retired); }

  /** Show a field, one of its cells in focus. */
  show(field, cells, ref) {
    const same = this.#field?.id === field.id && this.#dialog.open;
    this.#field = field;
    this.#cells = cells;
    this.#current = cells.some((cell) => cell.key === ref) ? ref : cells[0]?.key ?? null;
    if (!same) this.#view = [0, 0, field.width, field.height];
    the("#field-name", this.#dialog).textContent = field.file;
    this.#paint();
    if (!this.#dialog.open) this.#dialog.showModal();
    if (!same) this.#svg.focus();
  }

  #list() {
    the("#field-classes", this.#dialog).replaceChildren(...this.#used.map((each) =>
      element("button", { type: "button", "data-class": each.name, onclick: () => this.#choose(each.name) },
        element("span", { class: "swatch", "aria-hidden": "true" }), each.label, " ", element("kbd", {}, each.key))));
  }

  #paint() {
    const { width, height } = this.#field;
    const unit = Math.max(width, height) / 400;
    this.#svg.setAttribute("viewBox", this.#view.join(" "));
    this.#svg.replaceChildren(
      this.#field.image ? drawing("image", { href: this.#field.image, width, height }) : pruned(this.#field),
      ...this.#cells.map((cell) => this.#box(cell, unit)),
      ...(this.#drawn ? [drawing("rect", { class: "drawn", ...rectangle(this.#drawn) })] : []));
    const cell = this.#cells.find((each) => each.key === this.#current);
    the("#field-told", this.#dialog).replaceChildren(...gone(this.#field), ...told(cell, this.#label));
    the("#field-add", this.#dialog).disabled = this.#field.image === null;
    the("#field-add", this.#dialog).setAttribute("aria-pressed", String(this.#drawn !== null));
    the("#field-help", this.#dialog).textContent = this.#drawn
      ? "Draw the box, or move it by arrows and size it by Shift and arrows; then press the letter of its class. Esc leaves it."
      : "Letter: reclassify the marked cell. Full stop: confirm it. Arrows: next cell. + and -: zoom. Insert: add a missed cell.";
  }

  #label = (name) => this.#classes.get(name)?.label ?? name;

  #box(cell, unit) {
    const [left, top] = cell.box;
    const here = cell.key === this.#current;
    const key = cell.name === null ? "?" : this.#classes.get(cell.name)?.key.toUpperCase() ?? "·";
    return drawing("g", { class: "box", "data-class": cell.name ?? "unclassified", "data-cell": cell.key, "data-here": here },
      drawing("rect", { class: "halo", ...rectangle(cell.box) }),
      drawing("rect", { class: "edge", ...rectangle(cell.box) }),
      drawing("text", { x: left + unit, y: Math.max(top - 1.5 * unit, 9 * unit), "font-size": 9 * unit }, key));
  }

  #choose(name) {
    if (this.#drawn) {
      const box = this.#drawn;
      this.#drawn = null;
      this.dispatchEvent(new CustomEvent("add", { detail: { field: this.#field.id, box, name } }));
    } else if (this.#current) {
      this.dispatchEvent(new CustomEvent("reclassify", { detail: { cells: [this.#current], name } }));
    }
    this.#svg.focus();
  }

  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const named = this.#used.find((each) => each.key === event.key);
    const act = arrow && event.target === this.#svg ? () => this.#arrow(arrow, event.shiftKey) :
      named ? () => this.#choose(named.name) :
      event.key === "." && this.#current && !this.#drawn ? () => this.dispatchEvent(new CustomEvent("confirm", { detail: [this.#current] })) :
      { Insert: () => this.#draw(), "+": () => this.#zoom(0.7), "-": () => this.#zoom(1 / 0.7) }[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  #arrow([x, y], resize) {
    if (!this.#drawn) {
      const at = this.#cells.findIndex((cell) => cell.key === this.#current);
      const next = this.#cells[(at + (x + y) + this.#cells.length) % this.#cells.length];
      if (next) { this.#current = next.key; this.#centre(next.box); }
    } else {
      const step = MOVE * Math.max(this.#view[2], this.#view[3]);
      const [left, top, right, bottom] = this.#drawn;
      this.#drawn = this.#within(resize
        ? [left, top, Math.max(left + step, right + x * step), Math.max(top + step, bottom + y * step)]
        : [left + x * step, top + y * step, right + x * step, bottom + y * step]);
    }
    this.#paint();
  }

  #draw() {
    if (this.#field.image === null) return;
    const [x, y, width, height] = this.#view;
    const half = Math.min(width, height) / 12;
    this.#drawn = [x + width / 2 - half, y + height / 2 - half, x + width / 2 + half, y + height / 2 + half];
    this.#paint();
    this.#svg.focus();
  }

  #stopDrawing() { this.#drawn = null; this.#from = null; this.#paint(); }

  #pointed(event) {
    const cell = event.target.closest?.("[data-cell]")?.dataset.cell;
    if (this.#drawn) {
      this.#from = this.#at(event);
      this.#svg.setPointerCapture(event.pointerId);
    } else if (cell) { this.#current = cell; this.#paint(); }
  }

  #dragged(event) {
    if (!this.#drawn || !this.#from) return;
    const to = this.#at(event);
    const [left, right] = [this.#from.x, to.x].sort((a, b) => a - b);
    const [top, bottom] = [this.#from.y, to.y].sort((a, b) => a - b);
    if (right - left < 2 || bottom - top < 2) return;
    this.#drawn = this.#within([left, top, right, bottom]);
    this.#paint();
  }

  #at(event) {
    return new DOMPoint(event.clientX, event.clientY).matrixTransform(this.#svg.getScreenCTM().inverse());
  }

  #within([left, top, right, bottom]) {
    const { width, height } = this.#field;
    return [Math.max(0, left), Math.max(0, top), Math.min(width, right), Math.min(height, bottom)];
  }

  #zoom(by) {
    const [x, y, width, height] = this.#view;
    const cell = this.#cells.find((each) => each.key === this.#current);
    const centre = cell && by < 1 ? middle(cell.box) : [x + width / 2, y + height / 2];
    this.#look(centre, Math.min(width * by, this.#field.width), Math.min(height * by, this.#field.height));
  }

  #centre(box) { this.#look(middle(box), this.#view[2], this.#view[3]); }

  #look([x, y], width, height) {
    const left = Math.min(Math.max(0, x - width / 2), this.#field.width - width);
    const top = Math.min(Math.max(0, y - height / 2), this.#field.height - height);
    this.#view = [left, top, width, height];
    this.#paint();
  }
}

/** Stands where the image was. */
function pruned({ width, height }) {
  return drawing("g", {}, drawing("rect", { width, height, fill: "#eceff3" }),
    drawing("text", { class: "pruned", x: width / 2, y: height / 2, "text-anchor": "middle", "font-size": width / 40 }, "image pruned"));
}

function middle([left, top, right, bottom]) { return [(left + right) / 2, (top + bottom) / 2]; }

function rectangle([left, top, right, bottom]) {
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function gone({ pruned_at }) {
  if (!pruned_at) return [];
  return [element("p", {}, `The image was pruned on ${moment(pruned_at)}. Its cells, and what people decided, are kept.`)];
}

function told(cell, label) {
  if (!cell) return ["No cell was located in this field."];
  const share = (name, value) => element("li", {}, `${label(name)} ${Math.round(100 * value)}%`);
  return [
    element("p", {}, element("strong", {}, cell.name === null ? "Unclassified" : label(cell.name)),
      cell.reviewer ? `, decided by ${cell.reviewer}` : cell.name === null ? "" : ", proposed by the network"),
    cell.first === null ? element("p", {}, "Added by hand.") : element("ol", { "aria-label": "Most probable classes" },
      share(cell.first, cell.first_probability), share(cell.second, cell.second_probability)),
  ];
}
