/** Photos from the file dialog, from drag and drop, and from the clipboard. */

import { element } from './dom.js';

const card = element('card', HTMLElement);
const input = element('photo-input', HTMLInputElement);

/** Hands every photo the user gives to `onPhoto`. */
export function listenForPhotos(onPhoto: (photo: File) => void): void {
  const take = (files: FileList | undefined | null) => {
    const photo = files?.[0];
    if (photo !== undefined) {
      onPhoto(photo);
    }
  };
  input.addEventListener('change', () => {
    take(input.files);
    // So that the same file can be chosen again.
    input.value = '';
  });
  addEventListener('paste', (event) => take(event.clipboardData?.files));
  // On the whole window: a photo dropped beside the card must not replace the page.
  addEventListener('dragover', (event) => {
    event.preventDefault();
    card.toggleAttribute('data-dropping', event.dataTransfer?.types.includes('Files') ?? false);
  });
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) {
      card.removeAttribute('data-dropping');
    }
  });
  addEventListener('drop', (event) => {
    event.preventDefault();
    card.removeAttribute('data-dropping');
    take(event.dataTransfer?.files);
  });
}
