/** The bar at the bottom of the card: how far loading has come, and what the check will run on. */

import { type Checker, DespoofError, type Progress } from 'despoof';
import { element } from './dom.js';
import { ERRORS, hardware, megabytes } from './texts.js';

const bar = element('readiness', HTMLElement);
const text = element('readiness-text', HTMLElement);
const progressBar = element('readiness-bar', HTMLProgressElement);
const reload = element('reload', HTMLButtonElement);
const announcement = element('readiness-announcement', HTMLElement);

/** Loads the check and shows how far it is; a failure is shown with a button to try again. */
export async function preload(checker: Checker): Promise<void> {
  show('loading', 'Loading the check');
  try {
    const readiness = await checker.preload(showProgress);
    show('ready', `Ready. Runs on the ${hardware(readiness)}`);
  } catch (error) {
    const code = error instanceof DespoofError ? error.code : 'internal';
    show('failed', `${ERRORS[code].title}. ${ERRORS[code].sentence}`);
    reload.onclick = () => void preload(checker);
    console.error(error);
  }
  // The byte count is not announced, its end is.
  announcement.textContent = text.textContent;
}

function show(state: 'loading' | 'ready' | 'failed', sentence: string): void {
  bar.dataset['state'] = state;
  text.textContent = sentence;
  progressBar.hidden = state !== 'loading';
  progressBar.removeAttribute('value');
  reload.hidden = state !== 'failed';
}

function showProgress({ phase, loadedBytes, totalBytes }: Progress): void {
  if (phase === 'prepare') {
    text.textContent = 'Preparing the networks';
    progressBar.removeAttribute('value');
    return;
  }
  text.textContent = `Loading the check: ${megabytes(loadedBytes, totalBytes)}`;
  if (totalBytes !== undefined) {
    progressBar.max = totalBytes;
    progressBar.value = loadedBytes;
  }
}
