// What main.js brings to life on a study's page.
// SPDX-License-Identifier: Apache-2.0

const PARTS = [drawPanels, prepareTables];
const REPAINT = [redrawAll];
