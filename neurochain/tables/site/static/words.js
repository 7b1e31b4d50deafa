// Words: numbers, sizes and times as people say them.
"use strict";
const words = (() => {
  const count = (number) => number.toLocaleString("en-US");

  const many = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

  function scaled(number, units) {
    let value = number;
    let unit = 0;
    while (value >= 999.5 && unit < units.length - 1) {
      value /= 1000;
      unit += 1;
    }
    return `${unit === 0 ? value : value.toPrecision(3).replace(/\.0+$/, "")} ${units[unit]}`;
  }

  const size = (bytes) => scaled(bytes, ["B", "kB", "MB", "GB", "TB", "PB"]);

  function short(number) {
    if (number < 100000) return count(number);
    return scaled(number, ["", "k", "M", "G", "T", "P"]);
  }

  const SPANS = [
    [60, 1, "second"],
    [3600, 60, "minute"],
    [86400, 3600, "hour"],
    [86400 * 45, 86400, "day"],
    [86400 * 550, 86400 * 30.44, "month"],
    [Infinity, 86400 * 365.25, "year"],
  ];

  function ago(iso, now = Date.now()) {
    const seconds = (now - Date.parse(iso)) / 1000;
    if (Number.isNaN(seconds)) return "";
    if (Math.abs(seconds) < 45) return "just now";
    const [, by, unit] = SPANS.find(([most]) => Math.abs(seconds) < most);
    const text = many(Math.max(1, Math.round(Math.abs(seconds) / by)), unit);
    return seconds < 0 ? `in ${text}` : `${text} ago`;
  }

  const moment = (iso) => `${new Date(iso).toISOString().slice(0, 16).replace("T", " ")} UTC`;

  return { count, many, size, short, ago, moment };
})();
