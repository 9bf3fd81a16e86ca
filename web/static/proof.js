// @ts-check
/**
 * The proof of work of the result page: looks for the number whose hash the server asks for, and
 * lets the form go. ALTCHA's form: SHA-256 of salt and number, in hexadecimal.
 */

/** @typedef {{algorithm: string, challenge: string, maxnumber: number, salt: string, signature: string}} Challenge */

const BATCH = 500;
const text = new TextEncoder();

/** @param {ArrayBuffer} bytes */
const hex = (bytes) => Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, "0")).join("");

/** The number, or null when there is none. @param {Challenge} asked */
export async function solve(asked) {
  for (let start = 0; start <= asked.maxnumber; start += BATCH) {
    const numbers = Array.from({ length: BATCH }, (_, n) => start + n);
    const hashes = await Promise.all(numbers.map((n) => crypto.subtle.digest("SHA-256", text.encode(asked.salt + n))));
    const found = hashes.findIndex((hash) => hex(hash) === asked.challenge);
    if (found >= 0) return start + found;
  }
  return null;
}

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-challenge]"));
// browsers hash on secure pages only: elsewhere the page goes on offering to wait
if (form && globalThis.crypto?.subtle) {
  const state = document.querySelector("[data-proof-state]");
  const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("altcha"));
  /** @param {string} said */
  const say = (said) => { if (state) state.textContent = said; };
  /** @type {Challenge} */
  const asked = JSON.parse(form.dataset.challenge ?? "{}");
  say("正在计算，请稍候……");
  const number = await solve(asked);
  const { algorithm, challenge, salt, signature } = asked;
  field.value = btoa(JSON.stringify({ algorithm, challenge, number, salt, signature }));
  say("已经算好，请填写身份证号后查询。");
}
