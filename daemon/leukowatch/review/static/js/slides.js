// The list of slides: searches, narrows, and refreshes itself.
import { get } from "./api.js";
import { element, moment, the } from "./dom.js";
import { listen } from "./live.js";

const form = the("#search");
const body = the("#slides tbody");
const page = { number: 1 };
let asked = 0;

async function refresh() {
  const mine = ++asked;
  const query = new URLSearchParams({ page: page.number });
  for (const [name, value] of new FormData(form)) if (value) query.set(name, value);
  const listed = await get(`/slides?${query}`);
  if (mine !== asked) return;
  show(listed);
}

function show(listed) {
  const focused = document.activeElement?.closest("tr")?.dataset.slide;
  body.replaceChildren(...listed.slides.map(row));
  if (focused) body.querySelector(`[data-slide="${focused}"] a`)?.focus();
  the("#none").hidden = listed.slides.length > 0;
  the("#pages").hidden = listed.pages < 2;
  the("#page").textContent = `Page ${listed.page} of ${listed.pages}`;
  the("#total").textContent = listed.total === 1 ? "1 slide" : `${listed.total} slides`;
  the("#previous").disabled = listed.page <= 1;
  the("#next").disabled = listed.page >= listed.pages;
}

function row(slide) {
  return element("tr", { "data-slide": slide.id },
    element("th", { scope: "row" }, element("a", { href: `/slides/${slide.id}` }, slide.name),
      slide.order ? element("span", { class: "order" }, `order ${slide.order}`) : null),
    element("td", {}, element("span", { class: "status", "data-status": slide.status }, slide.status_label)),
    element("td", { class: "count" }, slide.leucocytes,
      element("span", { class: "of" }, ` / ${slide.target}`)),
    element("td", { class: "count", "data-waits": slide.unclassified > 0 }, slide.unclassified),
    element("td", { class: "count" }, slide.unseen),
    element("td", {}, element("ul", { class: "flags" }, ...slide.flags.map((flag) => element("li", {}, flag)))),
    element("td", { class: "when" }, moment(slide.last_received)));
}

form.addEventListener("input", () => { page.number = 1; refresh(); });
form.addEventListener("submit", (event) => event.preventDefault());
the("#previous").addEventListener("click", () => { page.number -= 1; refresh(); });
the("#next").addEventListener("click", () => { page.number += 1; refresh(); });
await refresh();
document.body.dataset.ready = "true";
listen(refresh);
setInterval(refresh, 60_000); // a slide becomes "to review" by the clock alone
