/** The page: from a camera or a photo to a verdict. */

import { type CheckSource, createChecker, DespoofError, type Stage } from 'despoof';
import { type Camera, captureSharpest, openCamera } from 'despoof/camera';
import { backendFromAddress } from './address.js';
import { element } from './dom.js';
import { listenForPhotos } from './photo-input.js';
import { preload } from './readiness.js';
import { showScreen } from './screens.js';
import { resetStages, showStage } from './stages.js';
import { ERRORS } from './texts.js';
import { hideEvidence, showVerdict } from './verdict.js';
import * as viewfinder from './viewfinder.js';

/** Longer than any check on a slow device: what takes longer hangs. */
const CHECK_TIMEOUT = 120_000;

const checker = createChecker({ backend: backendFromAddress(location) });
let camera: Camera | undefined;
/** What goes on now; starting something else ends it. */
let running = new AbortController();

/** Ends what goes on, and says by which signal what comes next will be ended. */
function restart(): AbortSignal {
  running.abort();
  running = new AbortController();
  camera?.stop();
  camera = undefined;
  hideEvidence();
  viewfinder.setBusy(false);
  return running.signal;
}

function showStart(): void {
  restart();
  viewfinder.show('nothing');
  showScreen('start');
}

async function showCamera(): Promise<void> {
  const signal = restart();
  await whileDisabled('start-camera', signal, async () => {
    const opened = await openCamera(viewfinder.video, { signal });
    camera = opened;
    viewfinder.show('camera');
    showScreen('camera');
    void opened.lost.then((error) => {
      if (camera === opened) {
        showError(error);
      }
    });
  });
}

async function checkCamera(): Promise<void> {
  const { signal } = running;
  let frame: ImageBitmap | undefined;
  await whileDisabled('capture', signal, async () => {
    frame = await captureSharpest(viewfinder.video, { signal });
    camera?.stop();
    camera = undefined;
    viewfinder.showFrame(frame);
    await check(frame, signal);
  });
  frame?.close();
}

async function checkPhoto(photo: File): Promise<void> {
  const signal = restart();
  viewfinder.show('nothing');
  // Shown only once it was decoded: a browser would unpack a picture bomb without asking.
  const onStage = (stage: Stage) => stage === 'detect' && viewfinder.showPhoto(photo);
  await guarded(signal, () => check(photo, signal, onStage));
}

async function check(source: CheckSource, signal: AbortSignal, onStage?: (stage: Stage) => void): Promise<void> {
  resetStages();
  showScreen('checking');
  viewfinder.setBusy(true);
  // Loading has its own bar, and no limit: connections may be slow.
  await checker.preload();
  const result = await checker.check(source, {
    explain: true,
    signal: AbortSignal.any([signal, AbortSignal.timeout(CHECK_TIMEOUT)]),
    onStage: (stage) => {
      showStage(stage);
      onStage?.(stage);
    },
  });
  viewfinder.setBusy(false);
  showVerdict(result);
  showScreen('verdict');
}

/** Shows what goes wrong, unless the user has gone on to something else. */
async function guarded(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!signal.aborted) {
      showError(error);
    }
  }
}

/** Like `guarded`; a second press of the button would ask for the camera, or check, a second time. */
async function whileDisabled(buttonId: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  const button = element(buttonId, HTMLButtonElement);
  button.disabled = true;
  try {
    await guarded(signal, work);
  } finally {
    button.disabled = false;
  }
}

function showError(error: unknown): void {
  restart();
  viewfinder.show('nothing');
  const code = error instanceof DespoofError ? error.code : 'internal';
  element('error-title', HTMLElement).textContent = ERRORS[code].title;
  element('error-sentence', HTMLElement).textContent = ERRORS[code].sentence;
  element('error-code', HTMLElement).textContent = code;
  showScreen('error');
  console.error(error);
}

function onClick(id: string, action: () => unknown): void {
  element(id, HTMLElement).addEventListener('click', () => void action());
}

onClick('start-camera', showCamera);
onClick('stop-camera', showStart);
onClick('capture', checkCamera);
onClick('cancel', showStart);
onClick('again', showStart);
onClick('retry', showStart);
listenForPhotos((photo) => void checkPhoto(photo));
addEventListener('pagehide', () => camera?.stop());
void preload(checker);
