// Light or dark, before anything is drawn: as the system is, unless this reader chose otherwise.
"use strict";
(() => {
  const root = document.documentElement;
  const stored = () => {
    try {
      return localStorage.getItem("catalog-theme");
    } catch {
      return null; // a browser that keeps nothing for pages of a disk
    }
  };
  const chosen = stored();
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;

  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  window.theme = {
    isDark,
    change() {
      root.dataset.theme = isDark() ? "light" : "dark";
      try {
        localStorage.setItem("catalog-theme", root.dataset.theme);
      } catch {
        // it lasts as long as the page
      }
      return root.dataset.theme;
    },
  };
})();
