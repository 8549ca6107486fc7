// Which theme does the page start in? Runs in the head, before anything is seen.
// SPDX-License-Identifier: Apache-2.0

// What was asked for in the address (?theme=dark), else what the reader chose before, else what the system prefers.
function chosenTheme() {
  const asked = new URLSearchParams(location.search).get("theme");
  return asked === "dark" || asked === "light" ? asked : rememberedTheme();
}

function rememberedTheme() {
  try { return localStorage.getItem("rankflow-theme"); } catch (refused) { return null; }
}

const systemTheme = matchMedia("(prefers-color-scheme: dark)");
document.documentElement.dataset.theme = chosenTheme() || (systemTheme.matches ? "dark" : "light");
