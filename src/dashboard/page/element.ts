/** Elements of the page. Text is always text, never markup. */

type Child = Node | string | undefined;

/**
 * An element with attributes and children; what is undefined is left out.
 *
 * @example
 * element("td", { class: "number" }, ["3.8 %"]);
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | undefined>> = {},
  children: readonly Child[] = [],
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) made.setAttribute(name, value);
  for (const child of children) if (child !== undefined) made.append(child);
  return made;
}

/** The element of the page's own markup with this id. */
export function byId<Kind extends HTMLElement>(id: string): Kind {
  return document.getElementById(id) as Kind;
}

/** Puts these in the place of what an element has. */
export function fill(parent: Node & ParentNode, children: readonly Node[]): void {
  const all = document.createDocumentFragment();
  for (const child of children) all.append(child);
  parent.replaceChildren(all);
}
