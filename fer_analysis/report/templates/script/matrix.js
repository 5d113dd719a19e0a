// The cells of the confusion matrix open their faces. Everything shown is in the page already.
(() => {
  "use strict";
  const root = document.documentElement;
  const table = document.getElementById("confusion");
  const status = document.getElementById("status");
  const buttons = [...table.querySelectorAll("button[data-cell]")];
  const names = [...table.querySelectorAll("thead th")].map((th) => th.textContent.trim());
  const MOST_BARS = 8;
  root.classList.add("js");
  document.querySelectorAll(".tools").forEach((tools) => { tools.hidden = false; });

  const element = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };
  const numbers = (text) => (text ? text.split(",").map(Number) : []);

  // The model's probabilities above, the annotators' votes (striped) below, a line for each label.
  function bars(face, trueName) {
    const p = numbers(face.dataset.p).map((value) => value / 1000);
    const v = numbers(face.dataset.v);
    const all = v.reduce((sum, value) => sum + value, 0) || 1;
    let shown = names.map((name, index) => index);
    if (shown.length > MOST_BARS) {
      const weight = (i) => Math.max(p[i], (v[i] || 0) / all) + (names[i] === trueName ? 2 : 0);
      shown = shown.sort((a, b) => weight(b) - weight(a)).slice(0, MOST_BARS).sort((a, b) => a - b);
    }
    const box = element("div", "bars");
    box.setAttribute("aria-hidden", "true");
    for (const index of shown) {
      box.append(element("span", names[index] === trueName ? "true" : "", names[index]));
      const line = element("u");
      const model = element("b");
      model.style.width = `${100 * p[index]}%`;
      line.append(model);
      if (v.length && v[index]) {
        const people = element("em");
        people.style.width = `${(100 * v[index]) / all}%`;
        line.append(people);
      }
      box.append(line);
    }
    return box;
  }

  function dress(bunch) {
    if (bunch.dataset.dressed) return;
    bunch.dataset.dressed = "yes";
    const row = /^cell-(\d+)-/.exec(bunch.id);
    for (const face of bunch.querySelectorAll(".face")) {
      face.tabIndex = 0;
      face.classList.add("with-bars");
      const picture = face.querySelector(".pic");
      if (!picture) face.classList.add("no-pic");
      const box = bars(face, row ? names[Number(row[1])] : "");
      if (picture) picture.after(box); else face.prepend(box);
    }
  }

  const buttonOf = (id) => buttons.find((button) => button.dataset.cell === id);

  function choose(id, focus) {
    const bunch = document.getElementById(id);
    if (!bunch || !bunch.classList.contains("bunch")) return;
    for (const other of document.querySelectorAll(".bunch.chosen")) other.classList.remove("chosen");
    for (const button of buttons) button.setAttribute("aria-expanded", String(button.dataset.cell === id));
    dress(bunch);
    bunch.open = true;
    bunch.classList.add("chosen");
    const summary = bunch.querySelector("summary");
    status.textContent = `Showing ${summary.textContent}. ` +
      "Bars: the model's probabilities; striped, where there are votes: the annotators' shares.";
    if (focus) {
      summary.focus({ preventScroll: true });
      bunch.scrollIntoView({ block: "nearest" });
    }
  }

  for (const button of buttons) {
    button.setAttribute("aria-controls", button.dataset.cell);
    button.addEventListener("click", () => choose(button.dataset.cell, true));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      if (!step) return;
      let [row, column] = button.dataset.cell.split("-").slice(1).map(Number);
      for (;;) {
        row += step[0];
        column += step[1];
        if (row < 0 || column < 0 || row >= names.length || column >= names.length) return;
        const next = buttonOf(`cell-${row}-${column}`);
        if (next) {
          event.preventDefault();
          next.focus();
          return;
        }
      }
    });
  }

  document.querySelectorAll("details.side").forEach((side) => {
    side.addEventListener("toggle", () => side.open && dress(side));
  });
  document.querySelectorAll('input[name="show"]').forEach((input) => {
    input.addEventListener("change", () => { table.dataset.show = input.value; });
  });

  const overlay = document.getElementById("overlay");
  function toggle() {
    const on = root.classList.toggle("overlay");
    overlay.setAttribute("aria-pressed", String(on));
    const shown = document.querySelectorAll(".bunch.chosen .pic i").length;
    status.textContent = on
      ? `Saliency overlay on: ${shown} of the faces shown have a map.`
      : "Saliency overlay off.";
  }
  if (overlay) overlay.addEventListener("click", toggle);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const inside = event.target.closest && event.target.closest("#confusions, .side");
    if (event.key === "o" && overlay && inside) toggle();
    if (event.key === "Escape") {
      const bunch = event.target.closest && event.target.closest(".bunch");
      if (bunch) buttonOf(bunch.id).focus();
    }
  });

  const follow = () => choose(decodeURIComponent(location.hash.slice(1)), true);
  window.addEventListener("hashchange", follow);
  if (/^#cell-\d+-\d+$/.test(location.hash)) follow();
  root.dataset.ready = "yes";
})();
