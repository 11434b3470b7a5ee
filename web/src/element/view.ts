/** Shows one screen at a time in the element's shadow tree; knows nothing of sessions. */

import { DespoofError } from '../errors.js';
import type { FramesResult } from '../frames.js';
import { filled, type Locale } from '../locales/texts.js';
import { STAGES } from '../protocol.js';
import type { Hint } from '../session/hints.js';
import type { SessionProgress } from '../session/session.js';
import { card, type Screen } from './screens.js';
import { STYLES } from './styles.js';

/** What people can do. */
export interface Actions {
  start(): void;
  cancel(): void;
  reset(): void;
  photo(photo: File): void;
  camera(deviceId: string): void;
}

type ScreenWithBar = 'loading' | 'camera' | 'analysing';

/** The shadow tree and what it shows. */
export class View {
  readonly #card: HTMLElement;
  readonly #root: ShadowRoot;
  #locale: Locale;
  #hint: Hint | null = null;
  #result: FramesResult | undefined;
  #error: DespoofError | undefined;

  constructor(root: ShadowRoot, locale: Locale, actions: Actions) {
    this.#root = root;
    this.#locale = locale;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLES);
    root.adoptedStyleSheets = [sheet];
    this.#card = card();
    root.append(this.#card);
    // As an attribute it counts only where a parser read it.
    this.video.muted = true;
    this.#listen(actions);
    this.setLocale(locale);
    this.show('start', false);
  }

  /** The camera's preview. */
  get video(): HTMLVideoElement {
    return this.#one('video', HTMLVideoElement);
  }

  /** Shows another language, or other texts. */
  setLocale(locale: Locale): void {
    this.#locale = locale;
    const { lang, direction, texts } = locale;
    this.#card.lang = lang;
    this.#card.dir = direction;
    for (const element of this.#root.querySelectorAll<HTMLElement>('[data-text]')) {
      element.textContent = textAt(texts, element.dataset['text']!);
    }
    this.video.setAttribute('aria-label', texts.camera.preview);
    this.#one('.oval', HTMLElement).setAttribute('aria-label', texts.camera.oval);
    for (const name of ['aligned', 'generated', 'cue'] as const) {
      this.#one(`[data-picture="${name}"]`, HTMLElement).setAttribute('aria-label', texts.result[name]);
    }
    for (const name of ['loading', 'camera', 'analysing'] as const) {
      this.#bar(name).setAttribute('aria-label', texts[name].title);
    }
    this.setHint(this.#hint);
    if (this.#result !== undefined) {
      this.#fillResult(this.#result);
    }
    if (this.#error !== undefined) {
      this.#fillError(this.#error);
    }
  }

  /** Whether photos can be given instead of the camera. */
  allowPhotos(allowed: boolean): void {
    this.#one('[data-photo]', HTMLElement).hidden = !allowed;
  }

  /** Goes to a screen; `focus` moves the focus to its heading, so that screen readers read on from there. */
  show(screen: Screen, focus: boolean): void {
    this.#card.dataset['screen'] = screen;
    for (const section of this.#root.querySelectorAll<HTMLElement>('section')) {
      section.hidden = section.dataset['screen'] !== screen;
    }
    if (screen !== 'camera') {
      this.setHint(null);
    }
    if (focus) {
      const shown = `section[data-screen="${screen}"]`;
      const heading = this.#root.querySelector<HTMLElement>(`${shown} h2`);
      // A heading in a replaced slot is not drawn, and takes no focus.
      heading?.focus();
      if (this.#root.activeElement !== heading) {
        this.#root.querySelector<HTMLElement>(`${shown} button`)?.focus();
      }
    }
  }

  /** Tells people what to do, before the camera. */
  setHint(hint: Hint | null): void {
    this.#hint = hint;
    const element = this.#one('.hint', HTMLElement);
    element.textContent = hint === null ? '' : this.#locale.texts.hints[hint.code];
    element.toggleAttribute('data-persists', hint?.persists ?? false);
  }

  /** Shows how far the session is. */
  setProgress(progress: SessionProgress): void {
    const { texts } = this.#locale;
    if (progress.state === 'loading') {
      const { phase, loadedBytes, totalBytes } = progress;
      const megabytes = (bytes: number) => this.#number(bytes / 1e6, 1);
      const loaded = megabytes(loadedBytes);
      this.#setBar('loading', phase === 'prepare' || totalBytes === undefined ? undefined : loadedBytes / totalBytes);
      const bytes =
        totalBytes === undefined
          ? filled(texts.loading.some, { loaded })
          : filled(texts.loading.bytes, { loaded, total: megabytes(totalBytes) });
      this.#setField('bytes', phase === 'prepare' ? texts.loading.prepare : bytes);
    } else if (progress.state === 'capturing') {
      const { taken, wanted } = progress;
      this.#setBar('camera', taken / wanted);
      this.#setField('taken', filled(texts.camera.taken, { taken: this.#number(taken), wanted: this.#number(wanted) }));
      this.#freeze();
    } else {
      const { stage, frame, frames } = progress;
      this.#setBar('analysing', (frame + STAGES.indexOf(stage) / STAGES.length) / frames);
      const where = filled(texts.analysing.frame, { frame: this.#number(frame + 1), frames: this.#number(frames) });
      this.#setField('stage', `${where} · ${texts.analysing.stages[stage]}`);
    }
  }

  /** Offers the cameras to choose from, where there are several. */
  setCameras(cameras: readonly MediaDeviceInfo[], current: string | undefined): void {
    const select = this.#one('select', HTMLSelectElement);
    select.replaceChildren(
      ...cameras.map(({ deviceId, label }, index) => {
        const name = label || `${this.#locale.texts.camera.choose} ${index + 1}`;
        return new Option(name, deviceId, false, deviceId === current);
      }),
    );
    this.#one('.camera-choice', HTMLElement).hidden = cameras.length < 2;
  }

  /** Fills the verdict in. */
  setResult(result: FramesResult): void {
    this.#result = result;
    this.#fillResult(result);
    const { evidence } = result;
    this.#one('.evidence', HTMLElement).hidden = evidence === undefined;
    for (const name of ['aligned', 'generated', 'cue'] as const) {
      if (evidence !== undefined) {
        this.#one(`[data-picture="${name}"]`, HTMLCanvasElement).getContext('2d')?.drawImage(evidence[name], 0, 0);
      }
    }
  }

  /** Fills the error in. */
  setError(error: DespoofError): void {
    this.#error = error;
    this.#fillError(error);
  }

  /** Drops every picture and answer. */
  clear(): void {
    this.#result = undefined;
    this.#error = undefined;
    for (const canvas of this.#root.querySelectorAll('canvas')) {
      // Setting a size, even the same, frees what was drawn.
      canvas.width = canvas.width;
    }
    for (const bar of this.#root.querySelectorAll('progress')) {
      bar.removeAttribute('value');
    }
    for (const field of ['bytes', 'taken', 'stage']) {
      this.#setField(field, '');
    }
  }

  #fillResult({ outcome, score, threshold, spread, frames, reasons }: FramesResult): void {
    const { result, reasons: reasonTexts } = this.#locale.texts;
    this.#one('.verdict', HTMLElement).dataset['outcome'] = outcome;
    this.#setField('outcome', result.outcomes[outcome].title);
    this.#setField('sentence', result.outcomes[outcome].sentence);
    const values = {
      score: this.#number(score, 2),
      threshold: this.#number(threshold, 2),
      spread: this.#number(spread, 3),
      frames: this.#number(frames.length),
    };
    this.#setField('score', filled(result.score, values));
    const meter = this.#one('.meter', HTMLElement);
    meter.style.setProperty('--_score', `${score}`);
    meter.style.setProperty('--_threshold', `${threshold}`);
    const items = reasons.map((reason) => {
      const item = document.createElement('li');
      item.textContent = reasonTexts[reason];
      return item;
    });
    this.#one('.reasons', HTMLElement).replaceChildren(...items);
  }

  #fillError({ code }: DespoofError): void {
    this.#setField('error', this.#locale.texts.errors[code]);
    this.#setField('code', code);
  }

  /** Keeps the newest picture to show while it is analysed: the camera is off by then. */
  #freeze(): void {
    const { video } = this;
    const canvas = this.#one('.viewfinder canvas', HTMLCanvasElement);
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext('2d')?.drawImage(video, 0, 0);
  }

  #bar(name: ScreenWithBar): HTMLProgressElement {
    return this.#one(`[data-progress="${name}"]`, HTMLProgressElement);
  }

  #setBar(name: ScreenWithBar, share: number | undefined): void {
    const bar = this.#bar(name);
    if (share === undefined) {
      bar.removeAttribute('value');
    } else {
      bar.value = share;
    }
  }

  #setField(name: string, text: string): void {
    this.#one(`[data-field="${name}"]`, HTMLElement).textContent = text;
  }

  #number(value: number, digits = 0): string {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return new Intl.NumberFormat(this.#locale.lang, options).format(value);
  }

  #listen(actions: Actions): void {
    this.#root.addEventListener('click', ({ target }) => {
      const button = target instanceof Element ? target.closest<HTMLElement>('[data-action]') : null;
      if (button !== null) {
        actions[button.dataset['action'] as 'start' | 'cancel' | 'reset']();
      }
    });
    const input = this.#one('input', HTMLInputElement);
    input.addEventListener('change', () => {
      const photo = input.files?.[0];
      // So that the same file can be chosen again.
      input.value = '';
      if (photo !== undefined) {
        actions.photo(photo);
      }
    });
    const select = this.#one('select', HTMLSelectElement);
    select.addEventListener('change', () => actions.camera(select.value));
  }

  #one<T extends Element>(selector: string, kind: new () => T): T {
    const found = this.#root.querySelector(selector);
    if (!(found instanceof kind)) {
      throw new DespoofError('internal', `the element has no ${selector}`);
    }
    return found;
  }
}

/** The text under a path like `start.title`. */
function textAt(texts: Locale['texts'], path: string): string {
  const found = path.split('.').reduce<unknown>((table, key) => (table as Record<string, unknown>)[key], texts);
  return String(found);
}
