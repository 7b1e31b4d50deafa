// Search: over names, descriptions, owners, columns, partitions and their values, datasets. All words must be found.
"use strict";
const search = (() => {
  const plain = (text) =>
    String(text)
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .toLowerCase();

  const fields = (table) => [
    ["name", table.name, 10],
    ["database", table.database, 6],
    ["dataset", table.dataset ?? "", 6],
    ["version", table.version ?? "", 3],
    ["kind", table.kind, 4],
    ["owner", table.owner ?? "", 5],
    ["deprecated", table.deprecated ?? "", 1],
    ...(table.partitions ?? []).flatMap((partition) => [
      ["partition", partition.name, 5],
      ...(partition.values ?? []).map((value) => [`partition ${partition.name}`, value ?? "null", 3]),
    ]),
    ...(table.columns ?? []).flatMap(([name, , inside]) => [["column", name, 5], ...(inside ?? []).map((field) => ["column", `${name}.${field}`, 3])]),
    ...(table.description ?? []).map((text) => ["description", text, 2]),
  ];

  let prepared = null;
  const all = () =>
    (prepared ??= catalog.tables.map((table) => ({
      table,
      fields: fields(table).map(([field, text, weight]) => ({ field, text, plain: plain(text), weight })),
    })));

  function worth(field, word) {
    const at = field.plain.indexOf(word);
    if (at < 0) return 0;
    if (field.plain === word) return field.weight * 4;
    const begins = at === 0 || /[^\p{L}\p{N}]/u.test(field.plain[at - 1]);
    return field.weight * (at === 0 ? 2.5 : begins ? 2 : 1);
  }

  // Tables that have all words, the best first; with what of them was found, besides the name.
  function find(query) {
    const asked = plain(query).split(/\s+/).filter(Boolean);
    const found = [];
    for (const { table, fields: held } of all()) {
      let score = 0;
      const where = new Map();
      const complete = asked.every((word) => {
        let best = 0;
        let at = null;
        for (const field of held) {
          const value = worth(field, word);
          if (value > best) [best, at] = [value, field];
        }
        if (at && !["name", "kind", "owner", "database"].includes(at.field)) where.set(`${at.field} ${at.text}`, at);
        score += best;
        return best > 0;
      });
      if (complete) found.push({ table, score: table.deprecated ? score / 2 : score, where: [...where.values()] });
    }
    found.sort((a, b) => b.score - a.score || a.table.name.localeCompare(b.table.name));
    return { words: asked, found };
  }

  // How many letters are to be changed; as soon as these are too many, that.
  function distance(a, b, most) {
    if (Math.abs(a.length - b.length) > most) return most + 1;
    let before = Array.from({ length: b.length + 1 }, (_, i) => i);
    for (let i = 1; i <= a.length; i += 1) {
      const here = [i];
      for (let j = 1; j <= b.length; j += 1) {
        here[j] = Math.min(before[j] + 1, here[j - 1] + 1, before[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      }
      if (Math.min(...here) > most) return most + 1;
      before = here;
    }
    return before[b.length];
  }

  // Names that are nearly what was asked for.
  function near(query, limit = 4) {
    const word = plain(query).trim();
    const most = Math.max(1, Math.floor(word.length / 4));
    const names = new Map();
    for (const { fields: held } of all()) {
      for (const { field, text, plain: name } of held) {
        if (!["name", "column", "owner", "database", "dataset"].includes(field)) continue;
        const parts = [name, ...name.split(/[^\p{L}\p{N}]+/u)];
        const far = Math.min(...parts.map((part) => (part ? distance(word, part, most) : most + 1)));
        if (far <= most) names.set(text, Math.min(far, names.get(text) ?? Infinity));
      }
    }
    return [...names].sort((a, b) => a[1] - b[1]).slice(0, limit).map(([text]) => text);
  }

  // Text with the words in it marked.
  function marked(text, asked) {
    if (!asked?.length) return [text];
    const folded = [...text].map((letter) => plain(letter).slice(0, 1) || letter).join("");
    const letters = [...text];
    const marks = new Array(letters.length).fill(false);
    for (const word of asked) {
      for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length)) {
        marks.fill(true, at, at + word.length);
      }
    }
    const parts = [];
    letters.forEach((letter, i) => {
      if (i && marks[i] === marks[i - 1]) parts[parts.length - 1].text += letter;
      else parts.push({ text: letter, mark: marks[i] });
    });
    return parts.map((part) => (part.mark ? elements.el("mark", {}, part.text) : part.text));
  }

  return { find, near, marked };
})();
