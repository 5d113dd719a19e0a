
// Faces that a person selects, and their ids as CSV.
const picked = new Map();

function tellPicked() {
  document.getElementById("picked").textContent = `${picked.size.toLocaleString("en")} selected`;
  document.querySelectorAll(".pick").forEach((pick) => {
    pick.checked = picked.has(pick.parentElement.dataset.id);
  });
}
document.addEventListener("change", (event) => {
  if (!event.target.matches(".pick")) return;
  const { id } = event.target.parentElement.dataset;
  if (event.target.checked) picked.set(id, faceOf.get(id)); else picked.delete(id);
  tellPicked();
});
document.getElementById("pick").addEventListener("click", () => {
  found.forEach((face) => picked.set(face.id, face));
  tellPicked();
});
document.getElementById("unpick").addEventListener("click", () => {
  picked.clear();
  tellPicked();
});

function asCsv() {
  const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = [...picked.values()].map((face) =>
    [face.exact, exactNames[face.label], exactNames[face.predicted], face.confidence.toFixed(3), face.pixels]
      .map(cell).join(","));
  return ["id,label,predicted,confidence,pixels", ...rows, ""].join("\n");
}
document.getElementById("save").addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([asCsv()], { type: "text/csv" }));
  link.download = "faces.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});
document.getElementById("copy").addEventListener("click", () => {
  const tell = (text) => { statusLine.textContent = text; };
  if (!navigator.clipboard) return tell("This browser does not let a page copy: use Download CSV.");
  navigator.clipboard.writeText(asCsv()).then(
    () => tell(`${picked.size} faces copied as CSV.`),
    () => tell("The browser did not allow copying: use Download CSV."),
  );
});

// Faces that only one of two runs predicts correctly: the same cards in lists of their own.
document.querySelectorAll("details.side").forEach((side) => {
  const sideList = side.querySelector(".faces");
  const stop = roam(sideList);
  side.addEventListener("toggle", () => {
    if (!side.open || side.dataset.seen) return;
    side.dataset.seen = "yes";
    for (const item of sideList.children) {
      const known = faceOf.get(item.dataset.id);
      if (known) dress({ ...known, item });
    }
    stop();
    tellPicked();
  });
});
