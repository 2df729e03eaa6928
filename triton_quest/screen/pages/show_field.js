// A field of cells on a canvas: each cell is an element, or a lane, that one can point at or reach with the arrow keys.
const FOLD = 64; // columns of a long vector, which is drawn in rows
const LARGEST_CELL = 12, TALLEST = 330; // pixels

let COLOURS = {};
function readColours() {
  const style = getComputedStyle(document.documentElement);
  COLOURS = new Proxy({}, { get: (_, name) => style.getPropertyValue(`--${String(name)}`).trim() });
  HATCHES.clear();
}

const HATCHES = new Map();
function hatch(context, kind, colour) {
  const key = kind + colour;
  if (!HATCHES.has(key)) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 6;
    const pen = tile.getContext("2d");
    pen.strokeStyle = pen.fillStyle = colour;
    pen.lineWidth = 1.2;
    pen.beginPath();
    if (kind === "down") [-6, 0, 6].forEach((x) => { pen.moveTo(x - 1, -1); pen.lineTo(x + 7, 7); });
    if (kind === "up") [-6, 0, 6].forEach((x) => { pen.moveTo(x - 1, 7); pen.lineTo(x + 7, -1); });
    if (kind === "dots") pen.fillRect(2, 2, 2, 2);
    pen.stroke();
    HATCHES.set(key, context.createPattern(tile, "repeat"));
  }
  return HATCHES.get(key);
}

class Field {
  // `look` gets the cell under the pointer or the cursor, or -1, and gives the sentence to say of it.
  constructor(host, name, look) {
    this.box = document.createElement("div");
    this.box.className = "field";
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    this.note = document.createElement("p");
    this.note.className = "note";
    this.cursor = -1;
    this.box.append(this.canvas);
    host.append(this.box, this.note);
    this.look = look;
    if (!look) return;
    this.note.setAttribute("aria-live", "polite");
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "application");
    this.box.setAttribute("aria-roledescription", "field of elements");
    this.box.setAttribute("aria-label", `${name}: the arrow keys go from element to element`);
    this.canvas.addEventListener("pointermove", (event) => this.point(this.cellUnder(event)));
    this.canvas.addEventListener("pointerdown", (event) => this.point(this.cellUnder(event)));
    this.canvas.addEventListener("pointerleave", () => this.point(-1));
    this.box.addEventListener("blur", () => this.point(-1));
    this.box.addEventListener("keydown", (event) => this.key(event));
  }

  // `total` cells in rows of `columns`; a single long row is folded.
  layout(total, columns) {
    this.total = total;
    this.width = total === columns && columns > FOLD ? FOLD : Math.max(1, columns);
    this.height = Math.max(1, Math.ceil(total / this.width));
    const room = Math.max(160, this.box.closest("section").clientWidth - 32);
    let cell = Math.min(LARGEST_CELL, room / this.width, TALLEST / this.height);
    if (cell > 2) cell = Math.floor(cell);
    this.cell = cell;
    const ratio = window.devicePixelRatio || 1;
    const [across, down] = [this.width * cell, this.height * cell].map((side) => Math.max(1, Math.round(side * ratio)));
    if (this.canvas.width !== across) this.canvas.width = across;
    if (this.canvas.height !== down) this.canvas.height = down;
    this.canvas.style.width = `${this.width * cell}px`;
    this.canvas.style.height = `${this.height * cell}px`;
    this.context = this.canvas.getContext("2d");
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.fillStyle = COLOURS.untouched;
    this.context.fillRect(0, 0, this.width * cell, this.height * cell);
    const rest = this.width * this.height - total;
    if (rest) {
      this.context.fillStyle = COLOURS.page;
      this.context.fillRect((this.width - rest) * cell, (this.height - 1) * cell, rest * cell, cell);
    }
  }

  // In a colour, or null for what is there already; hatched, so that it is told apart without colours too.
  fill(runs, start, colour, kind) {
    const { context, cell } = this;
    const paints = [colour, kind ? hatch(context, kind, COLOURS.hatch) : null].filter(Boolean);
    for (const [row, first, last] of segments(runs, start, this.total, this.width)) {
      for (const paint of paints) {
        context.fillStyle = paint;
        const [left, right, top, bottom] = [first, last + 1, row, row + 1].map((at) => Math.round(at * cell));
        context.fillRect(left, top, Math.max(1, right - left), Math.max(1, bottom - top)); // whole pixels: no seams
      }
    }
  }

  lines(rows, columns) {
    const { context, cell, width, height } = this;
    context.fillStyle = COLOURS.line;
    const folded = height > 1 && this.total <= width * height && rows === null;
    for (const at of columns) {
      if (!at) continue;
      const [row, column] = folded ? [Math.floor(at / width), at % width] : [0, at];
      if (folded && column === 0) context.fillRect(0, row * cell - 0.5, width * cell, 1);
      else context.fillRect(column * cell - 0.5, row * cell, 1, folded ? cell : height * cell);
    }
    for (const at of rows || []) if (at) context.fillRect(0, at * cell - 0.5, width * cell, 1);
  }

  // The cell that was looked at, framed so that it is seen on any colour.
  frame() {
    if (this.cursor < 0 || this.cursor >= this.total) return;
    const { context, cell } = this, side = Math.max(cell, 5);
    const x = (this.cursor % this.width) * cell + cell / 2 - side / 2;
    const y = Math.floor(this.cursor / this.width) * cell + cell / 2 - side / 2;
    context.lineWidth = 3;
    context.strokeStyle = COLOURS.page;
    context.strokeRect(x, y, side, side);
    context.lineWidth = 1.5;
    context.strokeStyle = COLOURS.ink;
    context.strokeRect(x, y, side, side);
  }

  cellUnder(event) {
    const box = this.canvas.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * this.height);
    const column = Math.floor(((event.clientX - box.left) / box.width) * this.width);
    const cell = row * this.width + column;
    return row < 0 || column < 0 || column >= this.width || cell >= this.total ? -1 : cell;
  }

  point(cell) {
    if (cell === this.cursor) return;
    this.cursor = cell;
    this.note.textContent = this.look(cell);
    this.redraw();
  }

  key(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.width, ArrowDown: this.width }[event.key];
    if (by === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const at = this.cursor < 0 ? this.first() : this.cursor + by;
    if (at >= 0 && at < this.total) this.point(at);
  }

  first() { return 0; }
  redraw() {}
}
