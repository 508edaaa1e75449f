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
const QUIET = 1500, LONGEST = 5000;  // milliseconds
let fields = new Map();
let lastAct = -QUIET, asked = null, timer = null;
let round = 0, acted = 0, shown = 0;  // readings and acts in their order; the last act, and the last reading that is shown

/** Read the slide anew and show it. */
async function refresh() {
  const mine = ++round;
  const [slide, listed] = await Promise.all([get(path), get(`${path}/cells${look}`)]);
  if (!isNews(mine)) return;
  if (listed.cells.some((cell) => cell.name !== null && !classes.some((each) => each.name === cell.name))) {
    return location.reload();  // a class was added since this page was made
  }
  fields = new Map(listed.fields.map((field) => [field.id, field]));
  gallery.show(listed.cells);
  the("#empty").hidden = listed.cells.length > 0;
  showSlide(slide);
  if (view.open && view.current) openField(view.current);
}

/** Show at once what an act has made of some cells; of the slide, only the result is read. */
async function showChange(cells, change) {
  const mine = ++round;
  gallery.amend(cells, { ...change, reviewer: root.dataset.me });
  if (view.open && view.current) openField(view.current);
  const slide = await get(path);
  if (isNews(mine)) showSlide(slide);
}

/** Whether a reading tells more than what is shown: it began after the last act, and after the one that is shown. */
function isNews(reading) {
  if (reading < acted || reading < shown) return false;
  shown = reading;
  return true;
}

function showSlide(slide) {
  if (!second) showDifferential(the("#differential"), slide.result);
  signing.show(slide);
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

/** Do something that writes; tell how it went, and show what holds now: by `shown`, else by reading it all. */
async function act(doing, told, shown = refresh) {
  if (!may.has("review")) return say("Your role only reads: nothing was changed.", "refused");
  acted = ++round;
  lastAct = performance.now();
  try {
    const done = await doing();
    await shown();
    say(typeof told === "function" ? told(done) : told);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.message, "refused");
    await refresh();
  }
}

const label = (name) => classes.find((each) => each.name === name)?.label ?? name;
const number = (count) => (count === 1 ? "1 cell" : `${count} cells`);

function reclassify(cells, name) {
  if (!cells.length) return say("Mark a cell first: by the arrows, or by a click on its corner.", "refused");
  return act(async () => {
    await post(`${path}/decisions`, { kind: "classify", cells, name, second_look: second });
    gallery.select([]);
  }, `${number(cells.length)}: ${label(name)}. Ctrl+Z takes it back.`, () => showChange(cells, { name }));
}

function confirm(cells) {
  if (!cells.length) return say("Nothing is left to confirm here.");
  return act(async () => {
    await post(`${path}/decisions`, { kind: "seen", cells, second_look: second });
    gallery.select([]);
  }, `${number(cells.length)} confirmed. Ctrl+Z takes it back.`, () => showChange(cells, {}));
}

const undo = () => act(() => post(`${path}/undo`), (done) => `Taken back: ${number(done.cells.length)}.`);

function add({ field, box, name }) {
  return act(() => post(`${path}/added`, { field, box, name }), `Cell added: ${label(name)}.`);
}

/** Read what is new, but not between two keys of a person at work: most of it is that person's own. */
function follow() {
  asked ??= performance.now();
  clearTimeout(timer);
  timer = setTimeout(() => { asked = null; refresh(); },
    Math.max(0, Math.min(lastAct + QUIET, asked + LONGEST) - performance.now()));
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
listen((slides) => { if (!slides.length || slides.includes(Number(root.dataset.slide))) follow(); });
