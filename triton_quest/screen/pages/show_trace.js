// The trace, its moves, and what is counted of it. The moves are those of the live session: each ends at a place that exists.
const DATA = JSON.parse(document.getElementById("data").textContent);
const LOAD = 0, STORE = 1, ATOMIC = 2;
const ACTIONS = ["load", "store", "atomic"], VERBS = ["loads from", "stores to", "updates"];
const NEVER_WRITTEN = 0x7fc001;

function stepOf([site, loops, block, touched, masked, outside]) {
  const [action, tensor, line, source] = DATA.sites[site];
  return { action, tensor, line, source, loops: DATA.loops[loops], block: DATA.blocks[block], touched, masked, outside };
}

const LAUNCHES = DATA.launches.map((launch) => ({
  ...launch,
  programs: new Map(launch.programs.map(([program, steps]) => [String(program), steps.map(stepOf)])),
}));

const launched = (place) => LAUNCHES[place.launch];
const stepsAt = (place) => launched(place).programs.get(String(place.program)) || [];
const chosenAt = (place) => (place.step < 0 ? stepsAt(place) : [stepsAt(place)[place.step]]);
const within = (at, count) => Math.max(0, Math.min(at, count - 1));

function byStep(place, by) {
  return { ...place, step: Math.max(-1, Math.min(place.step + by, stepsAt(place).length - 1)) };
}

function byRound(place, by) {
  const steps = stepsAt(place);
  const firsts = steps.map((_, at) => at).filter((at) => at === 0 || steps[at].loops !== steps[at - 1].loops);
  const further = firsts.filter((at) => (by > 0 ? at > place.step : at < place.step));
  if (!further.length) return by < 0 ? { ...place, step: -1 } : place;
  return { ...place, step: by > 0 ? further[0] : further[further.length - 1] };
}

function toProgram(place, program) {
  const there = { ...place, program };
  const count = stepsAt(there).length;
  return { ...there, step: place.step < 0 || !count ? -1 : Math.min(place.step, count - 1) };
}

function byProgram(place, axis, by) {
  const grid = launched(place).grid;
  if (axis >= grid.length) return place;
  return toProgram(place, place.program.map((at, one) => (one === axis ? within(at + by, grid[axis]) : at)));
}

function toLaunch(launch) {
  return { launch, program: LAUNCHES[launch].grid.map(() => 0), step: -1 };
}

// The next step; after a program's last one the first of the program that ran next. null at the end of the call.
function onward(place) {
  if (place.step + 1 < stepsAt(place).length) return byStep(place, 1);
  const ran = [...launched(place).programs.keys()];
  const next = ran[ran.indexOf(String(place.program)) + 1];
  if (next !== undefined) return { ...place, program: next.split(",").map(Number), step: 0 };
  return place.launch + 1 < LAUNCHES.length ? toLaunch(place.launch + 1) : null;
}

// Runs: first and last, one pair after the other.

function lengthOf(runs) {
  let count = 0;
  for (let at = 0; at < runs.length; at += 2) count += runs[at + 1] - runs[at] + 1;
  return count;
}

function holds(runs, element) {
  let low = 0, high = runs.length / 2 - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (element < runs[2 * middle]) high = middle - 1;
    else if (element > runs[2 * middle + 1]) low = middle + 1;
    else return true;
  }
  return false;
}

// The runs' parts in the `total` elements from `start` on, laid out in rows of `width`: row, first and last column.
function* segments(runs, start, total, width) {
  for (let at = 0; at < runs.length; at += 2) {
    let first = Math.max(runs[at] - start, 0);
    const last = Math.min(runs[at + 1] - start, total - 1);
    while (first <= last) {
      const row = Math.floor(first / width), end = Math.min(last, (row + 1) * width - 1);
      yield [row, first - row * width, end - row * width];
      first = end + 1;
    }
  }
}

function indexOf(element, shape) {
  const index = [];
  for (const size of [...shape].reverse()) {
    index.unshift(element % size);
    element = Math.floor(element / size);
  }
  return index;
}

// The smallest box around the runs, as Python's slices; "some of" where the box holds more than they do.
function slices(name, runs, shape) {
  const low = [...shape], high = shape.map(() => -1);
  for (let at = 0; at < runs.length; at += 2) {
    const starts = indexOf(runs[at], shape), ends = indexOf(runs[at + 1], shape);
    let spans = false;
    shape.forEach((size, axis) => {
      low[axis] = Math.min(low[axis], spans ? 0 : starts[axis]);
      high[axis] = Math.max(high[axis], spans ? size - 1 : ends[axis]);
      spans = spans || starts[axis] !== ends[axis];
    });
  }
  const box = shape.reduce((all, _, axis) => all * (high[axis] - low[axis] + 1), 1);
  const words = shape.map((size, axis) => {
    if (low[axis] === 0 && high[axis] === size - 1 && size > 1) return ":";
    return low[axis] === high[axis] ? String(low[axis]) : `${low[axis]}:${high[axis] + 1}`;
  });
  return `${box === lengthOf(runs) ? "" : "some of "}${name}[${words.join(", ")}]`;
}

// Values

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const DECODED = new Map();

function valueAt(tensor, element) {
  if (tensor.values < 0 || DATA.values[tensor.values] === undefined) return "";
  if (!DECODED.has(tensor.values)) DECODED.set(tensor.values, bytesOf(DATA.values[tensor.values]));
  const bytes = DECODED.get(tensor.values), at = 3 * element;
  const code = bytes[at] * 65536 + bytes[at + 1] * 256 + bytes[at + 2];
  if (code === NEVER_WRITTEN) return "never written";
  return shortly(new Float32Array(new Uint32Array([code * 256]).buffer)[0], 4);
}

function shortly(number, digits) {
  if (Number.isNaN(number)) return "nan";
  if (!Number.isFinite(number)) return number > 0 ? "inf" : "-inf";
  return String(Number(number.toPrecision(digits)));
}

function touchers(launch, tensor, element) {
  const found = { load: [], store: [] };
  for (const [program, steps] of launch.programs) {
    const mine = steps.filter((step) => step.tensor === tensor && holds(step.touched, element));
    if (mine.some((step) => step.action !== STORE)) found.load.push(program);
    if (mine.some((step) => step.action !== LOAD)) found.store.push(program);
  }
  return found;
}

// Traffic: each load and each store counts every element that it touches once.

function moved(launch, steps) {
  const bytes = [0, 0];
  for (const step of steps) {
    if (step.tensor < 0) continue;
    const size = lengthOf(step.touched) * launch.tensors[step.tensor].bytes;
    if (step.action !== STORE) bytes[0] += size;
    if (step.action !== LOAD) bytes[1] += size;
  }
  return bytes;
}

const sum = (several) => several.reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);

function trafficAt(place) {
  const launch = launched(place), steps = stepsAt(place);
  launch.totals = launch.totals || [...launch.programs.values()].map((all) => moved(launch, all));
  const here = [...launch.programs.keys()].indexOf(String(place.program));
  const mine = moved(launch, place.step < 0 ? steps : steps.slice(0, place.step + 1));
  return {
    step: place.step < 0 ? null : moved(launch, chosenAt(place)),
    program: mine,
    before: here < 0 ? null : sum([mine, ...launch.totals.slice(0, here)]),
    launch: sum(launch.totals),
  };
}
