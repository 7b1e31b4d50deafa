// Catalog: what the scripts beside the page give, and where its parts are found.
"use strict";
const catalog = (() => {
  const held = { index: null, tables: [], pages: new Map(), waiting: new Map() };

  // Scripts may be loaded of tables alone.
  const policy = window.trustedTypes?.createPolicy("catalog", {
    createScriptURL(url) {
      if (/^tables\/[a-z0-9_.-]+\.js$/.test(url)) return url;
      throw new TypeError(`No script of this catalog: ${url}`);
    },
  });

  const hashOf = (database, table) =>
    `#/${[database, table].filter(Boolean).map(encodeURIComponent).join("/")}`;

  window.catalogIndex = (index) => {
    held.index = index;
    held.tables = index.databases.flatMap((database) =>
      database.tables.map((table) => ({ ...table, database: database.name, hash: hashOf(database.name, table.name) })),
    );
  };

  window.catalogTable = (file, page) => {
    held.pages.set(file, page);
    held.waiting.get(file)?.resolve(page);
  };

  // A page's script is loaded when it is first asked for.
  function page(table) {
    if (held.pages.has(table.file)) return Promise.resolve(held.pages.get(table.file));
    if (!held.waiting.has(table.file)) {
      const entry = {};
      entry.promise = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
      held.waiting.set(table.file, entry);
      const url = `tables/${table.file}.js`;
      const script = document.createElement("script");
      script.src = policy ? policy.createScriptURL(url) : url;
      script.onload = () => entry.reject(new Error(`${url} holds no table`)); // too late where it did
      script.onerror = () => {
        held.waiting.delete(table.file);
        entry.reject(new Error(`${url} cannot be read`));
      };
      document.head.append(script);
    }
    return held.waiting.get(table.file).promise;
  }

  return {
    get index() {
      return held.index;
    },
    get tables() {
      return held.tables;
    },
    database: (name) => held.index.databases.find((database) => database.name === name),
    table: (database, name) => held.tables.find((table) => table.database === database && table.name === name),
    hashOf,
    page,
  };
})();
