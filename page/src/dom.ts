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
