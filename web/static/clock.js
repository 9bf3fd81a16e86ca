// @ts-check
/**
 * The server's clock, and what counts down by it.
 *
 * `<html data-now>` is the server's time when the page was made; live messages make it exact.
 * An element with data-until counts down to it; one with data-clock shows the time itself.
 * What is only true before, or after, an instant says so by data-before or data-after.
 */
import { clockIn } from "./position.js";

const root = document.documentElement;
const zone = root.dataset.zone ?? "Asia/Shanghai";
const showTime = clockIn(zone);
let offset = 0;

/** Take the server's word for the time. @param {string} serverTime */
export function setClock(serverTime) {
  offset = Date.parse(serverTime) - Date.now();
}

/** The server's time now, in milliseconds. */
export const now = () => Date.now() + offset;

/** 00:23:41. @param {number} ms */
export function countdown(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  return [Math.floor(s / 3600), Math.floor(s / 60) % 60, s % 60].map((n) => String(n).padStart(2, "0")).join(":");
}

/** @param {Element} el @param {string} text */
export function setText(el, text) {
  if (el.textContent !== text) el.textContent = text;
}

function tick() {
  const t = now();
  for (const el of document.querySelectorAll("[data-until]")) {
    const until = /** @type {HTMLElement} */ (el).dataset.until;
    if (until) setText(el, countdown(Date.parse(until) - t));
  }
  for (const el of document.querySelectorAll("[data-clock]")) setText(el, showTime(new Date(t)));
  for (const el of document.querySelectorAll("[data-closes]")) {
    const closes = /** @type {HTMLElement} */ (el).dataset.closes;
    if (closes) el.classList.toggle("past", Date.parse(closes) <= t);
  }
  for (const el of document.querySelectorAll("[data-before],[data-after]")) {
    const { before, after } = /** @type {HTMLElement} */ (el).dataset;
    el.toggleAttribute("hidden", before ? Date.parse(before) <= t : Date.parse(after ?? "") > t);
  }
  setTimeout(tick, 1000 - (now() % 1000) + 5);
}

if (root.dataset.now) {
  setClock(root.dataset.now);
  tick();
}
for (const el of document.querySelectorAll("[data-print]")) {
  /** @type {HTMLElement} */ (el).hidden = false;
  el.addEventListener("click", () => window.print());
}
