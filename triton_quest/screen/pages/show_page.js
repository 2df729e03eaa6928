// What is on the page, drawn anew after every move.
const byId = (id) => document.getElementById(id);
const counted = (count, one) => `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
const named = (program) => `(${program.join(", ")}${program.length === 1 ? "," : ""})`;
const shown = (tensor) => tensor.called || tensor.name;
const made = (tag, text = "", attributes = {}) => {
  const node = document.createElement(tag);
  node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};

let place = null, fields = [], lanes = null, playing = 0, drawn = { launch: -1, program: "" };

function go(next) {
  if (next === null) return;
  place = next;
  const launch = launched(place), program = String(place.program);
  if (drawn.launch !== place.launch) newLaunch(launch);
  if (drawn.launch !== place.launch || drawn.program !== program) listSteps(launch);
  drawn = { launch: place.launch, program };
  choosePrograms(launch);
  for (const field of fields) field.redraw();
  drawLanes();
  light();
  byId("said").textContent = sentence(launch);
  showTraffic();
  setControls(launch);
}

// The sentence that says what is drawn

function sentence(launch) {
  const steps = stepsAt(place), name = `Program ${named(place.program)}`;
  if (!steps.length) {
    if (launch.programs.has(String(place.program)) || (launch.is_whole && !DATA.is_cut)) return `${name} touches no tensor.`;
    return `${name} isn't drawn: ${launch.is_whole ? "the page holds only a part of the programs" : "the launch ended before, or did too much"}.`;
  }
  if (place.step < 0) return `${name} of ${launch.kernel}: ${counted(steps.length, "step")}. The right arrow key shows the first.`;
  const step = steps[place.step], tensor = launch.tensors[step.tensor];
  const loops = step.loops.map(([variable, value]) => `, ${variable} = ${value}`).join("");
  const where = tensor && step.touched.length ? slices(shown(tensor), step.touched, tensor.shape) : "no element";
  return `${name}, step ${place.step + 1} of ${steps.length}: ${VERBS[step.action]} ${tensor ? shown(tensor) : "no tensor at all"}, ` +
    `${step.line ? `line ${step.line}` : "a line of the kernel"}${loops}. ${where}: ${counted(lengthOf(step.touched), "element")}; ${lanesSaid(step)}.`;
}

function lanesSaid(step) {
  const all = step.block.reduce((a, b) => a * b, 1), masked = lengthOf(step.masked), outside = lengthOf(step.outside);
  const off = [masked && `${masked.toLocaleString("en")} masked off`, outside && `${outside.toLocaleString("en")} outside the tensor`];
  return `${step.block.join(" x ") || "1"} lane${all === 1 ? "" : "s"}, ${off.filter(Boolean).join(", ") || "none masked off"}`;
}

// The tensors

function newLaunch(launch) {
  document.querySelectorAll("[data-launch]").forEach((figure) => { figure.hidden = Number(figure.dataset.launch) !== place.launch; });
  const host = byId("tensors");
  host.replaceChildren();
  fields = launch.tensors.map((tensor, number) => tensorField(host, launch, tensor, number));
  for (const axis of [0, 1, 2]) byId(`axis${axis}`).parentElement.hidden = (launch.grid[axis] || 1) < 2;
}

function tensorField(host, launch, tensor, number) {
  const [rows, columns] = [1, 1, ...tensor.shape].slice(-2), total = rows * columns;
  const figure = made("figure"), title = made("figcaption");
  figure.append(title);
  host.append(figure);
  let start = 0;
  const field = new Field(figure, tensor.name, (cell) => {
    if (cell < 0) { markTouchers(null); return ""; }
    const element = start + cell, by = touchers(launch, number, element), value = valueAt(tensor, element);
    markTouchers(by);
    const whose = (programs) => (programs.length > 8 ? counted(programs.length, "program") : programs.map((one) => `(${one})`).join(" ")) || "no program";
    return `${shown(tensor)}[${indexOf(element, tensor.shape).join(", ")}]${value && ` = ${value}`}; loaded by ${whose(by.load)}; stored by ${whose(by.store)}`;
  });
  field.redraw = () => {
    const mine = (steps, not) => steps.filter((step) => step.tensor === number && step.action !== not);
    const chosen = chosenAt(place), firsts = (steps) => mine(steps).flatMap((step) => step.touched.slice(0, 1));
    const first = [firsts(chosen), firsts(stepsAt(place)), [0]].find((some) => some.length);
    start = Math.floor(first.reduce((a, b) => Math.min(a, b)) / total) * total;
    field.layout(total, columns);
    const earlier = place.step < 0 ? [] : stepsAt(place).slice(0, place.step);
    for (const step of mine(earlier)) field.fill(step.touched, start, COLOURS.earlier, "dots");
    for (const step of mine(chosen, STORE)) field.fill(step.touched, start, COLOURS.loaded, "down");
    for (const step of mine(chosen, LOAD)) field.fill(step.touched, start, COLOURS.stored, "up");
    for (const step of mine(chosen, STORE)) if (mine(chosen, LOAD).length) field.fill(step.touched, start, null, "down"); // both: crossed
    const readable = (places, size) => (places.length <= Math.max(2, size / 2) ? places : []);
    field.lines(rows === 1 ? null : readable(tensor.rows, rows), readable(tensor.columns, columns));
    field.frame();
    const plane = tensor.shape.length > 2 ? `[${indexOf(start / total, tensor.shape.slice(0, -2)).join(", ")}]` : "";
    title.textContent = `${tensor.name}${tensor.called && ` (${tensor.called}${plane})`}: ${tensor.shape.slice(-2).join(" x ") || 1}, ${tensor.dtype}`;
    field.box.dataset.touched = mine(chosen).reduce((count, step) => count + lengthOf(step.touched), 0);
  };
  field.first = () => (mineFirst(number) ?? start) - start;
  return field;
}

function mineFirst(number) {
  return chosenAt(place).find((step) => step.tensor === number && step.touched.length)?.touched[0];
}

function markTouchers(by) {
  document.querySelectorAll(`[data-launch="${place.launch}"] rect`).forEach((rect) => {
    rect.classList.toggle("loads", Boolean(by && by.load.includes(rect.dataset.program)));
    rect.classList.toggle("stores", Boolean(by && by.store.includes(rect.dataset.program)));
  });
}

function drawLanes() {
  const step = place.step < 0 ? null : stepsAt(place)[place.step];
  byId("lanes").hidden = !step;
  if (!step) return;
  const total = step.block.reduce((a, b) => a * b, 1);
  lanes.layout(total, step.block[step.block.length - 1] || 1);
  lanes.fill([0, total - 1], 0, step.action === LOAD ? COLOURS.loaded : COLOURS.stored, step.action === LOAD ? "down" : "up");
  lanes.fill(step.masked, 0, COLOURS.untouched, "");
  lanes.fill(step.outside, 0, COLOURS.outside, "dots");
  lanes.note.textContent = `${lanesSaid(step)}: empty cells are masked off${step.outside.length ? ", dotted ones miss the tensor" : ""}.`;
}

// The programs, the steps, the source

function choosePrograms(launch) {
  const chosen = String(place.program);
  document.querySelectorAll(`[data-launch="${place.launch}"] rect`).forEach((rect) => {
    rect.classList.toggle("chosen", rect.dataset.program === chosen);
  });
  const grid = document.querySelector(`[data-launch="${place.launch}"] svg`);
  if (grid) grid.setAttribute("aria-label", `Grid of ${launch.grid.join(" x ")} programs of ${launch.kernel}; chosen: ${named(place.program)}`);
}

function listSteps(launch) {
  const rows = stepsAt(place).map((step, at) => {
    const tensor = launch.tensors[step.tensor], row = made("tr"), button = made("button", String(at + 1), { type: "button" });
    button.setAttribute("aria-label", `step ${at + 1}`);
    button.addEventListener("click", () => go({ ...place, step: at }));
    const where = tensor && step.touched.length ? slices(shown(tensor), step.touched, tensor.shape) : "no element";
    const first = made("td");
    first.append(button);
    row.append(first, ...[step.line || "", step.loops.map((pair) => pair.join(" = ")).join(", "), ACTIONS[step.action], where,
      lengthOf(step.masked) || ""].map((text) => made("td", String(text))));
    return row;
  });
  byId("steps").replaceChildren(...rows);
}

function light() {
  document.querySelectorAll(".lit").forEach((line) => line.classList.remove("lit"));
  document.querySelectorAll("#steps [aria-current]").forEach((row) => row.removeAttribute("aria-current"));
  if (place.step < 0) return;
  byId("steps").children[place.step].setAttribute("aria-current", "step");
  const line = byId(`L${stepsAt(place)[place.step].line}`), box = byId("source");
  if (!line) return;
  line.classList.add("lit");
  box.scrollTop = line.offsetTop - box.offsetTop - box.clientHeight / 2;
}

function showTraffic() {
  const so_far = trafficAt(place);
  for (const [name, bytes] of Object.entries(so_far)) {
    byId(`${name}-loads`).textContent = bytes ? counted(bytes[0], "byte") : "";
    byId(`${name}-stores`).textContent = bytes ? counted(bytes[1], "byte") : "";
  }
}

// Controls

function setControls(launch) {
  const steps = stepsAt(place);
  const set = (id, at, most, words) => {
    const slider = byId(id);
    slider.max = most;
    slider.value = at;
    slider.setAttribute("aria-valuetext", words);
    byId(`${id}-value`).textContent = words;
  };
  launch.grid.forEach((size, axis) => set(`axis${axis}`, place.program[axis], size - 1, `${place.program[axis]} of 0 to ${size - 1}`));
  set("step", place.step + 1, steps.length, place.step < 0 ? `all ${steps.length}` : `${place.step + 1} of ${steps.length}`);
  byId("launch").value = place.launch;
}

function play() {
  const begins = !playing;
  clearInterval(playing);
  playing = begins ? setInterval(() => { const next = onward(place); if (next === null) play(); else go(next); }, 700) : 0;
  byId("play").textContent = begins ? "Pause" : "Play";
  byId("play").setAttribute("aria-pressed", String(begins));
  byId("said").setAttribute("aria-live", begins ? "off" : "polite"); // a reader would be told without a pause
}

const KEYS = {
  ArrowRight: () => byStep(place, 1), ArrowLeft: () => byStep(place, -1),
  ArrowDown: () => byRound(place, 1), ArrowUp: () => byRound(place, -1),
  d: () => byProgram(place, 0, 1), a: () => byProgram(place, 0, -1),
  s: () => byProgram(place, 1, 1), w: () => byProgram(place, 1, -1),
  x: () => byProgram(place, 2, 1), z: () => byProgram(place, 2, -1),
  l: () => toLaunch((place.launch + 1) % LAUNCHES.length),
};

function pressed(event) {
  const tag = event.target.tagName;
  if (event.ctrlKey || event.altKey || event.metaKey || ["INPUT", "SELECT"].includes(tag)) return;
  if (event.key === " " && tag !== "BUTTON" && tag !== "SUMMARY") { event.preventDefault(); play(); return; }
  const move = KEYS[event.key];
  if (!move) return;
  event.preventDefault();
  go(move());
}

function openTrace() {
  byId("trace").hidden = false;
  lanes = new Field(byId("lanes-field"), "lanes", null);
  byId("launch").append(...LAUNCHES.map((launch, at) => made("option", `${at + 1}: ${launch.kernel}`, { value: at })));
  byId("launch").parentElement.hidden = LAUNCHES.length < 2;
  byId("launch").addEventListener("change", (event) => go(toLaunch(Number(event.target.value))));
  [0, 1, 2].forEach((axis) => byId(`axis${axis}`).addEventListener("input", (event) =>
    go(toProgram(place, place.program.map((at, one) => (one === axis ? Number(event.target.value) : at))))));
  byId("step").addEventListener("input", (event) => go({ ...place, step: Number(event.target.value) - 1 }));
  document.querySelectorAll("[data-key]").forEach((button) => button.addEventListener("click", () => go(KEYS[button.dataset.key]())));
  byId("play").addEventListener("click", play);
  document.querySelectorAll("rect[data-program]").forEach((rect) => rect.addEventListener("click", () =>
    go(toProgram(place, rect.dataset.program.split(",").map(Number)))));
  document.addEventListener("keydown", pressed);
  const [launch, program, step] = DATA.start;
  go({ launch, program, step });
}

// The map of a wrong answer

function openErrors({ map, values, mismatch }) {
  byId("errors").hidden = false;
  const rows = map.cells.length, columns = map.cells[0].length;
  const expected = values && new Float32Array(bytesOf(values.expected).buffer), actual = values && new Float32Array(bytesOf(values.actual).buffer);
  const name = map.answer || "the answer";
  const field = new Field(byId("errors-field"), `errors of ${name}`, (cell) => {
    if (cell < 0) return "";
    const sign = map.cells[Math.floor(cell / columns)][cell % columns], at = values ? values.places[cell] : 0;
    const index = [...map.at, ...(map.shape[0] === 1 ? [at % map.shape[1]] : [Math.floor(at / map.shape[1]), at % map.shape[1]])];
    const numbers = values ? `${name}[${index.join(", ")}]: expected ${shortly(expected[cell], 7)}, got ${shortly(actual[cell], 7)}` : "";
    return `${numbers}; ${sign === "0" ? "right" : sign === "n" ? "inf or nan where it shouldn't be, or missing" : "beyond the allowed error"}`;
  });
  field.redraw = () => {
    field.layout(rows * columns, columns);
    map.cells.join("").split("").forEach((sign, cell) => {
      if (sign === "0") return;
      const level = sign === "n" ? 9 : Number(sign);
      field.fill([cell, cell], 0, COLOURS[`wrong${Math.min(4, Math.ceil(level / 2))}`], sign === "n" ? "dots" : level > 4 ? "down" : "");
    });
    const starts = (size, tile, cell) => (tile ? Array.from({ length: Math.ceil(size / tile) }, (_, at) => (at * tile) / cell) : []);
    field.lines(rows === 1 ? null : starts(map.shape[0], map.tile[0], map.cell[0]), starts(map.shape[1], map.tile[1], map.cell[1]).filter(Number.isInteger));
    field.frame();
  };
  field.first = () => Math.floor(map.worst[0] / map.cell[0]) * columns + Math.floor(map.worst[1] / map.cell[1]);
  field.redraw();
  const wrong = mismatch ? `${mismatch.wrong.toLocaleString("en")} of ${mismatch.total.toLocaleString("en")} elements are wrong. ` : "";
  const worst = mismatch ? `The worst, [${mismatch.index.join(", ")}]: expected ${mismatch.expected}, got ${mismatch.actual} (allowed error ${mismatch.allowed}). ` : "";
  const cell = map.cell[0] * map.cell[1] === 1 ? "one element" : `the worst of ${map.cell.join(" x ")} elements`;
  byId("errors-said").textContent = `${wrong}${worst}A cell: ${cell}; empty ones are right; the more a cell stands out, the farther off it is; hatched ones more than a hundred times the allowed error, dotted ones inf or nan, or missing.`;
  return field;
}

readColours();
if (DATA.start) openTrace();
const errors = DATA.errors && openErrors(DATA.errors);
function redrawAll() {
  readColours();
  if (place) go(place);
  if (errors) errors.redraw();
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
addEventListener("resize", redrawAll);
