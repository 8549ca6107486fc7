// How large are the directions that the model uses, and where was it cut?
// SPDX-License-Identifier: Apache-2.0

const MOST_BARS = 120;

function spectrumChart() {
  const {values, rank} = DATA.spectrum, shown = values.slice(0, MOST_BARS).map(v => (v > 0 ? v : null));
  const seen = shown.filter(v => v !== null), low = Math.min(...seen) / 1.6, high = Math.max(...seen) * 1.3;
  const runs = (DATA.history || []).filter(run => run.sigma);
  const colored = runs.length ? Math.max(...runs.map(run => run.sigma.length)) : rank || shown.length;
  const color = shown.map((_, k) => (rank && k >= rank ? css("line") : componentColor(Math.min(k, colored - 1), colored)));
  const cut = rank > 0 && rank < shown.length ? [marker(rank + 0.5, "rank " + say(rank))] : [];
  return {
    config: {
      type: "bar",
      data: {datasets: [{data: shown.map((y, k) => ({x: k + 1, y})), backgroundColor: color, barPercentage: 0.86,
        categoryPercentage: 1, grouped: false, base: low, maxBarThickness: 48}]},
      options: {
        interaction: {mode: "nearest", axis: "x", intersect: false},
        scales: {x: axis("Component", {min: 0.4, max: shown.length + 0.6, offset: false,
          afterBuildTicks: a => { a.ticks = a.ticks.filter(t => Number.isInteger(t.value) && t.value >= 1); }}),
          y: axis("Singular value", {type: "logarithmic", min: low, max: high})},
        plugins: {legend: {display: false}, tooltip: tooltip(item => `σ${subscript(item.parsed.x)} = ${say(item.parsed.y)}`)}
      },
      plugins: cut
    },
    legend: values.length > shown.length ? [[css("line"), `the first ${MOST_BARS} of ${say(values.length)}`, "block"]] : [],
    table: {head: ["Component", "Singular value", "Share of the sum"],
      rows: (total => values.map((v, k) => [k + 1, v, sayShare(v / total)]))(values.reduce((a, b) => a + b, 0))}
  };
}

function drawSpectrum() {
  if (DATA.spectrum) drawFigure("spectrum", spectrumChart);
}
