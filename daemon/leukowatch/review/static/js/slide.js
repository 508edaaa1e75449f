// The page of one slide: brings gallery, field, differential, keys and signing together.
import { get, post, Refused } from "./api.js";
import { showDifferential } from "./differential.js";
import { element, say, the } from "./dom.js";
import { FieldView } from "./field.js";
import { Gallery } from "./gallery.js";
import { listen } from "./live.js";
import { Signing } from "./signing.js";

const root = the("#slide");
const path = `/slides/${root.dataset.slide}`;
const second = root.dataset.secondLook === "true";
const look = second ? "?second_look=true" : "";
const may = new Set(root.dataset.may.split(" "));
const classes = (await get("/classes")).classes;
const gallery = new Gallery(the("#gallery"), classes);
const view = new FieldView(the("#field"), classes);
const signing = new Signing(path, () => refresh());
let fields = new Map();

/** Read the slide anew and show it. */
async function refresh() {
  const [slide, listed] = await Promise.all([get(path), get(`${path}/cells${look}`)]);
  if (listed.cells.some((cell) => cell.name !== null && !classes.some((each) => each.name === cell.name))) {
    return location.reload();  // a class was added since this page was made
  }
  fields = new Map(listed.fields.map((field) => [field.id, field]));
  gallery.show(listed.cells);
  the("#empty").hidden = listed.cells.length > 0;
  showHead(slide);
  if (!second) showDifferential(the("#differential"), slide.result);
  signing.show(slide);
  if (view.open && view.current) openField(view.current);
}

function showHead(slide) {
  const status = the("#status");
  status.dataset.status = slide.status;
  status.textContent = slide.status_label;
  the("#flags").replaceChildren(...slide.flags.map((flag) => element("li", {}, flag)));
  the("#undo").disabled = !may.has("review");
}

function openField(key) {
  const cell = gallery.cells.get(key);
  if (!cell) return;
  const beside = [...gallery.cells.values()].filter((each) => each.field === cell.field);
  view.show(fields.get(cell.field), beside, key);
}

/** Do something that writes; tell how it went, and show what holds now. */
async function act(doing, told) {
  if (!may.has("review")) return say("Your role only reads: nothing was changed.", "refused");
  try {
    const done = await doing();
    await refresh();
    say(typeof told === "function" ? told(done) : told);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.message, "refused");
  }
}

const label = (name) => classes.find((each) => each.name === name)?.label ?? name;
const number = (count) => (count === 1 ? "1 cell" : `${count} cells`);

function reclassify(cells, name) {
  if (!cells.length) return say("Mark a cell first: by the arrows, or by a click on its corner.", "refused");
  return act(async () => {
    await post(`${path}/decisions`, { kind: "classify", cells, name, second_look: second });
    gallery.select([]);
  }, `${number(cells.length)}: ${label(name)}. Ctrl+Z takes it back.`);
}

function confirm(cells) {
  if (!cells.length) return say("Nothing is left to confirm here.");
  return act(async () => {
    await post(`${path}/decisions`, { kind: "seen", cells, second_look: second });
    gallery.select([]);
  }, `${number(cells.length)} confirmed. Ctrl+Z takes it back.`);
}

const undo = () => act(() => post(`${path}/undo`), (done) => `Taken back: ${number(done.cells.length)}.`);

function add({ field, box, name }) {
  return act(() => post(`${path}/added`, { field, box, name }), `Cell added: ${label(name)}.`);
}

gallery.addEventListener("open", ({ detail }) => openField(detail));
gallery.addEventListener("reclassify", ({ detail }) => reclassify(detail.cells, detail.name));
gallery.addEventListener("confirm", ({ detail }) => confirm(detail));
gallery.addEventListener("selection", showSelection);
view.addEventListener("reclassify", ({ detail }) => reclassify(detail.cells, detail.name));
view.addEventListener("confirm", ({ detail }) => confirm(detail));
view.addEventListener("add", ({ detail }) => add(detail));
view.addEventListener("closed", () => view.current && gallery.focus(view.current));
the("#undo").addEventListener("click", undo);
the("#keys").addEventListener("click", () => the("#help").showModal());
for (const button of document.querySelectorAll("#classes button")) {
  button.addEventListener("click", () => reclassify(gallery.aim, button.dataset.class));
  gallery.accepts(button, button.dataset.class);
}

function showSelection() {
  const count = gallery.selected.length;
  the("#selected").textContent = count ? `${number(count)} selected: press a letter, drag, or choose a class` : "";
}

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select")) return;
  if (document.querySelector("dialog[open]") && !view.open) return;
  if ((event.ctrlKey || event.metaKey) && event.key === "z") {
    event.preventDefault();
    undo();
  } else if (!event.ctrlKey && !event.metaKey && !event.altKey && !view.open) {
    const named = classes.find((each) => each.key === event.key && !each.retired);
    if (named) reclassify(gallery.aim, named.name);
    else if (event.key === ".") confirm(gallery.aim);
    else if (event.key === "?") the("#help").showModal();
  }
});

for (const control of document.querySelectorAll("[data-needs]")) {
  control.hidden = !control.dataset.needs.split(" ").every((right) => may.has(right));
}
await refresh();
if (document.activeElement === document.body) gallery.focus(gallery.order[0]);
document.body.dataset.ready = "true";
const mine = Number(root.dataset.slide);
listen((slides) => { if (!slides.length || slides.includes(mine)) refresh(); });
