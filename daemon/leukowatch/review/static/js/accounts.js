// Accounts and tokens, for administrators.
import { get, post, remove } from "./api.js";
import { element, moment, say, the } from "./dom.js";

async function tried(doing, told) {
  try {
    await doing();
    say(told);
    return true;
  } catch (error) {
    say(error.message, "refused");
    return false;
  }
}

for (const row of document.querySelectorAll("#accounts tbody tr")) {
  const name = row.dataset.account;
  const change = (what, told) => tried(() => post(`/accounts/${encodeURIComponent(name)}`, what), told);
  the("[name=role]", row).addEventListener("change", (event) =>
    change({ role: event.target.value }, `${name} is now ${event.target.value}.`));
  the("[name=active]", row).addEventListener("change", async (event) => {
    const active = event.target.checked;
    if (await change({ active }, active ? `${name} may log in.` : `${name} may not log in any more.`)) {
      event.target.nextSibling.textContent = active ? " yes" : " no";
    } else event.target.checked = !active;
  });
  the("form", row).addEventListener("submit", async (event) => {
    event.preventDefault();
    const password = new FormData(event.target).get("password");
    if (await change({ password }, `${name} has a new password.`)) event.target.reset();
  });
}

the("#add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const asked = Object.fromEntries(new FormData(event.target));
  if (await tried(() => post("/accounts", asked), `${asked.name} was added.`)) location.reload();
});

the("#token").addEventListener("submit", async (event) => {
  event.preventDefault();
  const asked = Object.fromEntries(new FormData(event.target));
  await tried(async () => {
    const { token } = await post("/tokens", asked);
    the("#made code").textContent = token;
    the("#made").hidden = false;
    await listTokens();
  }, "The token was made: copy it now.");
});

async function listTokens() {
  the("#tokens tbody").replaceChildren(...(await get("/tokens")).map((token) => element("tr", {},
    element("th", { scope: "row" }, token.label), element("td", {}, token.account), element("td", {}, token.role),
    element("td", {}, moment(token.created_at)),
    element("td", {}, token.revoked_at ? moment(token.revoked_at) : element("button", {
      type: "button", "aria-label": `Revoke the token ${token.label}`,
      onclick: () => tried(() => remove(`/tokens/${token.id}`), "Revoked.").then(listTokens) }, "Revoke")))));
}
await listTokens();
document.body.dataset.ready = "true";
