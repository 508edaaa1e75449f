// The differential beside the gallery: table, target, and a chart against the reference ranges.
import { drawing, element, percent } from "./dom.js";

const FLAGS = { H: "▲ high", L: "▼ low" };

/** Show a result in the panel. */
export function showDifferential(panel, result) {
  const parts = [order, target, table, beside, chart, warnings, rests].map((part) => part(result));
  panel.replaceChildren(...parts.filter((part) => part !== null));
}

/** What the laboratory's list tells of the slide: whose result this will be. */
function order({ order: told, corrected_leucocytes: corrected }) {
  if (!told) return element("p", { class: "order" }, "No order is known for this slide.");
  const known = [`Order ${told.order_id}`, told.age_years === null ? "" : `${told.age_years} years`, told.sex,
    told.leucocytes === null ? "" : `leucocytes ${told.leucocytes} × 10⁹/L`,
    corrected === null ? "" : `corrected for erythroblasts ${corrected.toFixed(2)}`];
  return element("p", { class: "order" }, known.filter((each) => each).join(" · "));
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

/** Both parts in one table, so that their columns stand below one another. */
function table(result) {
  const shown = result.classes.filter((each) => each.role === "counted" && (each.count || each.reference));
  const apart = result.classes.filter((each) => each.role === "apart" && each.count > 0);
  return element("table", { class: "differential" },
    element("caption", {}, "Differential, per cent of counted leucocytes"),
    element("thead", {}, element("tr", {},
      ...["Class", "Cells", "%", "95% limits", "Reference", "Flag"].map((head) =>
        element("th", { scope: "col" }, head)))),
    element("tbody", {}, ...shown.map((each) => row(each,
      element("td", { class: "limits" }, range(each.low, each.high)),
      element("td", { class: "reference" }, each.reference ? range(each.reference.low, each.reference.high) : "–"),
      element("td", { class: "flag" }, FLAGS[each.flag] ?? "")))),
    apart.length ? element("tbody", { class: "apart" },
      element("tr", {}, element("th", { scope: "rowgroup", colspan: 6 }, "Beside the differential, per 100 leucocytes")),
      ...apart.map((each) => row(each, element("td", { colspan: 3 })))) : null);
}

function row(each, ...more) {
  return element("tr", { "data-class": each.name, "data-flag": each.flag || null },
    element("th", { scope: "row" }, element("span", { class: "swatch", "aria-hidden": "true" }), each.label),
    element("td", { class: "count" }, each.count),
    element("td", { class: "percent" }, percent(each.percent)), ...more);
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
