/** What is being looked at. */

import { element } from './dom.js';

/** What the viewfinder shows. */
export type Shown = 'nothing' | 'camera' | 'frame' | 'photo';

/** The camera's preview. */
export const video = element('video', HTMLVideoElement);

const viewfinder = element('viewfinder', HTMLElement);
const canvas = element('frame', HTMLCanvasElement);
const image = element('photo', HTMLImageElement);

/** Shows the camera, or nothing; what was shown before is dropped. */
export function show(shown: Shown): void {
  viewfinder.dataset['shows'] = shown;
  if (shown !== 'photo' && image.src !== '') {
    URL.revokeObjectURL(image.src);
    image.removeAttribute('src');
  }
  if (shown !== 'frame') {
    canvas.width = canvas.height = 1;
  }
}

/** Freezes on a frame of the camera. */
export function showFrame(frame: ImageBitmap): void {
  show('frame');
  canvas.width = frame.width;
  canvas.height = frame.height;
  canvas.getContext('2d')?.drawImage(frame, 0, 0);
}

/** Shows a photo. */
export function showPhoto(photo: Blob): void {
  show('nothing');
  image.src = URL.createObjectURL(photo);
  show('photo');
}

/** Says that work is going on. */
export function setBusy(busy: boolean): void {
  viewfinder.toggleAttribute('data-busy', busy);
}
