// How is a panel of a study's figure drawn?
// SPDX-License-Identifier: Apache-2.0

// Okabe and Ito (2008); in the dark those that would vanish are lighter.
const CURVE_COLORS = {
  light: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#1c2127", "#8c8c3c"],
  dark: ["#5aa9e6", "#f0803c", "#3cc79a", "#e3a0c4", "#f2bd4d", "#9ad4f5", "#e6e4de", "#c2c26a"]
};
const CURVE_DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3], [1, 4]];

// Few curves are told apart by their colours; many are in an order, and a ramp shows it.
function curveColor(panel, curve) {
  const list = CURVE_COLORS[isDark() ? "dark" : "light"];
  return panel.colors <= list.length ? list[curve.color] : componentColor(curve.color, panel.colors);
}

function curveDash(curve) {
  return curve.constant ? [5, 5] : CURVE_DASHES[curve.dash % CURVE_DASHES.length];
}

// Where the least and the largest of several runs lie.
function errorBars(panel) {
  return {id: "error-bars", afterDatasetsDraw(chart) {
    const {x, y} = chart.scales, context = chart.ctx;
    context.save();
    for (const curve of panel.curves) {
      if (!curve.low || curve.constant) continue;
      context.strokeStyle = curveColor(panel, curve);
      curve.x.forEach((at, i) => {
        if (curve.low[i] === curve.high[i] || curve.low[i] === null) return;
        const left = x.getPixelForValue(at), low = y.getPixelForValue(curve.low[i]), high = y.getPixelForValue(curve.high[i]);
        context.beginPath();
        context.moveTo(left, low);
        context.lineTo(left, high);
        for (const end of [low, high]) {
          context.moveTo(left - 4, end);
          context.lineTo(left + 4, end);
        }
        context.stroke();
      });
    }
    context.restore();
  }};
}

function usable(values, logarithmic) {
  return logarithmic ? values.map(v => (v > 0 ? v : null)) : values;
}

function span(panel) {
  const all = panel.curves.filter(c => !c.constant).flatMap(c => c.x).filter(v => v !== null && (!panel.x_log || v > 0));
  return all.length ? [Math.min(...all), Math.max(...all)] : [0, 1];
}

function limits(low, high) {
  const chosen = {};
  if (low !== null) chosen.min = low;
  if (high !== null) chosen.max = high;
  return chosen;
}

function panelChart(panel) {
  const ends = span(panel), named = new Map();
  const datasets = panel.curves.map(curve => {
    const xs = curve.constant ? ends : usable(curve.x, panel.x_log);
    const ys = curve.constant ? [curve.y[0], curve.y[0]] : usable(curve.y, panel.y_log);
    if (curve.name && !named.has(curve.name)) named.set(curve.name, curve);
    return line(xs, ys, curveColor(panel, curve), {borderDash: curveDash(curve), borderWidth: panel.curves.length > 12 ? 1.5 : 2,
      pointRadius: (panel.markers || curve.x.length === 1) && !curve.constant ? 3.5 : 0});
  });
  const scale = (log, low, high) => Object.assign({type: log ? "logarithmic" : "linear"}, limits(low, high));
  return {
    config: {
      type: "line",
      data: {datasets},
      options: {
        interaction: {mode: "nearest", axis: "xy", intersect: false},
        scales: {x: axis(panel.x_label, scale(panel.x_log, panel.x_low, panel.x_high)),
          y: axis(panel.y_label, scale(panel.y_log, panel.y_low, panel.y_high))},
        plugins: {legend: {display: false}, tooltip: tooltip(item => {
          const curve = panel.curves[item.datasetIndex];
          return `${curve.name ? curve.name + ": " : ""}${say(item.parsed.y)} at ${say(item.parsed.x)}`;
        })}
      },
      plugins: [errorBars(panel)]
    },
    legend: named.size < 2 && panel.curves.length < 2 ? []
      : [...named.values()].slice(0, 24).map(curve => [curveColor(panel, curve), curve.name, curveDash(curve)]),
    table: panelTable(panel)
  };
}

function panelTable(panel) {
  const rows = [];
  for (const curve of panel.curves)
    curve.x.forEach((x, i) => rows.push([curve.name || "–", curve.constant ? "all" : x, curve.y[i]]
      .concat(curve.low ? [curve.low[i], curve.high[i]] : [])));
  const wide = panel.curves.some(curve => curve.low);
  return {head: ["Curve", panel.x_label, panel.y_label].concat(wide ? ["least", "largest"] : []), rows};
}

function drawPanels() {
  for (const panel of DATA.panels) drawFigure(panel.id, () => panelChart(panel));
}
