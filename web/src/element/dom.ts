/** Building DOM without markup in strings, which policies with trusted types would refuse. */

const SVG = 'http://www.w3.org/2000/svg';

/** Attributes; `undefined` leaves one out. */
type Attributes = Readonly<Record<string, string | undefined>>;

/** An element with attributes and children. */
export function html<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  return withContent(document.createElement(tag), attributes, children);
}

/** A decorative drawing of paths, each with attributes of its own. */
export function drawing(viewBox: string, attributes: Attributes, paths: readonly Attributes[]): SVGSVGElement {
  const children = paths.map((path) => withContent(document.createElementNS(SVG, 'path'), path, []));
  return withContent(document.createElementNS(SVG, 'svg'), { viewBox, 'aria-hidden': 'true', ...attributes }, children);
}

function withContent<T extends Element>(element: T, attributes: Attributes, children: readonly (Node | string)[]): T {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children);
  return element;
}
