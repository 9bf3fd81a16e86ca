// @ts-check
import { fact } from "./position.js";

/** @typedef {import("./position.js").Facts} Facts */

/** The page's sentences. @returns {{position: Record<string, string>, link: Record<string, string>}} */
export function pageWords() {
  const holder = document.getElementById("words");
  return JSON.parse(holder?.dataset.words ?? '{"position":{},"link":{}}');
}

/** A sentence as plain text. @param {string} template @param {Facts} facts */
export const line = (template, facts) =>
  template.replace(/\{(\w+)\}/g, (_, name) => String(fact(facts[name] ?? "")));

/** A sentence into an element, its facts bold, as the server's `say` writes it. @param {Element} into @param {string} template @param {Facts} facts */
export function say(into, template, facts) {
  const parts = template.split(/\{(\w+)\}/).map((part, at) => {
    if (at % 2 === 0) return part;
    const bold = document.createElement("b");
    bold.textContent = String(fact(facts[part] ?? ""));
    return bold;
  });
  into.replaceChildren(...parts);
}
