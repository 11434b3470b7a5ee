/** Photos from drag and drop, and from the clipboard. */

/** Hands every photo the user gives to `onPhoto`. */
export function listenForPhotos(onPhoto: (photo: File) => void): void {
  const take = (files: FileList | undefined | null) => {
    const photo = files?.[0];
    if (photo !== undefined) {
      onPhoto(photo);
    }
  };
  addEventListener('paste', (event) => take(event.clipboardData?.files));
  // On the whole window: a photo dropped beside the element must not replace the page.
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', (event) => {
    event.preventDefault();
    take(event.dataTransfer?.files);
  });
}
