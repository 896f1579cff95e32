// Elements from code: what comes from files and nodes is text, never HTML.

type Child = Node | string | null;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | number | boolean | ((event: Event) => void)> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (typeof value === "boolean") element.toggleAttribute(name, value);
    else element.setAttribute(name, String(value));
  }
  for (const child of children) if (child !== null) element.append(child);
  return element;
}

export function byId<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element ${id}`);
  return found as T;
}

/** A labelled field; the hint is read out with it. */
export function field(label: string, input: HTMLInputElement | HTMLSelectElement, hint = ""): HTMLElement {
  const id = input.id || `field-${label.replace(/\W+/g, "-").toLowerCase()}`;
  input.id = id;
  const parts: Child[] = [h("label", { for: id }, label), input];
  if (hint) {
    input.setAttribute("aria-describedby", `${id}-hint`);
    parts.push(h("small", { id: `${id}-hint` }, hint));
  }
  return h("div", { class: "field" }, ...parts);
}

export function number(id: string, value: string, step = "any"): HTMLInputElement {
  return h("input", { id, type: "number", step, value });
}

export function button(text: string, click: () => void, more: Record<string, string | boolean> = {}): HTMLButtonElement {
  return h("button", { type: "button", ...more, click: () => click() }, text);
}

export function options(names: [string, string][], chosen: string): HTMLOptionElement[] {
  return names.map(([value, text]) => h("option", { value, selected: value === chosen }, text));
}

export function valueOf(input: HTMLInputElement): number | null {
  return input.value.trim() === "" ? null : Number(input.value);
}

/** Hand a file to the browser. */
export function offer(content: Blob | string, name: string, kind = "text/plain"): void {
  const blob = typeof content === "string" ? new Blob([content], { type: kind }) : content;
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** A text to copy, with a button. */
export function copyable(label: string, text: string, id: string): HTMLElement {
  return h(
    "div", { class: "copy" },
    h("div", { class: "row" }, h("strong", {}, label), button("Copy", () => void navigator.clipboard?.writeText(text), { "aria-label": `Copy: ${label}` })),
    h("pre", { id, tabindex: 0, role: "group", "aria-label": label }, text),
  );
}
