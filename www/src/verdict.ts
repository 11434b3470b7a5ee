/** The answer: outcome, score, and the pictures that explain it. */

import { type CheckResult, type Evidence, STAGES } from 'despoof';
import { element } from './dom.js';
import { duration, hardware, OUTCOMES, remarks, scoreText, STAGE_NAMES } from './texts.js';

const verdict = element('verdict', HTMLElement);
const meter = element('meter', HTMLElement);
const evidenceSection = element('evidence', HTMLElement);

/** Fills in the verdict and its evidence. */
export function showVerdict(result: CheckResult): void {
  const { title, sentence } = OUTCOMES[result.outcome];
  verdict.dataset['outcome'] = result.outcome;
  setText('verdict-title', title);
  setText('verdict-sentence', sentence);
  setText('score-text', scoreText(result));
  meter.style.setProperty('--score', `${result.score}`);
  meter.style.setProperty('--threshold', `${result.threshold}`);
  element('remarks', HTMLElement).replaceChildren(...remarks(result).map((remark) => withText('li', remark)));
  showTimes(result);
  setText('ran-on', hardware(result));
  setText('faces', `${result.faces}`);
  setText('digest', result.modelDigest);
  if (result.evidence !== undefined) {
    showEvidence(result.evidence);
  }
}

/** Takes the pictures away. */
export function hideEvidence(): void {
  evidenceSection.hidden = true;
  for (const canvas of evidenceSection.querySelectorAll('canvas')) {
    canvas.getContext('2d')?.clearRect(0, 0, canvas.width, canvas.height);
  }
}

function showEvidence(evidence: Evidence): void {
  for (const name of ['aligned', 'generated', 'cue'] as const) {
    element(name, HTMLCanvasElement).getContext('2d')?.drawImage(evidence[name], 0, 0);
    evidence[name].close();
  }
  evidenceSection.hidden = false;
}

function showTimes({ timings }: CheckResult): void {
  const timed = STAGES.flatMap((stage) => {
    const time = timings[stage];
    return time === undefined ? [] : [{ stage, time }];
  });
  element('times', HTMLElement).replaceChildren(
    ...timed.map(({ stage, time }) => {
      const row = document.createElement('tr');
      const head = withText('th', STAGE_NAMES[stage]);
      head.setAttribute('scope', 'row');
      row.append(head, withText('td', duration(time)));
      return row;
    }),
  );
  setText('time-total', duration(timed.reduce((sum, { time }) => sum + time, 0)));
}

function setText(id: string, text: string): void {
  element(id, HTMLElement).textContent = text;
}

function withText(tag: 'li' | 'th' | 'td', text: string): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
