// The node may be away, refuse, or want a token: said on the page, and what the user asked for goes on by itself.
import { Away, Refused, Stopped, type Job } from "./api";
import { byId, field, h } from "./dom";
import { node } from "./state";
import { TEXTS } from "./texts";

export const notes = h("div", { "aria-live": "polite", id: "notes" });
const banner = h("p", { class: "note bad", id: "banner", role: "alert", hidden: true });
const BEAT_MS = 500;

let away = false;
let uptime = 0;
let waiting: (() => void)[] = [];
const afresh: (() => Promise<void>)[] = [];

export function say(text: string, kind: "" | "bad" | "good" = ""): void {
  notes.replaceChildren(h("p", { class: `note ${kind}`, role: kind === "bad" ? "alert" : "status" }, text));
  if (kind === "bad") notes.scrollIntoView({ block: "nearest" }); // the button that was pressed may stand far below
}

export function clear(): void {
  notes.replaceChildren();
}

/** Run what the user asked for; every failure is said on the page, and what a node that went away cut off is run again. */
export async function attempt(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Stopped) return clear();
      if (error instanceof Away) {
        await back();
        continue;
      }
      if (error instanceof Refused && error.status === 401) {
        await signIn(node.token ? TEXTS.unknownToken : TEXTS.wantsToken);
        continue;
      }
      if (error instanceof Refused && error.status === 404 && error.message.startsWith("no such job")) return say(TEXTS.expired, "bad");
      if (error instanceof Refused) return say(error.message, "bad");
      say(String(error instanceof Error ? error.message : error), "bad");
      throw error;
    }
  }
}

/** Run something when the node was begun anew: it forgot files and maps. */
export function onFreshNode(work: () => Promise<void>): void {
  afresh.push(work);
}

/** Ask twice a second whether the node lives, and say when it does not; one question at a time. */
export function watch(): void {
  document.body.prepend(banner);
  const again = (): void => void beat().finally(() => setTimeout(again, BEAT_MS));
  again();
}

async function beat(): Promise<void> {
  let health: { uptime_s: number };
  try {
    const answer = await fetch("/health", { cache: "no-store", signal: AbortSignal.timeout(10_000) });
    health = (await answer.json()) as { uptime_s: number };
  } catch (error) {
    if (!(error instanceof DOMException)) isAway(true); // a node that is slow is not away
    return;
  }
  const anew = health.uptime_s < uptime - 0.5;
  uptime = health.uptime_s;
  if (!away && !anew) return;
  if (anew) for (const work of afresh) await work().catch(() => undefined);
  isAway(false);
  say(anew ? TEXTS.anew : TEXTS.back, "good");
  const those = waiting;
  waiting = [];
  for (const go of those) go();
}

function isAway(now: boolean): void {
  away = now;
  banner.hidden = !now;
  banner.textContent = now ? TEXTS.again : "";
}

function back(): Promise<void> {
  isAway(true);
  return new Promise((done) => waiting.push(done));
}

/** Ask for a token; resolved when one was typed. It stays in the memory of the page. */
function signIn(why: string): Promise<void> {
  const input = h("input", { id: "token", type: "password", autocomplete: "off" });
  return new Promise((done) => {
    const form = h(
      "form",
      { submit: (event) => { event.preventDefault(); node.token = input.value.trim(); clear(); done(); } },
      h("p", { class: "note bad", role: "alert" }, why), field(TEXTS.token, input, TEXTS.tokenHint), h("button", { type: "submit" }, TEXTS.signIn),
    );
    notes.replaceChildren(form);
    input.focus();
  });
}

/** Follow a job to its end, with its progress on the page; a node that forgot it is asked again. */
export async function follow(start: () => Promise<{ id: string }>, what: string): Promise<string | null> {
  let { id } = await start();
  const bar = h("progress", { max: 1, value: 0, "aria-label": what });
  const text = h("span", {}, what);
  let stopped = false;
  const stop = h("button", { type: "button", id: "cancel", click: () => { stopped = true; void node.cancel(id).catch(() => undefined); } }, TEXTS.cancel);
  notes.replaceChildren(h("p", { class: "note", id: "progress" }, text, h("br"), bar, stop));
  notes.scrollIntoView({ block: "nearest" });
  const begun = Date.now();
  let [step, since] = ["", begun];
  for (;;) {
    let job: Job;
    try {
      job = await node.job(id, 0.7);
    } catch (error) {
      if (stopped) { say(TEXTS.cancelled); return null; }
      if (!(error instanceof Refused) || error.status !== 404) throw error;
      ({ id } = await start()); // the node was begun anew, and its jobs went with it
      continue;
    }
    if (job.step !== step) [step, since] = [job.step, Date.now()];
    bar.max = Math.max(job.total, 1);
    bar.value = job.done;
    text.textContent = job.state === "queued" ? TEXTS.queued(job.ahead) : progressWords(job, since, begun);
    if (job.state === "failed") throw new Refused(409, job.error?.code ?? "failed", job.error?.message ?? "the job failed");
    if (job.state === "cancelled") { say(TEXTS.cancelled); return null; }
    if (job.state === "done") break;
    await new Promise((done) => setTimeout(done, 150));
  }
  clear();
  return id;
}

function progressWords(job: Job, since: number, begun: number): string {
  const spent = (Date.now() - since) / 1000;
  const left = job.done > 0 && job.total > job.done ? (spent / job.done) * (job.total - job.done) : null;
  const seconds = ((Date.now() - begun) / 1000).toFixed(0);
  return `${job.step} ${job.done}/${job.total}, ${seconds} s${left === null ? "" : `, about ${Math.ceil(left)} s left of this step`}`;
}

export const panel = (): HTMLElement => byId("panel");
