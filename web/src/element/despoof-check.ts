/** `<despoof-check>`: the whole way from an explanation to a verdict, as a custom element. */

import { listCameras } from '../camera.js';
import { type Checker, type CheckerOptions, createChecker } from '../checker.js';
import type { DespoofError } from '../errors.js';
import type { FramesResult } from '../frames.js';
import en from '../locales/en.js';
import { type Locale, overridden, type TextOverrides } from '../locales/texts.js';
import type { CaptureOptions } from '../session/capture.js';
import type { Hint } from '../session/hints.js';
import { isOver, type SessionState } from '../session/machine.js';
import {
  createSession,
  type Session,
  type SessionEvents,
  type SessionOptions,
  type SessionProgress,
} from '../session/session.js';
import type { Screen } from './screens.js';
import { View } from './view.js';

/** The element's events, by name. */
export interface DespoofCheckEvents {
  'despoof-state': CustomEvent<{ readonly state: SessionState }>;
  'despoof-progress': CustomEvent<SessionProgress>;
  'despoof-hint': CustomEvent<Hint | null>;
  'despoof-result': CustomEvent<FramesResult>;
  'despoof-error': CustomEvent<DespoofError>;
  'despoof-cancel': CustomEvent<undefined>;
}

/** On servers there are no elements; the class exists there so that importing it does no harm. */
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

const SCREENS: Readonly<Partial<Record<SessionState, Screen>>> = {
  capturing: 'camera',
  analysing: 'analysing',
  complete: 'result',
  error: 'error',
  cancelled: 'start',
};

/** The camera that was chosen last, for as long as the page lives. */
let lastCamera: string | undefined;

/**
 * A face liveness check with everything around it: explanation, camera with hints, progress, verdict and retry.
 * The result is advisory.
 *
 * @customElement despoof-check
 *
 * @attr {string} asset-base-url - Folder with what `npx despoof-assets FOLDER` copies; by default the bundler's.
 * @attr {string} model-base-url - Folder with the model's `manifest.json` and shards.
 * @attr {"auto"|"webgpu"|"cpu"} backend - What to run on.
 * @attr {string} challenge - The server's nonce; the result then carries a signed report.
 * @attr {string} frames - How many pictures are checked; 5 by default.
 * @attr {boolean} preload - Loads as soon as the element is on the page, not only when people start.
 * @attr {boolean} allow-photo - Offers to choose a photo instead of the camera.
 * @attr {string} name - In a form: the report, or the outcome where there is no challenge, is sent under this name.
 *
 * @fires {CustomEvent<{state: SessionState}>} despoof-state - The session has come to another state.
 * @fires {CustomEvent<SessionProgress>} despoof-progress - Bytes, pictures or stages have come further.
 * @fires {CustomEvent<Hint | null>} despoof-hint - What people should do, as a code; `null` for nothing more.
 * @fires {CustomEvent<FramesResult>} despoof-result - The session is over with a verdict.
 * @fires {CustomEvent<DespoofError>} despoof-error - The session is over with an error.
 * @fires {CustomEvent<undefined>} despoof-cancel - The session is over because it was cancelled.
 *
 * @slot start - Replaces the explanation; the buttons stay.
 * @slot loading - Replaces the heading while loading.
 * @slot camera - Replaces heading and instructions beside the camera.
 * @slot analysing - Replaces the heading while analysing.
 * @slot result - Is put above the verdict.
 * @slot error - Is put above the error.
 *
 * @csspart card - The whole.
 * @csspart viewfinder - The box with the camera's picture.
 * @csspart video - The camera's picture.
 * @csspart oval - Where the face should be.
 * @csspart hint - What people should do.
 * @csspart panel - Everything beside or below the viewfinder.
 * @csspart screen - Each screen; also by its name: `start`, `loading`, `camera`, `analysing`, `result`, `error`.
 * @csspart title - Headings.
 * @csspart facts - The list of the explanation.
 * @csspart actions - The row of buttons.
 * @csspart button - Every button.
 * @csspart primary-button - The button that goes on.
 * @csspart select - The list of cameras.
 * @csspart progress - Progress bars.
 * @csspart verdict - The verdict's box.
 * @csspart meter - The score's scale.
 * @csspart score - The score in words.
 * @csspart reasons - Why.
 * @csspart evidence - The pictures that explain the verdict.
 * @csspart picture - Each of them; also `aligned`, `generated`, `cue`.
 * @csspart trouble - The error's box.
 *
 * @cssprop --despoof-surface - Background.
 * @cssprop --despoof-sunken - Background of what lies deeper.
 * @cssprop --despoof-ink - Text.
 * @cssprop --despoof-muted - Less important text.
 * @cssprop --despoof-line - Borders.
 * @cssprop --despoof-accent - The main button, progress, focus.
 * @cssprop --despoof-on-accent - Text on the main button.
 * @cssprop --despoof-live - Colour of the verdict *live*.
 * @cssprop --despoof-spoof - Colour of the verdict *spoof*.
 * @cssprop --despoof-uncertain - Colour of the verdict *uncertain*, and of errors.
 * @cssprop --despoof-radius - Radius of corners.
 * @cssprop --despoof-font - Font family.
 */
export class DespoofCheckElement extends Base {
  /** Forms send the report. */
  static readonly formAssociated = true;
  static readonly observedAttributes = ['asset-base-url', 'model-base-url', 'backend', 'allow-photo', 'preload'];

  /** How to take pictures, where the attributes do not say enough; counts from the next start. */
  captureOptions: CaptureOptions = {};
  readonly #internals: ElementInternals;
  readonly #view: View;
  #options: CheckerOptions = {};
  #locale: Locale = en;
  #texts: TextOverrides | undefined;
  #checker: Checker | undefined;
  #session: Session | undefined;
  /** The camera's way to the session's end. */
  #attempt: Promise<void> = Promise.resolve();
  #result: FramesResult | undefined;

  constructor() {
    super();
    this.#internals = this.attachInternals();
    this.#view = new View(this.attachShadow({ mode: 'open' }), this.#locale, {
      start: () => void this.start(),
      cancel: () => this.cancel(),
      reset: () => this.reset(),
      photo: (photo) => void this.check(photo),
      camera: (deviceId) => void this.#switchCamera(deviceId),
    });
    this.#view.allowPhotos(false);
  }

  /** Options that have no attribute, such as `locateAsset`; they go before the attributes. */
  get checkerOptions(): CheckerOptions {
    return this.#options;
  }

  set checkerOptions(options: CheckerOptions) {
    this.#options = options;
    this.#startOver();
  }

  /** The language, from `despoof/locales/…`; English by default. */
  get locale(): Locale {
    return this.#locale;
  }

  set locale(locale: Locale) {
    this.#locale = locale;
    this.#showTexts();
  }

  /** Texts in place of the locale's. */
  get texts(): TextOverrides | undefined {
    return this.#texts;
  }

  set texts(texts: TextOverrides | undefined) {
    this.#texts = texts;
    this.#showTexts();
  }

  /** Where the session is. */
  get state(): SessionState {
    return this.#session?.state ?? 'idle';
  }

  /** The last verdict; its pictures live until the next start. */
  get result(): FramesResult | undefined {
    return this.#result;
  }

  /** The form this belongs to. */
  get form(): HTMLFormElement | null {
    return this.#internals.form;
  }

  /** Loads beforehand, so that people do not wait for it later; disturbs no attempt and no verdict. */
  async load(): Promise<void> {
    const session = this.#session;
    await (session === undefined || isFailed(session.state) ? this.#fresh() : session).load();
  }

  /** Opens the camera and checks whoever is before it. Call it on a user's gesture. What goes on already goes on. */
  start(): Promise<void> {
    if (this.#session?.source === 'camera' && !isOver(this.#session.state)) {
      return this.#attempt;
    }
    const session = this.#fresh();
    this.#view.show('loading', true);
    this.#attempt = session.useCamera(this.#view.video, { preferredDeviceId: lastCamera });
    return this.#attempt;
  }

  /** Checks a photo instead of the camera. */
  async check(photo: Blob | ImageBitmap | ImageData): Promise<void> {
    const session = this.#fresh();
    this.#view.show('loading', true);
    await session.usePhotos([photo]);
  }

  /** Ends what goes on. */
  cancel(): void {
    this.#session?.cancel();
  }

  /** Goes back to the start, for another attempt. */
  reset(): void {
    this.#clear();
    this.#view.show('start', true);
  }

  /** Ends everything and frees all memory; the element can be started again. */
  async dispose(): Promise<void> {
    this.#clear();
    this.#view.show('start', false);
    const checker = this.#checker;
    this.#checker = undefined;
    await checker?.dispose();
  }

  /** @internal */
  connectedCallback(): void {
    this.#preloadWhenAsked();
  }

  /** @internal */
  disconnectedCallback(): void {
    // An element that is only moved is connected again by then.
    queueMicrotask(() => {
      if (!this.isConnected) {
        void this.dispose();
      }
    });
  }

  /** @internal */
  attributeChangedCallback(name: string, before: string | null, value: string | null): void {
    if (name === 'allow-photo') {
      this.#view.allowPhotos(value !== null);
    } else if (name === 'preload') {
      this.#preloadWhenAsked();
    } else if (before !== value) {
      this.#startOver();
    }
  }

  /** @internal */
  formResetCallback(): void {
    this.#clear();
    this.#view.show('start', false);
  }

  /** Later, so that attributes and properties that are set together with `preload` count. */
  #preloadWhenAsked(): void {
    queueMicrotask(() => {
      if (this.isConnected && this.hasAttribute('preload') && this.#session === undefined) {
        void this.load();
      }
    });
  }

  /** What was loaded is not what is wanted any more. */
  #startOver(): void {
    if (this.#checker !== undefined) {
      void this.dispose();
      this.#preloadWhenAsked();
    }
  }

  #clear(): void {
    const session = this.#session;
    // Before it ends: nobody has to be shown how.
    this.#session = undefined;
    session?.cancel();
    for (const picture of Object.values(this.#result?.evidence ?? {}) as ImageBitmap[]) {
      picture.close();
    }
    this.#result = undefined;
    this.#internals.setFormValue(null);
    this.#view.clear();
  }

  /** The session that waits for its start, or a new one. */
  #fresh(): Session {
    if (this.#session !== undefined && this.#session.source === undefined && !isOver(this.#session.state)) {
      return this.#session;
    }
    this.#clear();
    this.#checker ??= createChecker({ ...this.#attributeOptions(), ...this.#options });
    const session = createSession(this.#sessionOptions(this.#checker));
    this.#session = session;
    this.#follow(session);
    return session;
  }

  /** Read when they are needed: pages set them after loading has begun. */
  #sessionOptions(checker: Checker): SessionOptions {
    const challenge = () => this.getAttribute('challenge') ?? undefined;
    const capture = () => {
      const frames = Number(this.getAttribute('frames') ?? 0);
      return { ...(frames > 0 && { frames }), ...this.captureOptions };
    };
    return {
      checker,
      get challenge() {
        return challenge();
      },
      get capture() {
        return capture();
      },
    };
  }

  #attributeOptions(): CheckerOptions {
    const assetBaseUrl = this.getAttribute('asset-base-url');
    const modelBaseUrl = this.getAttribute('model-base-url');
    const backend = this.getAttribute('backend');
    return {
      ...(assetBaseUrl !== null && { assetBaseUrl }),
      ...(modelBaseUrl !== null && { modelBaseUrl }),
      ...((backend === 'webgpu' || backend === 'cpu') && { backend }),
    };
  }

  #follow(session: Session): void {
    const follow = <Name extends keyof SessionEvents>(name: Name, listener: (event: SessionEvents[Name]) => void) =>
      session.on(name, (event) => {
        if (this.#session === session || name === 'cancelled' || name === 'state') {
          listener(event);
        }
      });
    // Whoever did not start it is busy elsewhere on the page, and keeps the focus.
    const isStarted = () => session.source !== undefined;
    follow('state', (state) => {
      const screen = SCREENS[state];
      if (screen !== undefined && this.#session === session && state !== 'complete' && state !== 'error') {
        this.#view.show(screen, isStarted());
      }
      this.#tell('despoof-state', { state });
    });
    follow('progress', (progress) => {
      this.#view.setProgress(progress);
      this.#tell('despoof-progress', progress);
    });
    follow('hint', (hint) => {
      this.#view.setHint(hint);
      this.#tell('despoof-hint', hint);
    });
    follow('camera', ({ deviceId }) => {
      lastCamera = deviceId;
      void listCameras().then((cameras) => this.#view.setCameras(cameras, deviceId));
    });
    follow('result', (result) => {
      this.#result = result;
      this.#view.setResult(result);
      this.#view.show('result', true);
      this.#internals.setFormValue(result.report ?? result.outcome);
      this.#tell('despoof-result', result);
    });
    follow('error', (error) => {
      this.#view.setError(error);
      this.#view.show('error', isStarted());
      this.#tell('despoof-error', error);
    });
    follow('cancelled', () => this.#tell('despoof-cancel', undefined));
  }

  async #switchCamera(deviceId: string): Promise<void> {
    await this.#session?.useOtherCamera(this.#view.video, deviceId);
  }

  #showTexts(): void {
    this.#view.setLocale({ ...this.#locale, texts: overridden(this.#locale.texts, this.#texts) });
  }

  #tell<Name extends keyof DespoofCheckEvents>(name: Name, detail: DespoofCheckEvents[Name]['detail']): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

/** Whether a session ended without a verdict. */
function isFailed(state: SessionState): boolean {
  return state === 'error' || state === 'cancelled';
}
