/** Typed access to the page's elements. */

/** The element with an id, of the kind it has to be. */
export function element<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new Error(`the page has no ${kind.name} with the id ${id}`);
  }
  return found;
}

/** Shows or hides an element. */
export function setShown(target: HTMLElement, shown: boolean): void {
  target.hidden = !shown;
}
