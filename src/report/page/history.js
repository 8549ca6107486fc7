// How do the charts of the history draw one run, against the axis that the reader chose?
// SPDX-License-Identifier: Apache-2.0

const AXES = {time: "Flow time", iteration: "Iteration", seconds: "Seconds"};
const view = {run: null, axis: null, log: true};

// Zero has no place on a logarithmic axis: a first iteration 0 is left out there.
function positive(values) {
  return values.map(v => (v > 0 ? v : null));
}

function runName(run) {
  return run.stage ? `${run.engine}: ${run.stage}` : run.engine;
}

function historyChart(series, yAxis, more = {}) {
  const run = view.run, xs = view.log ? positive(run[view.axis]) : run[view.axis];
  const at = run.stop === undefined ? null : xs[run.stop.at];
  return {
    config: {
      type: "line",
      data: {datasets: series.map(s => line(xs, yAxis.type === "logarithmic" ? positive(s.values) : s.values, s.color, s.more))},
      options: {
        interaction: {mode: "nearest", axis: "xy", intersect: false},
        scales: Object.assign({x: axis(AXES[view.axis], {type: view.log ? "logarithmic" : "linear"}), y: yAxis}, more),
        plugins: {legend: {display: false}, tooltip: tooltip(item =>
          `${series[item.datasetIndex].name}: ${say(item.parsed.y)} at ${AXES[view.axis].toLowerCase()} ${say(item.parsed.x)}`)}
      },
      plugins: at === null ? [] : [marker(at, "kept")]
    },
    legend: series.filter(s => s.legend !== false).map(s => [s.color, s.name, s.more && s.more.borderDash ? "dashed" : ""]),
    table: {
      head: [AXES[view.axis]].concat(series.map(s => s.name)),
      rows: run[view.axis].map((x, i) => [x].concat(series.map(s => s.values[i])))
    }
  };
}

// What the lines are: singular values, or norms of components.
function sizesWord() {
  const word = DATA.sizes_word || "singular value";
  return word[0].toUpperCase() + word.slice(1);
}

function sigmaChart() {
  const sigma = view.run.sigma || [], count = sigma.length;
  const parts = historyChart(
    sigma.map((values, k) => ({name: DATA.sizes_word ? `${sizesWord()} ${k + 1}` : "σ" + subscript(k + 1), values, color: componentColor(k, count), legend: false,
      more: {borderWidth: count > 12 ? 1.5 : 2}})),
    axis(sizesWord(), {type: "logarithmic"}));
  const ramp = Array.from({length: count}, (_, k) => componentColor(k, count)).join(",");
  const more = view.run.width > count ? ` (the largest of ${say(view.run.width)})` : "";
  if (count > 1) parts.legend = [[`linear-gradient(90deg,${ramp})`, `${DATA.sizes_word ? "the " + say(count) + " largest" : `σ₁ to σ${subscript(count)}${more}`}`, "ramp"]];
  return parts;
}

function subscript(integer) {
  return String(integer).replace(/\d/g, d => "₀₁₂₃₄₅₆₇₈₉"[+d]);
}

function lossChart() {
  const run = view.run, series = [];
  if (run.train) series.push({name: "Training", values: run.train, color: css("accent")});
  if (run.validation) series.push({name: "Validation", values: run.validation, color: css("second"), more: {borderDash: [7, 3]}});
  const seen = series.flatMap(s => s.values).filter(v => v > 0);
  const wide = Math.max(...seen) > 20 * Math.min(...seen);
  return historyChart(series, axis("RMSE", {type: wide ? "logarithmic" : "linear"}));
}

function rankChart() {
  const run = view.run, series = [];
  if (run.effective_rank) series.push({name: "Effective rank", values: run.effective_rank, color: css("accent")});
  if (run.rank && run.rank.some(v => v > 0))
    series.push({name: "Rank", values: run.rank, color: css("second"), more: {stepped: true, borderDash: [7, 3]}});
  return historyChart(series, axis("Rank", {beginAtZero: true}));
}

function stepChart() {
  const run = view.run, series = [], scales = {};
  if (run.step_size) series.push({name: "Step size", values: run.step_size, color: css("accent")});
  const main = run.step_size ? axis("Step size", {type: "logarithmic"}) : axis("Observations a second", {beginAtZero: true});
  if (run.rate) {
    const beside = run.step_size ? {yAxisID: "rate", borderDash: [7, 3]} : {};
    series.push({name: "Observations a second", values: run.rate, color: css("second"), more: beside});
    if (run.step_size)
      scales.rate = axis("Observations a second", {position: "right", beginAtZero: true, grid: {drawOnChartArea: false}});
  }
  return historyChart(series, main, scales);
}

// A group of buttons of which one is pressed.
function choice(title, names, isChosen, choose) {
  const group = document.createElement("div"), word = document.createElement("span");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", title);
  word.textContent = title;
  group.append(word);
  for (const [key, text] of names) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.setAttribute("aria-pressed", isChosen(key));
    button.addEventListener("click", () => {
      choose(key);
      showControls();
      redrawAll();
      const again = document.querySelector(`#history-controls [aria-label="${title}"] [aria-pressed="true"]`);
      if (again) again.focus();
    });
    group.append(button);
  }
  return group;
}

function chooseRun(run) {
  view.run = run;
  if (!view.axis || !run[view.axis]) view.axis = run.time ? "time" : "iteration";
}

function showControls() {
  const runs = DATA.history, groups = [];
  if (runs.length > 1)
    groups.push(choice("Run", runs.map((run, i) => [i, runName(run)]), i => runs[i] === view.run, i => chooseRun(runs[i])));
  const axes = Object.keys(AXES).filter(key => view.run[key]).map(key => [key, AXES[key]]);
  groups.push(choice("Against", axes, key => key === view.axis, key => { view.axis = key; }));
  groups.push(choice("Scale", [["log", "logarithmic"], ["linear", "linear"]], key => (key === "log") === view.log,
    key => { view.log = key === "log"; }));
  document.getElementById("history-controls").replaceChildren(...groups);
}

function drawHistory() {
  if (!DATA.history) return;
  const score = run => (run.engine === DATA.shown ? 4 : 0) + (run.sigma ? 2 : 0) + (run.validation ? 1 : 0);
  chooseRun(DATA.history.reduce((best, run) => (score(run) > score(best) || (DATA.shown && score(run) === score(best)) ? run : best)));
  showControls();
  drawFigure("sigma", sigmaChart);
  drawFigure("loss", lossChart);
  drawFigure("rank", rankChart);
  drawFigure("step", stepChart);
}
