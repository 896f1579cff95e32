// Maps that the node keeps: list, open by name and version, keep the one that is shown.
import { START } from "./address";
import { button, field, h } from "./dom";
import { onShown, open } from "./look";
import { attempt, say } from "./session";
import { node, state } from "./state";
import { TEXTS } from "./texts";

const box = h("div", { id: "stored-panel" });

export function storedPanel(): HTMLElement {
  onShown(() => void attempt(fill));
  return box;
}

export async function fill(): Promise<void> {
  if (!state.offers) return;
  if (!state.offers.store) return box.replaceChildren(h("p", {}, TEXTS.noStore));
  if (state.view.tab !== "stored") return;
  const maps = await node.maps();
  const rows = maps.map((one) => h("tr", {}, h("td", {}, button(one.name, () => void attempt(() => show(one.id, null)))), h("td", {}, String(one.version)), h("td", {}, one.time.slice(0, 10)), h("td", {}, `${one.rows} x ${one.cols}`)));
  const head = h("tr", {}, ...["name", "version", "date", "cells"].map((word) => h("th", { scope: "col" }, word)));
  const table = h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Kept maps" }, h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows)));
  const found: Node[] = [h("p", {}, TEXTS.storedLead), maps.length ? table : h("p", {}, "None is kept yet.")];
  const { record, view } = state;
  if (record?.kind === "stored" && record.versions && record.id) {
    const id = record.id;
    found.push(h("p", {}, `Versions of ${record.name}: `, ...record.versions.map((version) => button(String(version), () => void attempt(() => show(id, version)), { "aria-label": `version ${version}`, "aria-pressed": String(version === record.version) }))));
  }
  if (view.source?.kind === "job") {
    const name = h("input", { id: "keep-name", type: "text", autocomplete: "off" });
    const job = view.source.id;
    const keep = async (): Promise<void> => {
      const kept = await node.keep(job, name.value.trim());
      await fill();
      say(`Kept as ${kept.name}, version ${kept.version}.`, "good");
    };
    found.push(field(TEXTS.keepName, name, TEXTS.keepHint), button("Keep", () => void attempt(keep), { id: "keep" }));
  }
  return box.replaceChildren(...found);
}

async function show(id: string, version: number | null): Promise<void> {
  state.view = { ...START, source: { kind: "store", id, version }, tab: "stored", opacity: state.view.opacity };
  await open(true);
}
