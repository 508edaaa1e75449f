// The audit trail, the last act first, and its verification.
import { get } from "./api.js";
import { element, moment, the } from "./dom.js";

const form = the("#search");
const body = the("#acts tbody");
const more = the("#more");
let last = null;

async function load(before) {
  const query = new URLSearchParams();
  const subject = new FormData(form).get("subject");
  if (subject) query.set("subject", subject);
  if (before) query.set("before", before);
  const { acts, total } = await get(`/audit?${query}`);
  if (!before) body.replaceChildren();
  body.append(...acts.map(row));
  last = acts.at(-1)?.id ?? null;
  more.hidden = last === null || body.children.length >= total;
  the("#total").textContent = total === 1 ? "1 act" : `${total} acts`;
}

function row(act) {
  const told = (text) => element("td", { class: "told" }, text.length > 160 ? element("details", {},
    element("summary", {}, `${text.slice(0, 60)}…`), text) : text);
  return element("tr", {}, element("td", { class: "count" }, act.id), element("td", {}, moment(act.at)),
    element("td", {}, act.who), element("td", {}, act.act), element("td", {}, act.subject),
    told(act.before), told(act.after), element("td", {}, element("code", { title: act.hash }, act.hash.slice(0, 8))));
}

form.addEventListener("input", () => load());
form.addEventListener("submit", (event) => event.preventDefault());
more.addEventListener("click", () => load(last));
the("#verify").addEventListener("click", async () => {
  the("#verified").textContent = "Following the whole trail…";
  const { whole, findings } = await get("/audit/verification");
  the("#verified").textContent = whole ? "✓ The trail is whole." : "✗ The trail is not whole:";
  the("#findings").replaceChildren(...findings.map((finding) => element("li", {}, finding)));
});
await load();
document.body.dataset.ready = "true";
