// The site's classes: each row is saved by itself, and says why not.
import { post, Refused } from "./api.js";
import { say, the } from "./dom.js";

for (const row of document.querySelectorAll("#classes tbody tr")) {
  const fields = [...row.querySelectorAll("input, select:enabled")];
  const button = the("button", row);
  const label = the("th", row).textContent.trim();
  let saved = read();

  function read() { return Object.fromEntries(fields.map((field) => [field.name, field.value.trim()])); }

  async function save() {
    try {
      await post(`/classes/${encodeURIComponent(row.dataset.name)}`, read());
      saved = read();
      button.disabled = true;
      say(`${label} is saved.`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      say(error.message, "refused");
    }
  }

  row.addEventListener("input", () => { button.disabled = JSON.stringify(read()) === JSON.stringify(saved); });
  row.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input") && !button.disabled) save();
  });
  button.addEventListener("click", save);
}
document.body.dataset.ready = "true";
