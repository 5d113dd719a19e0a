
// The matrix: a cell shows its faces, and is in the address (#cell=fear,sad), so that it can be sent.
const buttons = [...table.querySelectorAll("button[data-cell]")];
const buttonOf = (row, column) => buttons.find((button) => button.dataset.cell === `cell-${row}-${column}`);
const addressOf = (row, column) => `#cell=${[row, column].map((i) => encodeURIComponent(exactNames[i])).join(",")}`;

function cellOf(hash) {
  const numbered = /^#cell-(\d+)-(\d+)$/.exec(hash);
  if (numbered) return numbered.slice(1).map(Number);
  if (!hash.startsWith("#cell=")) return null;
  const cell = hash.slice(6).split(",").map((name) => exactNames.indexOf(decodeURIComponent(name)));
  return cell.length === 2 && cell.every((index) => index >= 0) ? cell : null;
}

function press() {
  const want = find();
  for (const button of buttons) {
    button.setAttribute("aria-pressed", String(button.dataset.cell === `cell-${want.label}-${want.predicted}`));
  }
  return want;
}

function choose([row, column]) {
  form.reset();
  form.elements.label.value = row;
  form.elements.predicted.value = column;
  press();
}

// Only as far as the matrix stays in view.
function reveal() {
  const missing = list.getBoundingClientRect().top + 160 - innerHeight;
  const room = table.getBoundingClientRect().top - 60;
  if (missing > 0 && room > 0) scrollBy({ top: Math.min(missing, room) });
}

let pressed = false;
for (const button of buttons) {
  button.tabIndex = button === buttons[0] ? 0 : -1;
  const cell = button.dataset.cell.split("-").slice(1).map(Number);
  button.addEventListener("focus", () => {
    buttons.forEach((each) => { each.tabIndex = each === button ? 0 : -1; });
  });
  button.addEventListener("click", () => {
    pressed = true;
    if (location.hash === addressOf(...cell)) follow(); else location.hash = addressOf(...cell);
  });
  button.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    let [row, column] = cell;
    do {
      row += step[0];
      column += step[1];
      const next = buttonOf(row, column);
      if (next) return next.focus();
    } while (row >= 0 && column >= 0 && row < names.length && column < names.length);
  });
}

function follow() {
  let cell = null;
  try { cell = cellOf(location.hash); } catch { /* an address that nobody wrote */ }
  if (!cell) return;
  choose(cell);
  if (location.hash !== addressOf(...cell)) history.replaceState(null, "", addressOf(...cell));
  if (pressed) reveal(); else document.getElementById("confusions").scrollIntoView();
  pressed = false;
}
addEventListener("hashchange", follow);
form.addEventListener("input", press);
form.addEventListener("reset", () => setTimeout(press));
document.querySelectorAll('input[name="show"]').forEach((input) => {
  input.addEventListener("change", () => { table.dataset.show = input.value; });
});

const overlay = document.getElementById("overlay");
function toggleOverlay() {
  const on = root.classList.toggle("overlay");
  overlay.setAttribute("aria-pressed", String(on));
  const drawn = list.querySelectorAll(".pic i").length;
  statusLine.textContent = on
    ? `Saliency overlay on: ${drawn} of the ${list.children.length} faces shown have a map; the others say so.`
    : "Saliency overlay off.";
}
if (overlay) overlay.addEventListener("click", toggleOverlay);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("select, input:not(.pick)")) return;
  if (event.key === "o" && overlay && event.target.closest("#confusions, .side")) toggleOverlay();
  if (event.key === "Escape" && event.target.closest("#faces")) {
    (buttons.find((button) => button.getAttribute("aria-pressed") === "true") || buttons[0]).focus();
  }
});
