// @ts-check
/** Puts a standing on the flagship page: text only, and only what changed. */
import { clockIn, majorTone, seats, slots } from "./position.js";
import { line, pageWords, say } from "./say.js";

/** @typedef {import("./position.js").Standing} Standing */

export const words = pageWords();
export const zone = document.documentElement.dataset.zone ?? "Asia/Shanghai";
export const timeOf = clockIn(zone);
const WINDOW = 300_000;
const SPOKEN_EVERY = 30_000;
const main = /** @type {HTMLElement} */ (document.querySelector("main"));

/** @type {Map<Element, string>} */
const shown = new Map();
/** @type {[number, number][]} */
let trail = [];
let trailUnit = "";
let spokenAt = 0;

/** @param {string} selector */
const all = (selector) => main.querySelectorAll(selector);

/** @param {Element} el @param {string} tone */
function setTone(el, tone) {
  el.classList.remove("inside", "straddling", "outside_plan", "outside", "unknown");
  el.classList.add(tone);
  el.querySelector("use")?.setAttribute("href", `#i-${tone}`);
}

/** @param {Element} el */
function fade(el) {
  el.classList.remove("fresh");
  void (/** @type {HTMLElement} */ (el).offsetWidth);
  el.classList.add("fresh");
}

/** @param {Standing} s */
function paintSlots(s) {
  const lines = slots(s, zone);
  for (const el of document.querySelectorAll("[data-slot]")) {
    const slot = /** @type {HTMLElement} */ (el).dataset.slot ?? "";
    const said = lines[slot];
    el.toggleAttribute("hidden", said === undefined);
    if (said === undefined) continue;
    const text = line(words.position[said[0]] ?? "", said[1]);
    const before = shown.get(el) ?? el.textContent;
    if (before === text) continue;
    if (el.matches(".plain")) el.textContent = text;
    else say(el, words.position[said[0]] ?? "", said[1]);
    if (el.matches(".n")) fade(el);
    shown.set(el, text);
  }
}

/** @param {Standing} s */
function paintSeats(s) {
  const map = main.querySelector(".seats");
  const runs = seats(s);
  const frame = map?.closest(".map");
  if (!map || !frame) return;
  frame.toggleAttribute("hidden", runs.length === 0);
  const key = JSON.stringify(runs);
  if (shown.get(map) === key) return;
  shown.set(map, key);
  const kinds = new Set();
  const cells = runs.flatMap(([kind, beyond, count]) => {
    kinds.add(kind);
    if (beyond) kinds.add("beyond");
    return Array.from({ length: count }, () => {
      const cell = document.createElement("i");
      cell.className = `seat ${kind}${beyond ? " beyond" : ""}`;
      return cell;
    });
  });
  map.replaceChildren(...cells);
  map.setAttribute("aria-label", line(words.position.seats ?? "", slots(s, zone).seats?.[1] ?? {}));
  for (const el of all("[data-key]")) el.toggleAttribute("hidden", !kinds.has(/** @type {HTMLElement} */ (el).dataset.key));
}

/** Change over a fixed window, in words. @param {Standing} s @param {number} at */
function paintTrend(s, at) {
  const unit = `${s.unit.institution_code}/${s.unit.plan_nature}`;
  if (unit !== trailUnit) [trail, trailUnit] = [[], unit];
  trail.push([at, s.rank]);
  while (trail.length > 1 && (trail[1]?.[0] ?? at) <= at - WINDOW) trail.shift();
  const el = main.querySelector("[data-trend]");
  const [then, rank] = trail[0] ?? [at, s.rank];
  if (!el || then > at - WINDOW) return;
  const key = rank === s.rank ? "same" : rank > s.rank ? "up" : "down";
  el.textContent = line(words.position[key] ?? "", { n: Math.abs(rank - s.rank) });
  el.toggleAttribute("hidden", false);
}

/** @param {Standing} s */
function speak(s) {
  const el = document.getElementById("spoken");
  if (!el || Date.now() - spokenAt < SPOKEN_EVERY) return;
  const [key, facts] = slots(s, zone).status ?? ["unknown", {}];
  const text = line(words.position.spoken ?? "", {
    name: s.unit.institution_name, rank: s.rank, status: line(words.position[key] ?? "", facts), time: timeOf(s.as_of),
  });
  if (shown.get(el) === `${s.rank}${key}`) return;
  if (spokenAt) el.textContent = text;
  shown.set(el, `${s.rank}${key}`);
  spokenAt = Date.now();
}

/** @param {Standing} s @param {number} at */
export function paint(s, at) {
  main.classList.remove("old-data");
  paintSlots(s);
  paintSeats(s);
  paintTrend(s, at);
  const hidden = s.first_major === null;
  for (const el of all("[data-major=shown]")) el.toggleAttribute("hidden", hidden);
  for (const el of all("[data-tone=status]")) setTone(el, s.status);
  for (const el of all("[data-tone=major]")) setTone(el, majorTone(s));
  paintLock(s);
  speak(s);
}

/** @param {Standing} s */
function paintLock(s) {
  const locked = s.lock.state === "locked";
  main.querySelector(".clock")?.classList.toggle("done", locked);
  for (const el of document.querySelectorAll("[data-when=editable]")) el.toggleAttribute("hidden", locked);
  for (const el of document.querySelectorAll("[data-when=locked]")) el.toggleAttribute("hidden", !locked);
  for (const el of document.querySelectorAll("[data-left]")) {
    if (s.lock.closes_at === null) continue;
    if (locked) {
      el.removeAttribute("data-until");
      el.textContent = timeOf(s.lock.closes_at);
    } else {
      el.setAttribute("data-until", s.lock.closes_at);
    }
  }
}

/** The numbers stay, dimmed; what they mean now is not known. */
export function paintOld() {
  main.classList.add("old-data");
  for (const el of all("[data-tone]")) {
    setTone(el, "unknown");
    const slot = el.querySelector("[data-slot]");
    if (!slot) continue;
    slot.textContent = words.position[el.getAttribute("data-tone") === "major" ? "major_unknown" : "unknown"] ?? "";
    shown.set(slot, "");
  }
  main.querySelector("[data-trend]")?.toggleAttribute("hidden", true);
}
