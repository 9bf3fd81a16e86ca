// @ts-check
/**
 * A standing as lines to say. The rules are those of web/pages/position.py, tested on the same
 * standings; the sentences come from the page. Every number comes from the standing.
 *
 * @typedef {{rank: number, tied: number}} Place
 * @typedef {{institution_code: string, institution_name: string, track: string, plan_nature: string}} Unit
 * @typedef {{verdict: string, best: number, worst: number, locked_above: number, open_above: number}} Certainty
 * @typedef {{code: string, name: string, quota: number, by_filing: Place, by_exam: Place}} FirstMajor
 * @typedef {{round: string, seq: number, as_of: string, unit: Unit, rank: number, rank_last: number, tied: number,
 *   applicants: number, plan: number, due: number, line_filing: number|null, line_plan: number|null, status: string,
 *   first_major: FirstMajor|null, first_major_hidden: string|null, certainty: Certainty|null, lock: {state: string, closes_at: string|null}}} Standing
 * @typedef {Record<string, string|number>} Facts
 * @typedef {[string, Facts]} Line
 */

/** @param {number|null} value */
export const score = (value) => (value === null ? "—" : String(Number(value.toFixed(3))));

/** @param {number|string} value */
export const fact = (value) => (typeof value === "number" ? value.toLocaleString("en-US") : value);

/** @param {string} zone @returns {(at: Date|string) => string} */
export function clockIn(zone) {
  const form = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  });
  return (at) => form.format(new Date(at));
}

/** @param {Standing} s @returns {Line} */
function statusLine(s) {
  if (s.status === "inside") {
    return s.plan > s.rank_last ? ["inside", { spare: s.plan - s.rank_last }] : ["inside_last", {}];
  }
  if (s.status === "outside") return s.due ? ["outside", { short: s.rank - s.due }] : ["outside_no_plan", {}];
  return [s.status, {}];
}

/** @param {Standing} s @returns {Line} */
function lines(s) {
  const facts = { due: s.due, line_plan: score(s.line_plan), line_filing: score(s.line_filing) };
  if (s.line_filing !== null) return ["lines", facts];
  return [s.line_plan === null ? "lines_none" : "lines_plan", facts];
}

/** @param {Place} p */
const place = (p) => ({ first: p.rank, tied: p.tied, last: p.rank + p.tied - 1 });

/** @param {Standing} s */
export function majorTone(s) {
  const m = s.first_major;
  if (m === null) return "unknown";
  if (m.by_filing.rank + m.by_filing.tied - 1 <= m.quota) return "inside";
  return m.by_filing.rank <= m.quota ? "straddling" : "outside";
}

/** @param {Standing} s @returns {Record<string, Line>} */
function major(s) {
  const m = s.first_major;
  if (m === null) {
    return s.first_major_hidden ? { major: ["major_none", {}], major_hidden: ["major_hidden", {}] } : {};
  }
  const filing = place(m.by_filing);
  const exam = place(m.by_exam);
  const tone = majorTone(s);
  /** @type {Line} */
  let status = [`major_${tone}`, {}];
  if (tone === "inside") {
    const spare = m.quota - filing.last;
    status = spare ? ["major_inside", { spare }] : ["major_inside_last", {}];
  } else if (tone === "outside") {
    status = ["major_outside", { short: filing.first - m.quota }];
  }
  return {
    major: ["major", { name: m.name }],
    major_rank: ["number", { n: filing.first }],
    major_of: ["major_of", { quota: m.quota }],
    major_status: status,
    major_tie: [filing.tied > 1 ? "major_tie" : "major_tie_none", filing],
    major_exam: [exam.tied > 1 ? "major_exam_tied" : "major_exam", exam],
  };
}

/** @param {Standing} s @returns {Record<string, Line>} */
function certainty(s) {
  const c = s.certainty;
  if (c === null) return {};
  const here = s.rank - 1 - c.locked_above;
  const fixed = c.open_above === 0 && c.verdict !== "open";
  return {
    locked_above: ["number", { n: c.locked_above }],
    open_here: ["number", { n: here }],
    open_elsewhere: ["number", { n: c.open_above - here }],
    bounds: [c.best === c.worst ? "bounds_fixed" : "bounds", { best: c.best, worst: c.worst }],
    verdict: [c.verdict + (fixed ? "_fixed" : ""), { due: s.due, open_above: c.open_above }],
    seats_locked: ["seats_locked", { n: c.locked_above }],
    seats_open: ["seats_open", { n: here }],
    seats_tied: ["seats_tied", { n: s.tied - 1 }],
    seats_beyond: ["seats_beyond", { due: s.due }],
    seats: ["seats", { locked: c.locked_above, open: here, tied: s.tied, plan: s.plan, due: s.due }],
  };
}

/** @param {Standing} s @param {string} zone @returns {Record<string, Line>} */
function lock(s, zone) {
  if (s.lock.closes_at === null) return {};
  const locked = s.lock.state === "locked";
  const at = { time: clockIn(zone)(s.lock.closes_at) };
  return {
    lock_title: [locked ? "lock_locked" : "lock_open", {}],
    lock_note: [locked ? "lock_done" : "lock_at", at],
    bar_note: [locked ? "bar_locked" : "bar_open", at],
  };
}

/** Every line of the position that changes live. @param {Standing} s @param {string} zone @returns {Record<string, Line>} */
export function slots(s, zone) {
  const facts = { tied: s.tied, first: s.rank, last: s.rank_last };
  return {
    title: [s.lock.state === "locked" ? "title_locked" : "title", { name: `「${s.unit.institution_name}」` }],
    rank: ["number", { n: s.rank }],
    of: ["of", { plan: s.plan, applicants: s.applicants }],
    status: statusLine(s),
    tie: [s.tied > 1 ? "tie" : "tie_none", facts],
    lines: lines(s),
    ...major(s),
    ...certainty(s),
    ...lock(s, zone),
  };
}

/** The cells of the seat map as runs [kind, beyond the plan, how many]. @param {Standing} s @returns {[string, boolean, number][]} */
export function seats(s) {
  const total = Math.max(s.plan, s.due, s.rank_last);
  if (s.certainty === null || s.plan <= 0 || s.plan > 120 || total > 160) return [];
  /** @type {[string, number][]} */
  const ends = [
    ["locked", s.certainty.locked_above], ["open", s.rank - 1], ["you", s.rank],
    ["tied", s.rank_last], ["behind", Math.min(s.applicants, total)], ["empty", total],
  ];
  /** @type {[string, boolean, number][]} */
  const runs = [];
  let start = 0;
  for (const [kind, end] of ends) {
    const within = Math.max(0, Math.min(end, s.plan) - start);
    const past = Math.max(0, end - Math.max(start, s.plan));
    if (within) runs.push([kind, false, within]);
    if (past) runs.push([kind, true, past]);
    start = Math.max(start, end);
  }
  return runs;
}
