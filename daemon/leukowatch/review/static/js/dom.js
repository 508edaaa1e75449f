// Makes elements; text is always text, so that no name of a file or slide can become markup.

/**
 * @param {string} tag
 * @param {object} attributes `class`, `data-…`, `aria-…`; `on…` are listeners; null leaves one out.
 * @param {...(Node|string|number|null)} children
 */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for SVG. */
export function drawing(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    const spoken = name.startsWith("data-") || name.startsWith("aria-");
    if (value === null || value === undefined || (value === false && !spoken)) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true && !spoken ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined).map((child) =>
    child instanceof Node ? child : String(child)));
  return made;
}

/** The one element that a selector finds; its lack is an error of ours. */
export function the(selector, root = document) {
  const found = root.querySelector(selector);
  if (!found) throw new Error(`nothing on this page is ${selector}`);
  return found;
}

let saying;
/** Tell people who see and people who listen what has happened. */
export function say(message, kind = "done") {
  const place = the("#said");
  place.textContent = message;
  place.dataset.kind = kind;
  place.hidden = false;
  clearTimeout(saying);
  saying = setTimeout(() => { place.hidden = true; }, kind === "refused" ? 12000 : 5000);
}

/** A per cent with one decimal, or a dash. */
export function percent(value) {
  return value === null ? "–" : value.toFixed(1);
}

/** A moment in the reader's own words. */
export function moment(iso) {
  return iso ? new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }) : "–";
}
