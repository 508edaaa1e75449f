// The worklist: which slide is of which order, which slides have none; and the taking of a new list.
import { get, Refused, send } from "./api.js";
import { element, say, the } from "./dom.js";
import { listen } from "./live.js";

const search = the("#search");
let asked = 0;

async function refresh() {
  const mine = ++asked;
  const part = new FormData(search).get("search");
  const list = await get(`/worklist?${new URLSearchParams({ search: part })}`);
  if (mine !== asked) return;
  the("#orders tbody").replaceChildren(...list.orders.map(order));
  the("#without tbody").replaceChildren(...list.without.map((each) => element("tr", {},
    element("th", { scope: "row" }, link(each)), element("td", {}, each.order || "–"))));
  the("#orders-total").textContent = counted(list.orders.length, list.orders_total);
  the("#without-total").textContent = counted(list.without.length, list.without_total);
  the("#without").hidden = list.without_total === 0;
  the("#all-matched").hidden = list.without_total > 0 || part !== "";
}

const counted = (shown, total) => (shown < total ? `${total}, of which ${shown} are shown: search for others` : `${total}`);
const link = ({ id, name }) => element("a", { href: `/slides/${id}` }, name);
const known = (value) => (value === null || value === "" ? "–" : value);

function order(line) {
  const slides = line.slides.flatMap((slide, place) => (place ? [", ", link(slide)] : [link(slide)]));
  return element("tr", {},
    element("th", { scope: "row" }, line.order), element("td", {}, line.slide),
    element("td", { "data-waits": slides.length === 0 }, ...(slides.length ? slides : ["no slide yet"])),
    element("td", { class: "count" }, known(line.age)), element("td", {}, known(line.sex)),
    element("td", { class: "count" }, known(line.leucocytes)));
}

async function take(form) {
  const file = form.elements.file.files[0];
  const query = new URLSearchParams({ file: file.name.slice(0, 200), replace: form.elements.replace.checked });
  const refused = the("#refused");
  try {
    const { taken } = await send(`/worklist?${query}`, await file.arrayBuffer(), "text/csv");
    refused.hidden = true;
    form.reset();
    say(taken === 1 ? "1 order was taken." : `${taken} orders were taken.`);
    await refresh();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const reasons = error.reasons.length ? error.reasons : [error.message];
    the("ul", refused).replaceChildren(...reasons.map((reason) => element("li", {}, reason)));
    refused.hidden = false;
  }
}

search.addEventListener("input", refresh);
search.addEventListener("submit", (event) => event.preventDefault());
document.querySelector("#take")?.addEventListener("submit", (event) => {
  event.preventDefault();
  take(event.target);
});
await refresh();
document.body.dataset.ready = "true";
listen(refresh);
