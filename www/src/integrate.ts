/** The page for integrators: options and colours to try, events to watch, the reference. */

import { DespoofCheckElement } from 'despoof/element';
import manifest from 'despoof/custom-elements.json';
import { element, inlineMarkdown, made, rows } from './dom.js';
import { offerLanguages } from './languages.js';

const EVENTS = ['state', 'progress', 'hint', 'result', 'error', 'cancel'] as const;

/** What is said of one attribute, event, slot, part or property in `custom-elements.json`. */
interface Documented {
  readonly name: string;
  readonly description?: string;
}

const check = document.querySelector('despoof-check');
if (!(check instanceof DespoofCheckElement)) {
  throw new Error('the page has no despoof-check');
}

offerLanguages(check, element('language', HTMLSelectElement));
const options = element('options', HTMLFormElement);
options.addEventListener('submit', (event) => event.preventDefault());
options.addEventListener('input', ({ target }) => {
  if (target instanceof HTMLInputElement) {
    apply(check, target);
  }
});
for (const name of EVENTS) {
  check.addEventListener(`despoof-${name}`, ({ type, detail }) => log(type, detail));
}
element('policy', HTMLElement).textContent =
  document.querySelector('meta[http-equiv="Content-Security-Policy"]')?.getAttribute('content') ?? '';
showReference();

function apply(check: DespoofCheckElement, { name, value, dataset }: HTMLInputElement): void {
  if (!('attribute' in dataset)) {
    check.style.setProperty(name, `${value}${dataset['unit'] ?? ''}`);
  } else if (value === '') {
    check.removeAttribute(name);
  } else {
    check.setAttribute(name, value);
  }
}

function log(type: string, detail: unknown): void {
  const output = element('log', HTMLElement);
  // Pictures are not for reading.
  const text = JSON.stringify(detail, (key, value: unknown) => (key === 'evidence' ? '…' : value));
  output.append(`${type} ${detail instanceof Error ? `${detail.message}` : (text ?? '')}\n`);
  output.scrollTop = output.scrollHeight;
}

function showReference(): void {
  const declared = manifest.modules
    .flatMap(({ declarations }) => declarations as readonly Record<string, unknown>[])
    .find((declaration) => declaration['tagName'] === 'despoof-check');
  const kinds = {
    Attributes: 'attributes',
    Events: 'events',
    Slots: 'slots',
    Parts: 'cssParts',
    'CSS custom properties': 'cssProperties',
  };
  const tables = Object.entries(kinds).map(([title, kind]) => {
    const entries = (declared?.[kind] ?? []) as readonly Documented[];
    const body = rows(entries.map(({ name, description = '' }) => [made('code', {}, name), inlineMarkdown(description.replace(/^- /, ''))]));
    return made('table', {}, made('caption', {}, title), made('tbody', {}, ...body));
  });
  element('reference', HTMLElement).replaceChildren(...tables);
}
