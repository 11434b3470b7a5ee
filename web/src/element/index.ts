/**
 * Defines `<despoof-check>`. Importing it twice, or on a server, does no harm.
 *
 * @packageDocumentation
 */

import { DespoofCheckElement, type DespoofCheckEvents } from './despoof-check.js';

export { DespoofCheckElement, type DespoofCheckEvents } from './despoof-check.js';
export type { Locale, TextOverrides, Texts } from '../locales/texts.js';

if (typeof customElements !== 'undefined' && customElements.get('despoof-check') === undefined) {
  customElements.define('despoof-check', DespoofCheckElement);
}

declare global {
  interface HTMLElementTagNameMap {
    'despoof-check': DespoofCheckElement;
  }
  /** Also on the document and the window: the events bubble. */
  interface GlobalEventHandlersEventMap extends DespoofCheckEvents {}
}
