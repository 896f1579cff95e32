// Another map beside the one that is shown: swipe between them, or see the difference.
import { same, sourceOf, type Source } from "./address";
import { Refused } from "./api";
import { button, byId, field, h, options } from "./dom";
import { onShown, open, repaint } from "./look";
import { attempt, follow, say } from "./session";
import { node, state } from "./state";
import { TEXTS } from "./texts";

const box = h("div", { id: "compare-panel" });

export function comparePanel(): HTMLElement {
  onShown(fill);
  fill();
  const handle = byId<HTMLInputElement>("swipe");
  handle.addEventListener("input", () => { state.view.split = Number(handle.value); repaint(); });
  return box;
}

function fill(): void {
  const { view, record, base } = state;
  byId("swipe-box").hidden = !view.other || view.mode !== "swipe" || !state.chart;
  byId<HTMLInputElement>("swipe").value = String(view.split);
  if (!view.source || !record) return box.replaceChildren(h("p", {}, TEXTS.notYet));
  const found: (Node | null)[] = [h("p", {}, TEXTS.compareLead)];
  if (base && view.source.kind === "job") {
    found.push(
      h("div", { class: "row" },
        button("Kriging", () => void attempt(() => compare("classical", "kriging")), { id: "with-classical" }),
        button("Without readings", () => void attempt(() => compare("site", "without readings")), { id: "with-site" }),
        state.files.truth ? button("The simulated truth", () => void attempt(() => compare("file", "truth")), { id: "with-truth" }) : null,
      ),
    );
  }
  const names = others();
  if (names.length) {
    const choice = h("select", { id: "with-other" }, ...options([["", "none"], ...names], ""));
    choice.addEventListener("change", () => void attempt(() => beside(sourceOf(choice.value))));
    found.push(field("A map made before, or another version", choice));
  }
  if (view.other) {
    const mode = (name: "swipe" | "difference", text: string): HTMLElement => {
      const input = h("input", { type: "radio", name: "mode", id: `mode-${name}`, checked: view.mode === name, disabled: Boolean(record.tiles) && name === "difference" });
      input.addEventListener("change", () => void attempt(async () => { Object.assign(state.view, { mode: name, low: null, high: null }); await open(false); }));
      return h("span", {}, input, " ", h("label", { for: `mode-${name}` }, text), " ");
    };
    found.push(
      h("fieldset", {}, h("legend", {}, `Beside ${state.otherRecord?.name ?? "the other map"}`), mode("swipe", "swipe"), mode("difference", "difference")),
      state.otherRecord?.summary && state.otherRecord.kind === "compare" ? h("p", { class: "note" }, state.otherRecord.summary) : null,
      button("Show this map alone", () => void attempt(() => beside(null)), { id: "alone" }),
    );
  }
  return box.replaceChildren(...found.filter((one): one is Node => one !== null));
}

/** Maps that were made before on this page, and other versions of a kept one. */
function others(): [string, string][] {
  const { source } = state.view;
  const made = state.made
    .filter(({ id }) => !same(source, { kind: "job", id, version: null }))
    .map(({ id, what }): [string, string] => [id, what]);
  const { kind, versions = [], version, id } = state.record ?? {};
  const older = kind === "stored" ? versions.filter((v) => v !== version).map((v): [string, string] => [`store:${id}@${v}`, `version ${v}`]) : [];
  return source?.kind === "store" ? older : made;
}

async function beside(other: Source | null): Promise<void> {
  Object.assign(state.view, { other, low: null, high: null });
  await open(false);
}

async function compare(by: "classical" | "site" | "file", what: string): Promise<void> {
  const { base } = state;
  if (!base) throw new Refused(409, "no_map", TEXTS.needsFiles);
  const start = (): Promise<{ id: string }> => {
    const truth = state.files.truth;
    return node.question(base, by === "file" ? { ask: "compare", by, name: "the simulated truth", ...(truth ? { file: truth.id } : {}) } : { ask: "compare", by });
  };
  const id = await follow(start, what);
  if (id === null) return;
  state.made.push({ id, what });
  state.view.mode = by === "file" ? "difference" : state.view.mode;
  await beside({ kind: "job", id, version: null });
  const scores = state.otherRecord?.scores;
  if (scores) say(`Off the truth by ${scores.rmse_db.toFixed(2)} dB over ${scores.cells} cells (bias ${scores.bias_db.toFixed(2)} dB); ${(100 * scores.coverage_90).toFixed(0)} % inside the 90 % interval.`, "good");
}
