// The report prints by the browser's own means.
import { the } from "./dom.js";

the("#print").addEventListener("click", () => print());
