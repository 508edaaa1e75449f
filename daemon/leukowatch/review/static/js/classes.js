// The site's classes: each row is saved by itself, and says why not; new ones are added below.
import { post, Refused } from "./api.js";
import { say, the } from "./dom.js";

for (const row of document.querySelectorAll("#classes tbody tr")) {
  const fields = [...row.querySelectorAll("input, select:enabled")];
  const button = the(".save", row);
  const label = the("th", row).firstChild.nextSibling.textContent.trim();
  let saved = read();

  function read() { return Object.fromEntries(fields.map((field) => [field.name, field.value.trim()])); }

  const change = (asked, done) => attempt(() => post(`/classes/${encodeURIComponent(row.dataset.name)}`, asked), done);

  const save = () => change(read(), () => {
    saved = read();
    button.disabled = true;
    say(`${label} is saved.`);
  });

  row.addEventListener("input", () => { button.disabled = JSON.stringify(read()) === JSON.stringify(saved); });
  row.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input") && !button.disabled) save();
  });
  button.addEventListener("click", save);
  const retire = row.querySelector(".retire");
  retire?.addEventListener("click", () => change({ retired: retire.dataset.retire === "true" }, reload));
}

const form = the("#new");
const { label, name } = form.elements;
label.addEventListener("input", () => {
  name.value = label.value.trim().toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^[^a-z]+|_+$/g, "");
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(() => post("/classes", Object.fromEntries(new FormData(form))), reload);
});

async function attempt(doing, done) {
  try {
    await doing();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return say(error.message, "refused");
  }
  done();
}

function reload() { location.reload(); }

document.body.dataset.ready = "true";
