// How are numbers written on axes, in tooltips and in tables?
// SPDX-License-Identifier: Apache-2.0
"use strict";

const DATA = JSON.parse(document.getElementById("data").textContent);

function superscript(integer) {
  const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  return String(integer).replace(/-/, "⁻").replace(/\d/g, d => digits[+d]);
}

// At most `digits` significant digits, thousands apart, powers of ten as people write them.
function say(value, digits = 4) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (value === 0) return "0";
  const sign = value < 0 ? "−" : "", size = Math.abs(value);
  if (Number.isInteger(size) && size < 1e9) return sign + apart(String(size));
  const [mantissa, exponent] = size.toExponential(digits - 1).split("e");
  if (+exponent >= -4 && +exponent < 9)
    return sign + apart(String(+(+size.toPrecision(digits)).toFixed(12)));
  return sign + String(+mantissa) + "×10" + superscript(+exponent);
}

function apart(text) {
  const [whole, part] = text.split(".");
  const spaced = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202F") : whole;
  return part === undefined ? spaced : spaced + "." + part;
}

// Label of a tick on a logarithmic axis: powers of ten; 2 and 5 too where less than two decades are shown.
function sayLogTick(value, decades) {
  const exponent = Math.floor(Math.log10(value) + 1e-9), lead = Math.round(value / 10 ** exponent);
  if (lead !== 1 && !(decades < 2 && (lead === 2 || lead === 5))) return "";
  if (exponent >= -3 && exponent <= 4) return apart(String(+value.toPrecision(3)));
  return lead === 1 ? "10" + superscript(exponent) : lead + "×10" + superscript(exponent);
}

// Fewer decimals for shares: 0.9 -> "90 %".
function sayShare(share) {
  return share === null ? "–" : say(100 * share, 3) + "\u202F%";
}
