// @ts-check
/**
 * The live connection of the flagship page. CONTRACT.md 4.
 *
 * Newest wins: a standing waits at most a second and is replaced by a newer one. Two missed
 * heartbeats are stale; a sleeping tab is not an error. Nothing here reloads the page.
 */
import { paint, paintOld, timeOf, words } from "./board.js";
import { now, setClock, setText } from "./clock.js";
import { line, say } from "./say.js";

/** @typedef {import("./position.js").Standing} Standing */

const strip = /** @type {HTMLElement} */ (document.getElementById("strip"));
const round = strip.dataset.round ?? "";
const pageUnit = strip.dataset.unit ?? "";
const PAINT_EVERY = 1000;

let link = "connecting";
let failures = 0;
let heartbeat = 10_000;
let heard = 0;
let paintedAt = 0;
let paused = false;
let asOf = strip.dataset.asOf ?? "";
/** @type {{epoch: string, seq: number}|null} */
let known = null;
/** @type {WebSocket|null} */
let socket = null;
/** @type {Standing|null} */
let waiting = null;
/** @type {ReturnType<typeof setTimeout>|undefined} */
let retry;
let paintDue = false;
let polled = "";

/** @param {string} id */
const part = (id) => /** @type {HTMLElement} */ (strip.querySelector(`[data-part=${id}]`));

/** 2 分 32 秒. @param {number} ms */
function ago(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const parts = /** @type {[number, string][]} */ ([[Math.floor(s / 3600), "hours"], [Math.floor(s / 60) % 60, "minutes"], [s % 60, "seconds"]]);
  const said = parts.filter(([n]) => n).slice(0, 2);
  return (said.length ? said : [parts[2] ?? [0, "seconds"]]).map(([n, unit]) => line(words.link[unit] ?? "", { n })).join(" ");
}

/** @param {string} state */
function show(state) {
  link = state;
  strip.dataset.link = state;
  const fresh = state === "live" || state === "polling" || state === "connecting";
  setText(part("state"), line(words.link[state] ?? "", { n: failures }));
  say(part("as-of"), words.link.as_of ?? "", { time: timeOf(asOf) });
  part("as-of").hidden = !fresh;
  part("old").hidden = fresh || state === "signed_out";
  part("refresh").hidden = fresh;
  part("pause").hidden = !(fresh && state !== "connecting") && state !== "paused";
  setText(part("pause"), words.link[paused ? "resume" : "pause"] ?? "");
  showAge();
  if (fresh) return;
  paintOld();
  polled = "";
}

function showAge() {
  if (!part("old").hidden) say(part("old"), words.link.old ?? "", { time: timeOf(asOf), ago: ago(now() - Date.parse(asOf)) });
}

/** @param {Standing} standing */
function take(standing) {
  if (paused) return;
  if (`${standing.unit?.institution_code ?? ""}/${standing.unit?.plan_nature ?? ""}` !== pageUnit) {
    stop();
    show("moved");
    return;
  }
  waiting = standing;
  if (paintDue) return;
  paintDue = true;
  setTimeout(flush, Math.max(0, paintedAt + PAINT_EVERY - Date.now()));
}

function flush() {
  paintDue = false;
  if (waiting === null || paused || link === "moved") return;
  asOf = waiting.as_of;
  paintedAt = Date.now();
  if (waiting.unit) paint(waiting, now());
  setText(part("seq"), String(waiting.seq));
  waiting = null;
  show(socket?.readyState === WebSocket.OPEN ? "live" : "polling");
}

/** @param {MessageEvent<string>} event */
function receive(event) {
  const message = JSON.parse(event.data);
  heard = Date.now();
  if (message.server_time) setClock(message.server_time);
  if (message.type === "welcome") {
    if (known && known.epoch !== message.epoch) waiting = null;
    known = { epoch: message.epoch, seq: message.seq };
    heartbeat = message.heartbeat_s * 1000;
    failures = 0;
  } else if (message.type === "standing") {
    if (known) known.seq = message.seq;
    take(message);
  } else if (message.type === "heartbeat") {
    beat(message);
  }
}

/** Nothing changed up to this moment, so what is shown is true as of it. @param {{server_time: string, seq: number}} message */
function beat(message) {
  if (link !== "live" || waiting !== null) return;
  asOf = message.server_time;
  show("live");
}

function connect() {
  clearTimeout(retry);
  socket?.close();
  const address = new URL("/api/v1/live", location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  const mine = new WebSocket(address);
  socket = mine;
  heard = Date.now();
  mine.onopen = () => mine.send(JSON.stringify({ type: "hello", token: null, round, ...(known ? { resume: known } : {}) }));
  mine.onmessage = receive;
  mine.onclose = (event) => {
    if (socket === mine) lost(event.code);
  };
}

/** @param {number} code */
function lost(code) {
  socket = null;
  if (link === "moved" || paused) return;
  if (code === 4401) {
    show("signed_out");
    return;
  }
  failures += 1;
  if (!(failures > 3 && link === "polling")) show(navigator.onLine ? "stale" : "offline");
  const longest = Math.min(30_000, 1000 * 2 ** failures);
  retry = setTimeout(connect, Math.max(1000, Math.random() * longest));
  if (failures === 3) poll();
}

/** The slow way, while the socket cannot be had. */
async function poll() {
  if (socket?.readyState === WebSocket.OPEN || failures < 3 || paused || link === "moved" || link === "signed_out") return;
  try {
    const headers = { accept: "application/json", "if-none-match": polled };
    const answer = await fetch(`/api/v1/rounds/${encodeURIComponent(round)}/standing`, { headers });
    if (answer.status === 401) {
      stop();
      show("signed_out");
      return;
    }
    if (answer.ok) {
      polled = answer.headers.get("etag") ?? "";
      take(await answer.json());
    } else if (answer.status === 304) {
      asOf = new Date(answer.headers.get("date") ?? asOf).toISOString();
      show("polling");
    }
  } catch (fault) {
    if (!(fault instanceof TypeError)) throw fault;
    show(navigator.onLine ? "stale" : "offline");
  }
  setTimeout(poll, 4000 + Math.random() * 2000);
}

function stop() {
  clearTimeout(retry);
  const old = socket;
  socket = null;
  old?.close();
}

/** Once a second: the age of what is shown, and whether the heart still beats. */
function watch() {
  showAge();
  if (socket?.readyState === WebSocket.OPEN && Date.now() - heard > 2 * heartbeat + 2000 && !paused) {
    const old = socket;
    socket = null;
    old.close();
    lost(1006);
  }
}

part("pause").addEventListener("click", () => {
  paused = !paused;
  if (paused) {
    stop();
    show("paused");
  } else {
    failures = 0;
    show("connecting");
    connect();
  }
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden || paused || link === "moved" || link === "signed_out") return;
  if (Date.now() - heard > 2 * heartbeat) {
    failures = 0;
    connect();
  }
});
window.addEventListener("online", () => {
  failures = 0;
  if (!paused && link !== "moved") connect();
});
window.addEventListener("offline", () => {
  stop();
  if (!paused) show("offline");
});
setInterval(watch, 1000);
show("connecting");
connect();
