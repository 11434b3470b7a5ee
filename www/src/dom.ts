/** Typed access to the page's elements. */

/** The element with an id, of the kind it has to be. */
export function element<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new Error(`the page has no ${kind.name} with the id ${id}`);
  }
  return found;
}

/** An element with attributes and children. */
export function made(tag: string, attributes: Readonly<Record<string, string>>, ...children: (Node | string)[]): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** A line of Markdown with `code` and *emphasis* in it. */
export function inlineMarkdown(text: string): DocumentFragment {
  const fragment = new DocumentFragment();
  // Every other part was between backticks or stars.
  for (const part of text.split(/(`[^`]+`|\*[^*]+\*)/)) {
    const tag = { '`': 'code', '*': 'em' }[part[0] ?? ''];
    fragment.append(tag === undefined ? part : made(tag, {}, part.slice(1, -1)));
  }
  return fragment;
}

/** Rows of a table, each headed by its first cell. */
export function rows(cells: readonly (readonly (Node | string)[])[]): readonly HTMLElement[] {
  return cells.map(([head = '', ...rest]) =>
    made('tr', {}, made('th', { scope: 'row' }, head), ...rest.map((cell) => made('td', {}, cell))),
  );
}
