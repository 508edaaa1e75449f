// One's own password.
import { post } from "./api.js";
import { say, the } from "./dom.js";

the("#change").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await post("/password", Object.fromEntries(new FormData(event.target)));
    location.assign("/login");
  } catch (error) {
    say(error.message, "refused");
  }
});
