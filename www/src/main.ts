/** The demo: the element, and what it found in numbers. */

import { DespoofCheckElement } from 'despoof/element';
import { type FramesResult, STAGES } from 'despoof';
import { backendFromAddress } from './address.js';
import { element, rows } from './dom.js';
import { offerLanguages } from './languages.js';
import { listenForPhotos } from './photo-input.js';

const BACKENDS = { webgpu: 'graphics processor (WebGPU)', cpu: 'processor (WebAssembly)' } as const;

const check = document.querySelector('despoof-check');
if (!(check instanceof DespoofCheckElement)) {
  throw new Error('the page has no despoof-check');
}

check.setAttribute('backend', backendFromAddress(location));
offerLanguages(check, element('language', HTMLSelectElement));
listenForPhotos((photo) => void check.check(photo));
check.addEventListener('despoof-result', ({ detail }) => showNumbers(detail));
check.addEventListener('despoof-state', ({ detail }) => {
  if (detail.state !== 'complete') {
    element('numbers', HTMLDetailsElement).hidden = true;
  }
});

function showNumbers({ timings, frames, backend, fallback, modelDigest, wasmDigest }: FramesResult): void {
  const times = STAGES.map((stage) => ({ name: stage as string, time: timings[stage] ?? 0 }));
  times.push({ name: 'together', time: times.reduce((sum, { time }) => sum + time, 0) });
  element('times', HTMLElement).replaceChildren(...rows(times.map(({ name, time }) => [name, `${time.toFixed(0)} ms`])));
  const scores = frames.map(({ score, outcome }, index) => [`${index + 1}`, `${score.toFixed(3)} ${outcome}`]);
  element('scores', HTMLElement).replaceChildren(...rows(scores));
  const why = fallback === undefined ? '' : `, because of the graphics processor: ${fallback.message}`;
  element('ran-on', HTMLElement).textContent = `${BACKENDS[backend]}${why}`;
  element('model-digest', HTMLElement).textContent = modelDigest;
  element('wasm-digest', HTMLElement).textContent = wasmDigest ?? '';
  element('numbers', HTMLDetailsElement).hidden = false;
}
