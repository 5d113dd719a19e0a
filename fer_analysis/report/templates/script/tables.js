
// Long tables: a heading sorts, a box searches.
const SEARCHED = 12;
const sortable = [...document.querySelectorAll("table.plain")].filter(
  (each) => each.tBodies[0].rows.length > 4 && !each.querySelector("[rowspan]"),
);

function cellValue(row, column) {
  const text = row.cells[column].textContent.trim();
  const number = parseFloat(text.replace(/,/g, "").replace("−", "-"));
  return Number.isNaN(number) ? text.toLowerCase() : number;
}
function compare(a, b) {
  if (typeof a === typeof b) return typeof a === "number" ? a - b : a.localeCompare(b);
  return typeof a === "number" ? -1 : 1;
}
for (const each of sortable) {
  const body = each.tBodies[0];
  const rows = [...body.rows];
  const heads = [...each.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = element("button", "sort");
    button.type = "button";
    button.append(...head.childNodes);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "descending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "ascending" : "descending");
      const sign = down ? 1 : -1;
      const sorted = [...rows].sort((a, b) => sign * compare(cellValue(a, column), cellValue(b, column)));
      body.append(...sorted);
    });
  });
  if (rows.length < SEARCHED) continue;
  const label = element("label", "seek", "search the table ");
  const box = element("input");
  box.type = "search";
  label.append(box);
  each.parentElement.before(label);
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(words);
  });
}

press();
follow();
root.dataset.ready = "yes";
