// In which order does the page come to life, in which theme, and how does it get onto paper?
// SPDX-License-Identifier: Apache-2.0

const root = document.documentElement;

function setTheme(theme, remember) {
  root.dataset.theme = theme;
  const button = document.getElementById("theme");
  button.textContent = theme === "dark" ? "Light" : "Dark";
  button.setAttribute("aria-label", `Switch to the ${theme === "dark" ? "light" : "dark"} theme`);
  button.hidden = false;
  if (remember) try { localStorage.setItem("rankflow-theme", theme); } catch (refused) { /* the choice lasts for this visit */ }
}

function redrawPage() {
  Chart.defaults.color = css("soft");
  for (const paint of REPAINT) paint();
}

// Paper is light and has its own width; the screen's look comes back afterwards.
let themeBeforePrint = null;
function beforePrint() {
  if (themeBeforePrint) return;
  themeBeforePrint = root.dataset.theme;
  setTheme("light", false);
  root.classList.add("printing");
  redrawPage();
}
function afterPrint() {
  if (!themeBeforePrint) return;
  root.classList.remove("printing");
  setTheme(themeBeforePrint, false);
  themeBeforePrint = null;
  redrawPage();
}

// What a test or a curious reader may ask: how many errors, how many figures, how long.
let errors = 0;
addEventListener("error", () => { root.dataset.errors = ++errors; });

const started = performance.now();
root.dataset.errors = 0;
setTheme(root.dataset.theme, false);
Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
Chart.defaults.color = css("soft");
for (const draw of PARTS) {
  try {
    draw();
  } catch (error) {  // one broken part must not take the others with it
    root.dataset.errors = ++errors;
    console.error(error);
  }
}
document.getElementById("theme").addEventListener("click", () => {
  setTheme(isDark() ? "light" : "dark", true);
  redrawPage();
});
systemTheme.addEventListener("change", event => {
  if (chosenTheme() || themeBeforePrint) return;
  setTheme(event.matches ? "dark" : "light", false);
  redrawPage();
});
addEventListener("beforeprint", beforePrint);
addEventListener("afterprint", afterPrint);
root.dataset.figures = document.querySelectorAll("figure:not([hidden])").length;
root.dataset.drawn = figures.filter(entry => !entry.figure.hidden && entry.chart.width > 0).length + (DATA.maps || []).length;
root.dataset.milliseconds = Math.round(performance.now() - started);
