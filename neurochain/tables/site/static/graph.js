// Graph: what a version came from, drawn from left to right.
"use strict";
const graph = (() => {
  const { el, svg } = elements;
  const BOX = { width: 184, height: 98, across: 40, down: 16 };
  const FITS = 25; // letters of a line
  const KINDS = {
    storage: "Files",
    table: "Table",
    values: "Values",
    datachain: "DataChain",
    activity: "Run",
    version: "Version",
  };

  const cut = (text) => (text.length > FITS ? `${text.slice(0, FITS - 1)}…` : text);
  const x = (box) => 1 + box.column * (BOX.width + BOX.across);
  const y = (box) => 1 + box.top * (BOX.height + BOX.down);

  // Where a dataset's version is a table of this catalog, its box leads there.
  function tableOf(box) {
    if (box.kind !== "version") return null;
    const name = box.title.split("@")[0];
    return catalog.tables.find((table) => (table.version ?? table.dataset ?? "").split("@")[0] === name && table.dataset);
  }

  function boxOf(box, isShown) {
    const lines = [box.title, ...box.about].slice(0, 4);
    const texts = lines.map((text, i) =>
      svg("text", { x: 14, y: 39 + i * 15 + (i ? 2 : 0), className: i === 0 ? "title" : "about" }, cut(text)),
    );
    const drawn = svg(
      "g",
      { className: `box ${box.kind}${isShown ? " shown" : ""}`, transform: `translate(${x(box)} ${y(box)})` },
      svg("title", {}, [box.title, ...box.about].join("\n")),
      svg("rect", { width: BOX.width, height: BOX.height, rx: 8 }),
      svg("path", { className: "edge", d: `M3 12v${BOX.height - 24}` }),
      svg("text", { x: 14, y: 20, className: "kind" }, KINDS[box.kind] ?? box.kind),
      texts.slice(0, 4),
    );
    const table = tableOf(box);
    return table && !isShown ? svg("a", { href: table.hash, "aria-label": `${box.title}: its table` }, drawn) : drawn;
  }

  function lineOf(from, to) {
    const [a, b] = [x(from) + BOX.width, y(from) + BOX.height / 2];
    const [c, d] = [x(to) - 6, y(to) + BOX.height / 2];
    const half = (c - a) / 2;
    return svg("path", { className: "line", d: `M${a} ${b}C${a + half} ${b} ${c - half} ${d} ${c} ${d}`, "marker-end": "url(#arrow)" });
  }

  // Columns with fewer boxes stand in the middle of the others.
  function placed(boxes) {
    const rows = new Map();
    for (const box of boxes) rows.set(box.column, Math.max(rows.get(box.column) ?? 0, box.row + 1));
    const most = Math.max(...rows.values());
    return boxes.map((box) => ({ ...box, top: box.row + (most - rows.get(box.column)) / 2 }));
  }

  function asText(boxes, lines) {
    const used = (number) => lines.filter(([, to]) => to === number).map(([from]) => boxes[from]);
    const runs = boxes.flatMap((box, i) =>
      box.kind === "activity"
        ? [el("li", {}, [box.title, ...box.about].join(" · "), el("ul", {}, used(i).map((from) => el("li", {}, `used ${[from.title, ...from.about].join(" · ")}`)),
            lines.filter(([from]) => from === i).map(([, to]) => el("li", {}, `made ${boxes[to].title}`))))]
        : [],
    );
    return el("details", {}, el("summary", {}, "As text"), el("ul", { className: "plain-list" }, runs));
  }

  function draw(given, shown) {
    const boxes = placed(given.boxes);
    const width = Math.max(...boxes.map((box) => x(box))) + BOX.width + 1;
    const height = Math.max(...boxes.map((box) => y(box))) + BOX.height + 1;
    const picture = svg(
      "svg",
      { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `What ${shown} came from` },
      svg("defs", {}, svg("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 2, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, svg("path", { className: "head", d: "M0 0L7 4L0 8Z" }))),
      given.lines.map(([from, to]) => lineOf(boxes[from], boxes[to])),
      boxes.map((box) => boxOf(box, box.title === shown)),
    );
    const frame = el("div", { className: "graph", tabindex: "0", role: "region", "aria-label": "Lineage" }, picture);
    requestAnimationFrame(() => (frame.scrollLeft = frame.scrollWidth));
    const more = given.omitted ? el("p", { className: "quiet" }, `${words.many(given.omitted, "box").replace(/boxs$/, "boxes")} further back are not drawn.`) : null;
    return [frame, more, asText(boxes, given.lines)];
  }

  return { draw };
})();
