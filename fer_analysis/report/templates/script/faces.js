
// The faces: found by filters, sorted, shown a page at a time. Where scripts run, a browser takes
// what stands in <noscript> as text. Only its attributes are read; a face becomes an element when
// it is shown, so that thousands of them cost little.
const root = document.documentElement;
const table = document.getElementById("confusion");
const exactNames = JSON.parse(table.dataset.names);
const names = [...table.querySelectorAll("thead th")].map((th) => th.textContent.trim());
const statusLine = document.getElementById("status");
const form = document.getElementById("find");
const list = document.getElementById("faces");
const pages = document.getElementById("pages");
const ON_PAGE = matchMedia("(max-width: 40rem)").matches ? 20 : 60;
const MOST_BARS = 8;
root.classList.add("js");
document.querySelectorAll(".tools").forEach((tools) => { tools.hidden = false; });
list.hidden = false;

const element = (tag, className, text) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
};
const numbers = (text) => (text ? text.split(",").map(Number) : []);

const ENTITIES = { amp: "&", lt: "<", gt: ">", "#34": '"', "#39": "'" };
const plain = (text) => text.replace(/&(amp|lt|gt|#34|#39);/g, (_, name) => ENTITIES[name]);

function readFace(html, label, predicted) {
  const data = {};
  for (const [, name, value] of html.slice(0, html.indexOf(">")).matchAll(/ data-([a-z]+)="([^"]*)"/g)) {
    data[name] = plain(value);
  }
  const marks = /<span class="marks">([^<]*)</.exec(html);
  const shares = numbers(data.p).map((value) => value / 1000);
  return {
    html, id: data.id, label, predicted, shares, votes: numbers(data.v),
    agreement: data.a || "", falls: data.w || "",
    pixels: data.x || "",
    exact: data.exact ? JSON.parse(data.exact) : data.id,
    confidence: shares[predicted],
    slices: data.s ? data.s.split(",") : [],
    marks: marks ? plain(marks[1]).split(", ") : [],
    map: html.includes("<i></i>"),
  };
}

const bunches = document.getElementById("bunches");
const faces = bunches.textContent.split('<details class="bunch" id="cell-').slice(1).flatMap((bunch) => {
  const [label, predicted] = bunch.slice(0, bunch.indexOf('"')).split("-").map(Number);
  return bunch.split("<li ").slice(1).map((html) => readFace(html, label, predicted));
});
bunches.remove();
const faceOf = new Map(faces.map((face) => [face.id, face]));

// The model's probabilities above, the annotators' votes (striped) below, a line for each label.
function bars(face) {
  const all = face.votes.reduce((sum, value) => sum + value, 0) || 1;
  const weight = (i) => Math.max(face.shares[i], (face.votes[i] || 0) / all) + (i === face.label ? 2 : 0);
  let shown = names.map((name, index) => index);
  if (shown.length > MOST_BARS) {
    shown = shown.sort((a, b) => weight(b) - weight(a)).slice(0, MOST_BARS).sort((a, b) => a - b);
  }
  const box = element("div", "bars");
  box.setAttribute("aria-hidden", "true");
  for (const index of shown) {
    box.append(element("span", index === face.label ? "true" : "", names[index]));
    const line = element("u");
    const model = element("b");
    model.style.width = `${100 * face.shares[index]}%`;
    line.append(model);
    if (face.votes[index]) {
      const people = element("em");
      people.style.width = `${(100 * face.votes[index]) / all}%`;
      line.append(people);
    }
    box.append(line);
  }
  return box;
}

function itemOf(face) {
  const holder = element("template");
  holder.innerHTML = `<li ${face.html.slice(0, face.html.indexOf("</li>"))}</li>`;
  return holder.content.firstChild;
}

// Makes the element, with bars and a check box, which is what the keyboard moves between.
function dress(face) {
  face.item = face.item || itemOf(face);
  if (face.item.dataset.dressed) return;
  face.item.dataset.dressed = "yes";
  face.item.classList.add("with-bars");
  const picture = face.item.querySelector(".pic");
  if (!picture) face.item.classList.add("no-pic");
  else if (!face.map) picture.classList.add("no-map");
  const box = bars(face);
  if (picture) picture.after(box); else face.item.prepend(box);
  const pick = element("input", "pick");
  pick.type = "checkbox";
  pick.tabIndex = -1;
  pick.setAttribute("aria-label", `Face ${face.id}: labelled ${names[face.label]}, predicted as ` +
    `${names[face.predicted]} ${Math.round(100 * face.confidence)} %`);
  face.item.prepend(pick);
}

// One tab stop in a list of faces: arrow keys move inside it.
function roam(faceList) {
  const picks = () => [...faceList.querySelectorAll(".pick")];
  const stop = (at) => picks().forEach((pick, index) => { pick.tabIndex = index === at ? 0 : -1; });
  faceList.addEventListener("focusin", (event) => {
    const at = picks().indexOf(event.target);
    if (at >= 0) stop(at);
  });
  faceList.addEventListener("keydown", (event) => {
    const all = picks();
    const at = all.indexOf(event.target);
    if (at < 0) return;
    const top = all[0].parentElement.offsetTop;
    const across = all.filter((pick) => pick.parentElement.offsetTop === top).length;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across, Home: -at, End: all.length - 1 - at };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const next = all[Math.min(all.length - 1, Math.max(0, at + steps[event.key]))];
    next.focus();
  });
  return () => stop(0);
}
const firstStop = roam(list);

const ORDERS = {
  errors: (a, b) => (a.label === a.predicted) - (b.label === b.predicted) || b.confidence - a.confidence,
  sure: (a, b) => b.confidence - a.confidence,
  unsure: (a, b) => a.confidence - b.confidence,
  loss: (a, b) => a.shares[a.label] - b.shares[b.label],
  votes: (a, b) => against(b) - against(a),
  id: (a, b) => a.id.localeCompare(b.id, "en", { numeric: true }),
};
function against(face) {
  const all = face.votes.reduce((sum, value) => sum + value, 0);
  return all ? 1 - face.votes[face.label] / all : -1;
}

function matches(face, want) {
  const percent = 100 * face.confidence;
  return (!want.label || face.label === Number(want.label)) &&
    (!want.predicted || face.predicted === Number(want.predicted)) &&
    (!want.id || face.id.toLowerCase().includes(want.id)) &&
    (!want.answer || (want.answer === "correct") === (face.label === face.predicted)) &&
    percent >= Number(want.low || 0) - 0.05 && percent <= Number(want.high || 100) + 0.05 &&
    (!want.agreement || face.agreement === want.agreement) &&
    (!want.mark || face.marks.includes(want.mark)) &&
    (!want.condition || Number(face.falls[want.condition] || 0) > 0) &&
    (!want.slice || face.slices.includes(want.slice)) &&
    (!want.map || (want.map === "yes") === face.map);
}

let found = faces;
let page = 1;

function showPage(number) {
  const last = Math.max(1, Math.ceil(found.length / ON_PAGE));
  page = Math.min(last, Math.max(1, number));
  const shown = found.slice((page - 1) * ON_PAGE, page * ON_PAGE);
  shown.forEach(dress);
  list.replaceChildren(...shown.map((face) => face.item));
  firstStop();
  const [before, told, after] = pages.children;
  told.textContent = `page ${page} of ${last}`;
  before.disabled = page === 1;
  after.disabled = page === last;
  pages.hidden = last === 1;
}

function find() {
  const want = Object.fromEntries(new FormData(form));
  want.id = want.id.trim().toLowerCase();
  found = faces.filter((face) => matches(face, want)).sort(ORDERS[want.sort]);
  showPage(1);
  const text = (name) => form.elements[name].selectedOptions[0].textContent;
  const what = want.label && want.predicted ? ` ${text("label")} predicted as ${text("predicted")}:` : "";
  const button = what && table.querySelector(`[data-cell="cell-${want.label}-${want.predicted}"]`);
  const on = what ? faces.filter((face) => face.label === Number(want.label) && face.predicted === Number(want.predicted)).length : 0;
  const hidden = button && Number(button.dataset.count) > on ? `; ${on} of the cell's ${button.dataset.count} are on this page` : "";
  const plural = found.length === 1 ? "face" : "faces";
  statusLine.textContent = `Showing${what} ${found.length.toLocaleString("en")} ${plural}${hidden}. ` +
    "Bars: the model's probabilities; striped, where there are votes: the annotators' shares.";
  return want;
}

form.addEventListener("submit", (event) => event.preventDefault());
pages.addEventListener("click", (event) => {
  const step = Number(event.target.dataset.step);
  if (!step) return;
  showPage(page + step);
  document.getElementById("find").scrollIntoView({ block: "nearest" });
});
const small = document.getElementById("small");
small.addEventListener("click", () => {
  small.setAttribute("aria-pressed", String(list.classList.toggle("pictures")));
});
