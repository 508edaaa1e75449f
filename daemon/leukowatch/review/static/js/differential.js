// The differential beside the gallery: table, target, and a chart against the reference ranges.
import { drawing, element, percent } from "./dom.js";

const FLAGS = { H: "▲ high", L: "▼ low" };

/** Show a result in the panel. */
export function showDifferential(panel, result) {
  const parts = [target, counted, apart, beside, chart, warnings, rests].map((part) => part(result));
  panel.replaceChildren(...parts.filter((part) => part !== null));
}

function target(result) {
  const reached = result.leucocytes >= result.target;
  return element("p", { class: "target", "data-reached": reached },
    element("meter", {
      min: 0, max: result.target, low: result.target, value: Math.min(result.leucocytes, result.target),
      "aria-label": "Counted cells of the target number",
    }),
    element("span", {}, element("strong", { id: "counted" }, result.leucocytes),
      ` of ${result.target} cells: `, reached ? "✓ target reached" : "target not reached"));
}

function counted(result) {
  const shown = result.classes.filter((each) => each.role === "counted" && (each.count || each.reference));
  const rows = shown.map((each) =>
    element("tr", { "data-class": each.name, "data-flag": each.flag || null },
      element("th", { scope: "row" }, element("span", { class: "swatch", "aria-hidden": "true" }), each.label),
      element("td", { class: "count" }, each.count),
      element("td", { class: "percent" }, percent(each.percent)),
      element("td", { class: "limits" }, range(each.low, each.high)),
      element("td", { class: "reference" }, each.reference ? range(each.reference.low, each.reference.high) : "–"),
      element("td", { class: "flag" }, FLAGS[each.flag] ?? "")));
  return element("table", { class: "differential" },
    element("caption", {}, "Differential, per cent of counted leucocytes"),
    element("thead", {}, element("tr", {},
      ...["Class", "Cells", "%", "95% limits", "Reference", "Flag"].map((head) =>
        element("th", { scope: "col" }, head)))),
    element("tbody", {}, ...rows));
}

function apart(result) {
  const found = result.classes.filter((each) => each.role === "apart" && each.count > 0);
  if (!found.length) return null;
  return element("table", { class: "apart" },
    element("caption", {}, "Beside the differential, per 100 leucocytes"),
    element("tbody", {}, ...found.map((each) => element("tr", { "data-class": each.name },
      element("th", { scope: "row" }, element("span", { class: "swatch", "aria-hidden": "true" }), each.label),
      element("td", { class: "count" }, each.count),
      element("td", { class: "percent" }, percent(each.percent))))));
}

function beside(result) {
  return element("dl", { class: "beside" },
    element("div", { "data-waits": result.unclassified > 0 }, element("dt", {}, "Unclassified"),
      element("dd", { id: "unclassified" }, result.unclassified)),
    element("div", {}, element("dt", {}, "Artefacts"), element("dd", { id: "artefacts" }, result.artefacts)),
    element("div", {}, element("dt", {}, "Fields"), element("dd", {}, result.fields)));
}

function warnings(result) {
  if (!result.warnings.length) return null;
  return element("ul", { class: "warnings", "aria-label": "Warnings" },
    ...result.warnings.map((warning) => element("li", {}, warning)));
}

/** What a report says at its end: whose ranges these are, and what the bundles are blind to. */
function rests(result) {
  return element("ul", { class: "rests", "aria-label": "What this rests on" },
    element("li", {}, `Reference ranges: ${result.reference_source}`),
    result.blind_to.length ? element("li", {}, `The bundle cannot name: ${result.blind_to.join(", ")}. You can.`) : null);
}

const ROW = 26, LEFT = 96, WIDTH = 400, RIGHT = 22;

function range(low, high) {
  return low === null || high === null ? "–" : `${percent(low)}–${percent(high)}`;
}

/** Bars with their limits over the reference ranges; the table above says the same in numbers. */
function chart(result) {
  const shown = result.classes.filter((each) => each.role === "counted" && (each.count || each.reference));
  const height = shown.length * ROW + 22;
  const x = (value) => LEFT + (value / 100) * (WIDTH - LEFT - RIGHT);
  const rows = shown.flatMap((each, index) => bar(each, index * ROW, x));
  const axis = [0, 25, 50, 75, 100].flatMap((tick) => [
    drawing("line", { class: "tick", x1: x(tick), x2: x(tick), y1: 0, y2: shown.length * ROW }),
    drawing("text", { class: "axis", x: x(tick), y: shown.length * ROW + 15, "text-anchor": "middle" }, `${tick}%`),
  ]);
  return element("figure", { class: "chart" },
    drawing("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img",
      "aria-label": "Bars of each class against its reference range; the numbers are in the table above" },
    ...axis, ...rows),
    element("figcaption", {}, "Bar: per cent · line: exact 95% limits · dotted box: reference range"));
}

function bar(each, top, x) {
  const middle = top + ROW / 2;
  const parts = [drawing("text", { class: "label", x: LEFT - 6, y: middle + 4, "text-anchor": "end" }, short(each.label))];
  if (each.reference) {
    parts.push(drawing("rect", { class: "range", x: x(each.reference.low), y: top + 3,
      width: x(each.reference.high) - x(each.reference.low), height: ROW - 6 }));
  }
  if (each.percent !== null) {
    parts.push(
      drawing("rect", { class: "bar", "data-class": each.name, x: x(0), y: middle - 5,
        width: Math.max(1, x(each.percent) - x(0)), height: 10 }),
      drawing("path", { class: "limit", d:
        `M${x(each.low)} ${middle}H${x(each.high)}M${x(each.low)} ${middle - 4}v8M${x(each.high)} ${middle - 4}v8` }));
  }
  return parts;
}

function short(label) {
  return label.length > 14 ? `${label.slice(0, 13)}…` : label;
}
