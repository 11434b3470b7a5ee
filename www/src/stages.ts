/** The list of stages while a check runs. */

import { type Stage, STAGES } from 'despoof';
import { element } from './dom.js';
import { STAGE_NAMES } from './texts.js';

const list = element('stages', HTMLOListElement);

/** Lists the stages, none begun. */
export function resetStages(): void {
  list.replaceChildren(
    ...STAGES.map((stage) => {
      const item = document.createElement('li');
      item.textContent = STAGE_NAMES[stage];
      return item;
    }),
  );
}

/** Marks a stage as running and those before it as done. */
export function showStage(stage: Stage): void {
  const running = STAGES.indexOf(stage);
  for (const [index, item] of [...list.children].entries()) {
    if (index <= running) {
      item.setAttribute('data-state', index < running ? 'done' : 'running');
    }
    if (index === running) {
      item.setAttribute('aria-current', 'step');
    } else {
      item.removeAttribute('aria-current');
    }
  }
}
