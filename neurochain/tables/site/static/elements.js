// Elements: what is shown is made of nodes and texts, never of HTML in a string.
"use strict";
const elements = (() => {
  const SVG = "http://www.w3.org/2000/svg";

  function fill(node, properties, children) {
    for (const [name, value] of Object.entries(properties ?? {})) {
      if (value === undefined || value === null || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name === "className" ? "class" : name, value === true ? "" : String(value));
    }
    node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return node;
  }

  const el = (tag, properties, ...children) => fill(document.createElement(tag), properties, children);
  const svg = (tag, properties, ...children) => fill(document.createElementNS(SVG, tag), properties, children);

  // An address of a declaration is followed only where it leads to the web or to a mailbox.
  const isAddress = (text) => /^(https?:\/\/|mailto:)[^\s]+$/i.test(text);

  const link = (text, address) =>
    isAddress(address) ? el("a", { href: address, rel: "noopener noreferrer" }, text) : el("span", {}, text);

  function linked(text) {
    return text.split(/(https?:\/\/[^\s<>"')\]]+[^\s<>"')\].,;:])/).map((part, i) => (i % 2 ? link(part, part) : part));
  }

  const paragraphs = (texts) => (texts ?? []).map((text) => el("p", { className: "lines" }, linked(text)));

  return { el, svg, isAddress, link, linked, paragraphs };
})();
