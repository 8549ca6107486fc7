// Which colours, in light and in dark, and in an order that survives colour blindness and a copier?
// SPDX-License-Identifier: Apache-2.0

// OKLCH (Ottosson 2020) to "rgb()": equal steps of lightness look equal. Outside sRGB the chroma gives way.
function oklch(lightness, chroma, hue) {
  for (let c = chroma; ; c -= 0.01) {
    const a = c * Math.cos(hue * Math.PI / 180), b = c * Math.sin(hue * Math.PI / 180);
    const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
    const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
    const s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3;
    const linear = [4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
                    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
                    -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s];
    if (c <= 0 || linear.every(x => x > -0.002 && x < 1.002))
      return linear.map(x => Math.max(0, Math.min(1, x)))
        .map(x => Math.round(255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055)));
  }
}

// The ramp of the maps: lightness rises evenly from a dark violet over blue and green to a pale yellow.
function mapColor(share) {
  return oklch(0.26 + 0.68 * share, 0.13 - 0.04 * Math.abs(share - 0.5), 295 - 190 * share);
}

// Component `index` of `count`: the same colour in every chart of the page; kept readable on either background.
function componentColor(index, count) {
  const share = count > 1 ? index / (count - 1) : 0;
  const lightness = isDark() ? 0.86 - 0.34 * share : 0.36 + 0.36 * share;
  return "rgb(" + oklch(lightness, 0.14, 265 + (isDark() ? 165 : 150) * share - 360 * (share > 9)).join(",") + ")";
}

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

function withAlpha(color, alpha) {
  const hex = color.match(/^#(..)(..)(..)$/);
  return hex ? `rgba(${hex.slice(1).map(h => parseInt(h, 16)).join(",")},${alpha})` : color.replace(/^rgb\((.*)\)$/, `rgba($1,${alpha})`);
}

function isDark() {
  return document.documentElement.dataset.theme === "dark";
}
