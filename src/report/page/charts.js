// How does a figure get its chart, its legend and its table of numbers, and how does it follow theme and paper?
// SPDX-License-Identifier: Apache-2.0

const figures = [];  // {id, build, chart}

// `build()` returns {config, legend, table}: what Chart.js draws, [color, text, kind] entries, and {head, rows}. The kind
// is a class of page.css or the dashes of the curve.
function drawFigure(id, build) {
  const figure = document.getElementById("chart-" + id);
  if (!figure) return;
  const entry = {id, build, figure, chart: null};
  figures.push(entry);
  render(entry);
  const details = figure.querySelector("details");
  details.addEventListener("toggle", () => fillNumbers(entry));
}

function render(entry) {
  if (entry.chart) entry.chart.destroy();
  const {config, legend} = entry.build();
  entry.figure.hidden = config.data.datasets.every(set => !set.data.some(at => at && at.y !== null));
  const printing = document.documentElement.classList.contains("printing");
  config.options = Object.assign({animation: false, parsing: false, normalized: true, maintainAspectRatio: false,
    devicePixelRatio: printing ? 3 : undefined, responsive: !printing}, config.options);
  if (!printing) delete config.options.devicePixelRatio;
  const canvas = entry.figure.querySelector("canvas");
  if (printing) {
    canvas.style.width = canvas.parentNode.clientWidth + "px";
    canvas.style.height = canvas.parentNode.clientHeight + "px";
    canvas.width = canvas.parentNode.clientWidth;
    canvas.height = canvas.parentNode.clientHeight;
  } else {
    canvas.removeAttribute("style");
  }
  entry.chart = new Chart(canvas, config);
  const place = entry.figure.querySelector(".legend");
  place.replaceChildren(...(legend || []).map(([color, text, kind]) => {
    const item = document.createElement("span");
    if (Array.isArray(kind)) {
      item.append(lineKey(color, kind), text);
      return item;
    }
    const key = document.createElement("i");
    key.className = kind || "";
    if (kind === "ramp" || kind === "block") key.style.background = color;
    else key.style.borderColor = color;
    item.append(key, text);
    return item;
  }));
  fillNumbers(entry);
}

// A piece of the curve, long enough for its dashes to be told from others.
function lineKey(color, dashes) {
  const space = "http://www.w3.org/2000/svg";
  const key = document.createElementNS(space, "svg"), line = document.createElementNS(space, "line");
  for (const [name, value] of Object.entries({class: "line", width: 36, height: 4, "aria-hidden": "true"}))
    key.setAttribute(name, value);
  for (const [name, value] of Object.entries({x1: 0, y1: 2, x2: 36, y2: 2, stroke: color, "stroke-width": 2,
                                              "stroke-dasharray": dashes.join(" ")}))
    line.setAttribute(name, value);
  key.append(line);
  return key;
}

// The table is made when it is opened: most readers never do, and the page stays light.
function fillNumbers(entry) {
  const details = entry.figure.querySelector("details");
  if (!details.open) return;
  const {head, rows} = entry.build().table;
  const table = document.createElement("table"), header = table.createTHead().insertRow();
  for (const text of head) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = text;
    header.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const value of row) line.insertCell().textContent = typeof value === "string" ? value : say(value, 5);
  }
  details.querySelector(".scroll").replaceChildren(table);
}

function redrawAll() {
  for (const entry of figures) render(entry);
}

// ---- parts of a Chart.js configuration

function points(xs, ys) {
  const list = [];
  for (let i = 0; i < xs.length; ++i)
    if (xs[i] !== null && ys[i] !== null && ys[i] !== undefined) list.push({x: xs[i], y: ys[i]});
  return list;
}

function line(xs, ys, color, more) {
  return Object.assign({data: points(xs, ys), borderColor: color, backgroundColor: color, borderWidth: 2, pointRadius: 0,
    pointHitRadius: 6, tension: 0}, more);
}

function axis(title, more = {}) {
  const logarithmic = more.type === "logarithmic";
  const ticks = {color: css("soft"), maxRotation: 0, autoSkipPadding: 14, font: {size: 12}};
  ticks.callback = logarithmic
    ? function (value) { return sayLogTick(value, Math.log10(this.max / this.min)); }
    : value => say(value);
  if (logarithmic) ticks.autoSkip = false;
  return Object.assign({type: "linear", title: {display: true, text: title, color: css("soft"), font: {size: 12}},
    ticks, grid: {color: context => logarithmic && context.tick && context.tick.label === "" ? "transparent" : css("grid"),
      borderColor: css("line"), tickLength: 4}}, more);
}

function tooltip(label, title) {
  return {backgroundColor: css("ink"), titleColor: css("paper"), bodyColor: css("paper"), displayColors: false,
    padding: 8, callbacks: {label, title: title || (() => "")}};
}

// A plugin that draws a vertical dashed line with a word beside it.
function marker(x, text, axisName = "x") {
  return {id: "marker-" + text, afterDatasetsDraw(chart) {
    const scale = chart.scales[axisName], area = chart.chartArea, context = chart.ctx;
    const at = scale.getPixelForValue(x);
    if (!(at >= area.left - 1 && at <= area.right + 1)) return;
    context.save();
    context.strokeStyle = context.fillStyle = css("ink");
    context.setLineDash([5, 4]);
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(at, area.top);
    context.lineTo(at, area.bottom);
    context.stroke();
    context.font = "12px " + getComputedStyle(document.body).fontFamily;
    const width = context.measureText(text).width, left = at + width + 8 > area.right;
    context.textAlign = left ? "right" : "left";
    context.fillText(text, at + (left ? -6 : 6), area.top + 12);
    context.restore();
  }};
}

// The straight line y = x, drawn under everything.
const identityLine = {id: "identity", beforeDatasetsDraw(chart) {
  const {x, y} = chart.scales, context = chart.ctx, low = Math.max(x.min, y.min), high = Math.min(x.max, y.max);
  context.save();
  context.strokeStyle = css("soft");
  context.setLineDash([2, 3]);
  context.beginPath();
  context.moveTo(x.getPixelForValue(low), y.getPixelForValue(low));
  context.lineTo(x.getPixelForValue(high), y.getPixelForValue(high));
  context.stroke();
  context.restore();
}};
