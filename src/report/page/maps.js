// How do table and completion look side by side, hole by hole?
// SPDX-License-Identifier: Apache-2.0

function bytesOf(text) {
  return Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
}

// Red, green and blue of the levels 1 ... 255.
function mapRamp(image) {
  return Array.from({length: 256}, (_, level) => {
    const share = Math.max(0, level - 1) / 254;
    return image ? Array(3).fill(Math.round(255 * share)) : mapColor(share);
  });
}

// Each entry becomes a square of `zoom` pixels, so that hatching fits into a hole; holes stay transparent over it.
function paintMap(canvas, map, levels, ramp) {
  const zoom = Math.max(1, Math.min(16, Math.floor(1200 / Math.max(map.width, map.height))));
  canvas.width = map.width * zoom;
  canvas.height = map.height * zoom;
  const context = canvas.getContext("2d"), hatch = context.createPattern(hatching(), "repeat");
  context.fillStyle = hatch;
  context.fillRect(0, 0, canvas.width, canvas.height);
  const small = document.createElement("canvas");
  small.width = map.width;
  small.height = map.height;
  const pixels = new ImageData(map.width, map.height);
  for (let i = 0; i < levels.length; ++i)
    if (levels[i] > 0) {
      pixels.data.set(ramp[levels[i]], 4 * i);
      pixels.data[4 * i + 3] = 255;
    }
  small.getContext("2d").putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
}

function hatching() {
  const tile = document.createElement("canvas"), size = 8;
  tile.width = tile.height = size;
  const context = tile.getContext("2d");
  context.fillStyle = css("paper");
  context.fillRect(0, 0, size, size);
  context.strokeStyle = css("hatch");
  context.lineWidth = 1.6;
  context.beginPath();
  for (const shift of [-size, 0, size]) {
    context.moveTo(shift, size);
    context.lineTo(shift + size, 0);
  }
  context.stroke();
  return tile;
}

function drawMap(map, number) {
  const figure = document.getElementById("chart-map" + number);
  const ramp = mapRamp(map.image), levels = {before: bytesOf(map.before), after: bytesOf(map.after)};
  const canvases = [...figure.querySelectorAll("[data-part]")];
  if (map.width > 3 * map.height) {  // a strip: one below the other, and never too flat to be seen
    figure.classList.add("strips");
    for (const canvas of canvases) canvas.style.aspectRatio = `${map.width} / ${Math.max(map.height, map.width / 7)}`;
  }
  const paint = () => canvases.forEach(canvas => paintMap(canvas, map, levels[canvas.dataset.part], ramp));
  mapPainters.push(paint);
  paint();

  const scale = figure.querySelector(".scale"), strip = scale.querySelector("canvas"), context = strip.getContext("2d");
  for (let level = 1; level < 256; ++level) {
    context.fillStyle = `rgb(${ramp[level].join(",")})`;
    context.fillRect(level - 1, 0, 2, 1);
  }
  const unit = map.by_column ? " spreads" : map.value_title ? " " + map.value_title : "";
  scale.querySelector(".low").textContent = say(map.low, 3) + (map.image ? "" : unit);
  scale.querySelector(".high").textContent = say(map.high, 3) + (map.image ? "" : unit);

  const readout = figure.querySelector(".readout"), hint = readout.textContent;
  const value = level => (level === 0 ? "hole" : say(map.low + (map.high - map.low) * (level - 1) / 254, 3));
  for (const canvas of canvases) {
    canvas.addEventListener("pointermove", event => {
      const box = canvas.getBoundingClientRect();
      const i = Math.min(map.height - 1, Math.max(0, Math.floor((event.clientY - box.top) / box.height * map.height)));
      const j = Math.min(map.width - 1, Math.max(0, Math.floor((event.clientX - box.left) / box.width * map.width)));
      const row = Math.floor(i * map.rows / map.height) + 1, column = Math.floor(j * map.columns / map.width) + 1;
      const at = i * map.width + j;
      readout.textContent = `row ${say(row)}, column ${say(column)}: observed ${value(levels.before[at])}, ` +
        `completed ${value(levels.after[at])}`;
    });
    canvas.addEventListener("pointerleave", () => { readout.textContent = hint; });
  }
}

const mapPainters = [];

function drawMaps() {
  (DATA.maps || []).forEach(drawMap);
}

function paintMaps() {
  for (const paint of mapPainters) paint();
}
