// How do predictions compare with what was held out: points or boxes, residuals, calibration?
// SPDX-License-Identifier: Apache-2.0

// The same pseudo-random spread at every drawing, in (-0.5, 0.5).
function jitter(i) {
  const x = Math.sin(i * 12.9898) * 43758.5453;
  return x - Math.floor(x) - 0.5;
}

function scatterChart() {
  const held = DATA.held_out, boxes = held.boxes;
  const all = held.observed.concat(held.predicted);
  const low = all.reduce((a, b) => Math.min(a, b)), high = all.reduce((a, b) => Math.max(a, b));
  const gap = boxes ? boxes.slice(1).reduce((g, b, i) => Math.min(g, b.value - boxes[i].value), Infinity) : 0;
  const margin = Math.max((high - low) * 0.03, gap * 0.55);
  const data = held.observed.map((x, i) => ({x: x + gap * 0.7 * jitter(i), y: held.predicted[i]}));
  const scale = title => axis(title, {min: low - margin, max: high + margin});
  const x = scale("Observed"), y = scale("Predicted");
  for (const a of [x, y]) a.afterBuildTicks = axisObject => {  // no odd numbers at the ends
    axisObject.ticks = axisObject.ticks.filter(t => t.value > axisObject.min && t.value < axisObject.max);
  };
  if (boxes) x.afterBuildTicks = axisObject => { axisObject.ticks = boxes.map(b => ({value: b.value})); };
  return {
    config: {
      type: "scatter",
      data: {datasets: [{data, pointRadius: data.length > 600 ? 1.8 : 2.6, pointHoverRadius: 5, borderWidth: 0,
        backgroundColor: withAlpha(css("accent"), boxes ? 0.16 : data.length > 600 ? 0.35 : 0.6)}]},
      options: {scales: {x, y}, plugins: {legend: {display: false}, tooltip: tooltip(item => {
        const i = item.dataIndex;
        return `observed ${say(held.observed[i])}, predicted ${say(held.predicted[i])}`;
      })}},
      plugins: boxes ? [identityLine, boxPlugin(boxes, gap)] : [identityLine]
    },
    legend: [[css("soft"), "predicted = observed", "dashed"]],
    table: boxes
      ? {head: ["Observed", "Entries", "5 %", "25 %", "Median", "75 %", "95 %", "Mean"],
         rows: boxes.map(b => [b.value, b.count].concat(b.quantiles, [b.mean]))}
      : {head: ["Observed", "Predicted"], rows: held.observed.map((o, i) => [o, held.predicted[i]])}
  };
}

// Boxes from the 25 % to the 75 % quantile, whiskers from 5 % to 95 %, a bar at the median.
function boxPlugin(boxes, gap) {
  return {id: "boxes", afterDatasetsDraw(chart) {
    const {x, y} = chart.scales, context = chart.ctx;
    const half = Math.min(26, (x.getPixelForValue(gap) - x.getPixelForValue(0)) * 0.34);
    context.save();
    context.strokeStyle = css("ink");
    for (const box of boxes) {
      const at = x.getPixelForValue(box.value), [a, b, median, c, d] = box.quantiles.map(q => y.getPixelForValue(q));
      context.lineWidth = 1;
      context.fillStyle = withAlpha(css("panel"), 0.55);
      context.fillRect(at - half, c, 2 * half, b - c);
      context.strokeRect(at - half, c, 2 * half, b - c);
      context.beginPath();
      for (const [from, to] of [[a, b], [c, d]]) {
        context.moveTo(at, from);
        context.lineTo(at, to);
      }
      for (const end of [a, d]) {
        context.moveTo(at - half / 2, end);
        context.lineTo(at + half / 2, end);
      }
      context.stroke();
      context.lineWidth = 3;
      context.beginPath();
      context.moveTo(at - half, median);
      context.lineTo(at + half, median);
      context.stroke();
    }
    context.restore();
  }};
}

function residualChart() {
  const held = DATA.held_out, {begin, width, counts} = held.histogram;
  const middles = counts.map((_, i) => begin + (i + 0.5) * width);
  const gaussian = x => held.count * width / (held.spread * Math.sqrt(2 * Math.PI)) *
    Math.exp(-0.5 * ((x - held.mean) / held.spread) ** 2);
  const end = begin + width * counts.length, fine = Array.from({length: 121}, (_, i) => begin + (end - begin) * i / 120);
  return {
    config: {
      type: "bar",
      data: {datasets: [
        line(fine, fine.map(gaussian), css("second"), {type: "line", order: 0, pointHitRadius: 0}),
        {type: "bar", data: points(middles, counts), backgroundColor: css("bar"), barPercentage: 1, categoryPercentage: 0.96,
          grouped: false, order: 1}]},
      options: {
        scales: {x: axis("Observed − predicted", {min: begin, max: end, offset: false}), y: axis("Entries", {beginAtZero: true})},
        plugins: {legend: {display: false}, tooltip: tooltip(item =>
          `${say(item.parsed.x - width / 2, 3)} to ${say(item.parsed.x + width / 2, 3)}: ${say(item.parsed.y)} entries`)}
      }
    },
    legend: [[css("bar"), "held-out entries", "block"],
             [css("second"), `Gaussian: mean ${say(held.mean, 2)}, spread ${say(held.spread, 3)}`, ""]],
    table: {head: ["From", "To", "Entries", "Gaussian"],
      rows: middles.map((m, i) => [m - width / 2, m + width / 2, counts[i], gaussian(m)])}
  };
}

function calibrationChart() {
  const {nominal, validation, held_out: held} = DATA.calibration, series = [];
  if (validation) series.push(["Validation", validation, css("accent"), {borderDash: [7, 3]}]);
  if (held) series.push(["Held out", held, css("second"), {}]);
  const share = title => {
    const a = axis(title, {min: 0, max: 1});
    a.ticks.callback = sayShare;
    return a;
  };
  return {
    config: {
      type: "line",
      data: {datasets: series.map(([, values, color, more]) => line(nominal, values, color, Object.assign({pointRadius: 3}, more)))},
      options: {
        scales: {x: share("Level that the interval claims"), y: share("Share of entries inside")},
        interaction: {mode: "nearest", intersect: false},
        plugins: {legend: {display: false}, tooltip: tooltip(item =>
          `${series[item.datasetIndex][0]}: ${sayShare(item.parsed.x)} intervals hold ${sayShare(item.parsed.y)}`)}
      },
      plugins: [identityLine]
    },
    legend: series.map(([name, , color, more]) => [color, name, more.borderDash ? "dashed" : ""])
      .concat([[css("soft"), "as claimed", "dashed"]]),
    table: {head: ["Claimed"].concat(series.map(s => s[0])),
      rows: nominal.map((n, i) => [sayShare(n)].concat(series.map(s => sayShare(s[1][i]))))}
  };
}

function drawQuality() {
  if (DATA.held_out) {
    drawFigure("scatter", scatterChart);
    if (DATA.held_out.histogram) drawFigure("residuals", residualChart);
  }
  if (DATA.calibration) drawFigure("calibration", calibrationChart);
}
