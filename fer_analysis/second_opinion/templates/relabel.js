// One face after another: a label, skip or undo. Answers stay in the browser until they are saved.
(() => {
  "use strict";
  const get = (id) => document.getElementById(id);
  const { key, labels, faces } = JSON.parse(get("content").textContent);
  const places = new Map(faces.map((face, place) => [face.id, place]));
  const SKIPPED = -1;
  let answers = new Map();  // place of a face -> place of a label, or SKIPPED; in order of answering
  let kept = true;

  const say = (text) => { get("status").textContent = text; };
  const next = () => faces.findIndex((face, place) => !answers.has(place));

  function keep() {
    const said = [...answers].map(([place, label]) => [faces[place].id, label]);
    try {
      localStorage.setItem(key, JSON.stringify(said));
    } catch {
      if (kept) say("This browser keeps nothing for this page: download your answers before you close it.");
      kept = false;
    }
  }

  function restore() {
    try {
      for (const [id, label] of JSON.parse(localStorage.getItem(key) || "[]")) {
        if (places.has(id) && label >= SKIPPED && label < labels.length) answers.set(places.get(id), label);
      }
      if (answers.size) say(`Going on after ${answers.size} faces that were answered before.`);
    } catch {
      answers = new Map();
    }
  }

  function show() {
    const place = next();
    const skipped = [...answers.values()].filter((label) => label === SKIPPED).length;
    get("bar").value = answers.size;
    get("count").textContent = `${answers.size - skipped} labelled, ${skipped} skipped, ` +
      `${faces.length - answers.size} left`;
    get("undo").disabled = !answers.size;
    const done = place < 0;
    get("now").hidden = done;
    get("done").hidden = !done;
    if (done) {
      get("done").focus();
      return;
    }
    const face = faces[place];
    get("face").src = face.src;
    get("face").alt = `Face ${place + 1} of ${faces.length}`;
    const seen = [];
    if ("label" in face) seen.push(`filed under: ${face.label}`);
    if ("model" in face) seen.push(`the model: ${face.model}`);
    get("seen").textContent = seen.join("; ");
  }

  function answer(label) {
    const place = next();
    if (place < 0) return;
    answers.set(place, label);
    say(`Face ${place + 1}: ${label === SKIPPED ? "skipped" : labels[label]}.`);
    keep();
    show();
  }

  function undo() {
    const last = [...answers.keys()].pop();
    if (last === undefined) return;
    answers.delete(last);
    say(`Face ${last + 1}: answer taken back.`);
    keep();
    show();
  }

  // A cell that a spreadsheet would run as a formula is made text by an apostrophe.
  const cell = (text) => {
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const plain = (text) => (/^'[=+\-@\t\r]/.test(text) ? text.slice(1) : text);

  function download() {
    const lines = ["id,label,pixels"];
    faces.forEach((face, place) => {
      const label = answers.get(place);
      if (label === undefined || label === SKIPPED) return;
      lines.push([face.id, labels[label], face.pixels].map(cell).join(","));
    });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }));
    link.download = "second-opinion.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    say(`${lines.length - 1} labels were downloaded as ${link.download}.`);
  }

  function rowsOf(text) {
    const rows = [[]];
    const cells = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|\r|$)/gy;
    for (let found; cells.lastIndex < text.length && (found = cells.exec(text));) {
      const value = found[1].startsWith('"') ? found[1].slice(1, -1).replaceAll('""', '"') : found[1];
      rows[rows.length - 1].push(value.trim());
      if (found[2] !== ",") rows.push([]);
    }
    return rows.filter((row) => row.some((value) => value));
  }

  // Marks of two images of one size; images that were read at another size have other pixels.
  const differ = (mark, other) => mark !== other && mark.split("-")[0] === other.split("-")[0];

  async function load(file) {
    const [head, ...rows] = rowsOf((await file.text()).replace(/^\uFEFF/, ""));
    const id = head ? head.indexOf("id") : -1;
    const label = head ? head.indexOf("label") : -1;
    if (id < 0 || label < 0) {
      say(`${file.name}: expected the columns id,label. Nothing was loaded.`);
      return;
    }
    const pixels = head.indexOf("pixels");
    const other = rows.find((row) => {
      const face = faces[places.get(plain(row[id] || ""))];
      return face && pixels >= 0 && differ(row[pixels] || "", face.pixels);
    });
    if (other) {
      say(`${file.name}: answers on other data: the face '${plain(other[id])}' has other pixels on this page. Nothing was loaded.`);
      return;
    }
    let loaded = 0;
    for (const row of rows) {
      const place = places.get(plain(row[id] || ""));
      const found = labels.indexOf(plain(row[label] || ""));
      if (place === undefined || found < 0) continue;
      answers.set(place, found);
      loaded += 1;
    }
    keep();
    show();
    say(`${file.name}: ${loaded} answers loaded, ${rows.length - loaded} rows are not of this page.`);
  }

  get("labels").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) answer(Number(button.dataset.label));
  });
  get("skip").addEventListener("click", () => answer(SKIPPED));
  get("undo").addEventListener("click", undo);
  get("download").addEventListener("click", download);
  get("load").addEventListener("change", (event) => {
    if (event.target.files.length) load(event.target.files[0]);
    event.target.value = "";
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const pressed = event.key.toLowerCase();
    if (pressed === "u") undo();
    else if (pressed === "0" || pressed === "s") answer(SKIPPED);
    else if (/^[1-9]$/.test(pressed) && Number(pressed) <= labels.length) answer(Number(pressed) - 1);
  });

  restore();
  get("work").hidden = false;
  show();
})();
