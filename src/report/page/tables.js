// How are tables sorted by their headings, and the command copied?
// SPDX-License-Identifier: Apache-2.0

function sortTable(table, column, descending) {
  const body = table.tBodies[0], key = row => {
    const cell = row.cells[column];
    return "sort" in cell.dataset ? cell.dataset.sort : cell.textContent;
  };
  const numeric = "sort" in (body.rows[0] || {cells: []}).cells[column].dataset;
  const sign = descending ? -1 : 1;
  const rows = [...body.rows].sort((a, b) => {
    const x = key(a), y = key(b);
    if (numeric && (x === "" || y === "")) return (x === "") - (y === "");  // missing numbers last
    return sign * (numeric ? x - y : x.localeCompare(y, undefined, {numeric: true}));
  });
  body.append(...rows);
}

function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = head.querySelector("button");
    if (!button) return;
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      const descending = before ? before === "ascending" : head.classList.contains("number");
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      sortTable(table, column, descending);
    });
  });
}

async function copyCommand(button) {
  const code = button.parentNode.querySelector("code");
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  } catch (refused) {  // without permission the text is selected, ready for the keyboard
    getSelection().selectAllChildren(code);
    button.textContent = "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

function prepareTables() {
  document.querySelectorAll("table.sortable").forEach(makeSortable);
  document.querySelectorAll("button.copy").forEach(button => button.addEventListener("click", () => copyCommand(button)));
}
