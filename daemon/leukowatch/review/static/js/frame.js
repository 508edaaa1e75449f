// What every page has: logging out, and which page one is on.
import { post } from "./api.js";
import { the } from "./dom.js";

for (const link of document.querySelectorAll("nav a")) {
  if (link.pathname !== "/" && location.pathname.startsWith(link.pathname)) link.setAttribute("aria-current", "page");
}
the("#logout").addEventListener("click", async () => {
  await post("/logout");
  location.assign("/login");
});
