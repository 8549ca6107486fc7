// How are the factors of a mode, the sizes of components and the spectra of unfoldings drawn?
// SPDX-License-Identifier: Apache-2.0

function panelSeriesColor(panel, index) {
  return panel.series.length === 1 ? css("accent") : componentColor(index, panel.series.length);
}

function placeName(panel, at) {
  return panel.labels ? panel.labels[at] : say(panel.x[at]);
}

// The ends of a logarithmic axis: bars need a foot to stand on.
function panelLimits(panel) {
  const seen = panel.series.flatMap(s => s.values).filter(v => v > 0);
  return panel.log && seen.length ? {min: Math.min(...seen) / 1.6, max: Math.max(...seen) * 1.3} : {};
}

function panelDatasets(panel) {
  const count = panel.series.length, foot = panelLimits(panel).min;
  return panel.series.map((series, k) => {
    const color = panelSeriesColor(panel, k), values = panel.log ? positive(series.values) : series.values;
    if (panel.kind === "bars") {
      const shift = count > 1 ? ((k + 0.5) / count - 0.5) * 0.8 : 0;  // beside each other at one place
      return {type: "bar", data: points(panel.x.map(x => x + shift), values), backgroundColor: color, grouped: false,
        base: foot, barPercentage: 0.86, categoryPercentage: 1, maxBarThickness: 40};
    }
    const plain = panel.kind === "lines";
    return line(panel.x, values, color, {showLine: plain, borderWidth: plain ? (count > 6 ? 1.5 : 2) : 0,
      pointRadius: plain ? (panel.log ? 2 : 0) : panel.x.length > 80 ? 1.8 : 3, pointBorderWidth: 0});
  });
}

function panelChart(panel) {
  const ends = [Math.min(...panel.x), Math.max(...panel.x)], padding = panel.kind === "lines" && !panel.log ? 0 : 0.6;
  const x = axis(panel.x_title, {min: ends[0] - padding, max: ends[1] + padding, offset: false});
  const whole = panel.x.every(Number.isInteger);
  if (panel.labels || whole) x.afterBuildTicks = scale => {
    if (panel.labels && panel.x.length <= 12) scale.ticks = panel.x.map(value => ({value}));
    else scale.ticks = scale.ticks.filter(t => Number.isInteger(t.value) && t.value >= ends[0] && t.value <= ends[1]);
  };
  if (panel.labels) x.ticks.callback = value => {
    const text = placeName(panel, panel.x.indexOf(value)) || "";
    return text.length > 14 ? text.slice(0, 13) + "…" : text;
  };
  const y = axis(panel.y_title, Object.assign({type: panel.log ? "logarithmic" : "linear"}, panelLimits(panel)));
  if (panel.log) y.afterBuildTicks = scale => {  // no odd numbers at the ends
    scale.ticks = scale.ticks.filter(t => t.value > scale.min && t.value < scale.max);
  };
  return {
    config: {
      type: panel.kind === "bars" ? "bar" : "line",
      data: {datasets: panelDatasets(panel)},
      options: {
        interaction: {mode: "nearest", axis: "xy", intersect: false},
        scales: {x, y},
        plugins: {legend: {display: false}, tooltip: tooltip(item => {
          const series = panel.series[item.datasetIndex];
          const at = panel.x.reduce((best, value, i) =>
            (Math.abs(value - item.parsed.x) < Math.abs(panel.x[best] - item.parsed.x) ? i : best), 0);
          return `${series.name ? series.name + ", " : ""}${placeName(panel, at)}: ${say(item.parsed.y)}`;
        })}
      }
    },
    legend: panel.series.length < 2 ? []
      : panel.series.map((series, k) => [panelSeriesColor(panel, k), series.name, panel.kind === "lines" ? "" : "block"]),
    table: {head: [panel.x_title].concat(panel.series.map(s => s.name || panel.y_title)),
      rows: panel.x.map((_, i) => [placeName(panel, i)].concat(panel.series.map(s => s.values[i])))}
  };
}

function drawPanels() {
  (DATA.panels || []).forEach((panel, k) => drawFigure("panel" + k, () => panelChart(panel)));
}
