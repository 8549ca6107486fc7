// What main.js brings to life on the page of a completion.
// SPDX-License-Identifier: Apache-2.0

const PARTS = [drawQuality, drawMaps, drawSpectrum, drawPanels, drawHistory, prepareTables];
const REPAINT = [redrawAll, paintMaps];
