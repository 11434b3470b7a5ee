/** What each screen consists of. Texts are filled in by the view. */

import { drawing, html } from './dom.js';

/** The element's screens. */
export type Screen = 'start' | 'loading' | 'camera' | 'analysing' | 'result' | 'error';

/** Finds the parts of a screen by these. */
export type TextId =
  | 'start.title' | 'start.camera' | 'start.local' | 'start.kept' | 'start.button' | 'start.photo'
  | 'loading.title' | 'camera.title' | 'camera.instructions' | 'camera.choose' | 'analysing.title'
  | 'result.why' | 'result.aligned' | 'result.generated' | 'result.cue' | 'result.advisory' | 'result.again'
  | 'error.title' | 'error.retry' | 'cancel';

/** Text of the locale's table. */
const text = (tag: 'p' | 'span' | 'h3' | 'figcaption', id: TextId) => html(tag, { 'data-text': id });

const heading = (id: TextId) => html('h2', { part: 'title', tabindex: '-1', 'data-text': id });

const button = (id: TextId, action: string, primary: boolean) =>
  html('button', {
    type: 'button',
    class: primary ? 'button primary' : 'button',
    part: primary ? 'button primary-button' : 'button',
    'data-action': action,
    'data-text': id,
  });

const actions = (...buttons: readonly Node[]) => html('div', { class: 'actions', part: 'actions' }, ...buttons);

/** A screen whose content can be replaced through a slot, and whose buttons stay. */
const screen = (name: Screen, content: readonly Node[], rest: readonly Node[]) =>
  html(
    'section',
    { 'data-screen': name, part: `screen ${name}`, hidden: '' },
    html('slot', { name }, ...content),
    ...rest,
  );

const ICONS = {
  camera:
    'M4 8.5A2.5 2.5 0 0 1 6.5 6H8l1.5-2h5L16 6h1.5A2.5 2.5 0 0 1 20 8.5v8a2.5 2.5 0 0 1-2.5 2.5h-11A2.5 2.5 0 0 1 4 16.5ZM15.2 12.5a3.2 3.2 0 1 1-6.4 0 3.2 3.2 0 0 1 6.4 0',
  local: 'M9 7h6a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H9a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2ZM10 7V4M14 7V4M10 20v-3M14 20v-3M7 10H4M7 14H4M20 10h-3M20 14h-3',
  kept: 'M12 3.5 5 6v5.5c0 4.2 2.9 7.4 7 9 4.1-1.6 7-4.8 7-9V6Zm-3 8.5 2.2 2.2L15.2 10',
};

const fact = (name: keyof typeof ICONS) =>
  html('li', {}, drawing('0 0 24 24', {}, [{ d: ICONS[name] }]), text('span', `start.${name}`));

function startScreen(): HTMLElement {
  const photo = html(
    'label',
    { class: 'button', part: 'button', 'data-photo': '' },
    text('span', 'start.photo'),
    html('input', { type: 'file', class: 'visually-hidden', accept: 'image/png,image/jpeg,image/gif,image/webp' }),
  );
  return screen(
    'start',
    [heading('start.title'), html('ul', { class: 'facts', part: 'facts', role: 'list' }, fact('camera'), fact('local'), fact('kept'))],
    [actions(button('start.button', 'start', true), photo)],
  );
}

function loadingScreen(): HTMLElement {
  return screen(
    'loading',
    [heading('loading.title')],
    [
      html('progress', { part: 'progress', 'data-progress': 'loading' }),
      html('p', { 'data-field': 'bytes' }),
      actions(button('cancel', 'cancel', false)),
    ],
  );
}

function cameraScreen(): HTMLElement {
  return screen(
    'camera',
    [heading('camera.title'), text('p', 'camera.instructions')],
    [
      html('progress', { part: 'progress', 'data-progress': 'camera', value: '0' }),
      html('p', { 'data-field': 'taken' }),
      html('label', { class: 'camera-choice', hidden: '' }, text('span', 'camera.choose'), html('select', { part: 'select' })),
      actions(button('cancel', 'cancel', false)),
    ],
  );
}

function analysingScreen(): HTMLElement {
  return screen(
    'analysing',
    [heading('analysing.title')],
    [
      html('progress', { part: 'progress', 'data-progress': 'analysing', value: '0' }),
      html('p', { 'data-field': 'stage' }),
      actions(button('cancel', 'cancel', false)),
    ],
  );
}

function resultScreen(): HTMLElement {
  const badge = drawing('0 0 48 48', { class: 'badge' }, [
    { class: 'shape', 'data-for': 'live', d: 'M24 3 42 10v13c0 11-7.5 18.5-18 22C13.5 41.5 6 34 6 23V10Z' },
    { class: 'mark', 'data-for': 'live', d: 'm15.5 24 6 6.2L33 18' },
    { class: 'shape', 'data-for': 'spoof', d: 'M15.7 4h16.6L44 15.7v16.6L32.3 44H15.7L4 32.3V15.7Z' },
    { class: 'mark', 'data-for': 'spoof', d: 'm17 17 14 14M31 17 17 31' },
    { class: 'shape', 'data-for': 'uncertain', d: 'M3.5 24a20.5 20.5 0 1 1 41 0 20.5 20.5 0 0 1-41 0' },
    { class: 'mark', 'data-for': 'uncertain', d: 'M18.5 19a5.5 5.5 0 1 1 8.3 4.8c-1.9 1.1-2.8 2.2-2.8 4.2m0 6v.1' },
  ]);
  const words = html('div', {}, html('h2', { part: 'title', tabindex: '-1', 'data-field': 'outcome' }), html('p', { 'data-field': 'sentence' }));
  const picture = (name: 'aligned' | 'generated' | 'cue') =>
    html(
      'figure',
      { part: `picture ${name}` },
      html('canvas', { width: '224', height: '224', 'data-picture': name, role: 'img' }),
      text('figcaption', `result.${name}`),
    );
  return screen(
    'result',
    [],
    [
      html('div', { class: 'verdict', part: 'verdict' }, badge, words),
      html('div', { class: 'meter', part: 'meter', 'aria-hidden': 'true' }, html('span', { class: 'needle' })),
      html('p', { class: 'score', part: 'score', 'data-field': 'score' }),
      html('ul', { class: 'reasons', part: 'reasons' }),
      html(
        'div',
        { class: 'evidence', part: 'evidence' },
        text('h3', 'result.why'),
        html('div', { class: 'pictures' }, picture('aligned'), picture('generated'), picture('cue')),
      ),
      text('p', 'result.advisory'),
      actions(button('result.again', 'reset', true)),
    ],
  );
}

function errorScreen(): HTMLElement {
  return screen(
    'error',
    [],
    [
      html(
        'div',
        { class: 'trouble', part: 'trouble' },
        heading('error.title'),
        html('p', { role: 'alert', 'data-field': 'error' }),
        html('p', {}, html('code', { 'data-field': 'code' })),
      ),
      actions(button('error.retry', 'reset', true)),
    ],
  );
}

/** The element's content: viewfinder and panel. */
export function card(): HTMLElement {
  const viewfinder = html(
    'div',
    { class: 'viewfinder', part: 'viewfinder' },
    html('video', { part: 'video', playsinline: '', muted: '', autoplay: '' }),
    html('canvas', { 'aria-hidden': 'true', width: '1', height: '1' }),
    html('div', { class: 'oval', part: 'oval', role: 'img' }),
    html('p', { class: 'hint', part: 'hint', role: 'status', 'aria-live': 'polite' }),
  );
  const panel = html(
    'div',
    { class: 'panel', part: 'panel' },
    startScreen(),
    loadingScreen(),
    cameraScreen(),
    analysingScreen(),
    resultScreen(),
    errorScreen(),
  );
  return html('div', { class: 'card', part: 'card' }, viewfinder, panel);
}
