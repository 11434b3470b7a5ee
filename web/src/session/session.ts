/** One session: from loading over the camera to a verdict, with exactly one ending. */

import { type Camera, type CameraOptions, openCamera } from '../camera.js';
import type { CheckSource, Checker } from '../checker.js';
import { DespoofError, messageOf } from '../errors.js';
import type { FramesResult } from '../frames.js';
import type { Progress, Stage } from '../protocol.js';
import { abortError, withSignal, withTimeLimit } from '../signal.js';
import { type CaptureOptions, type Captured, captureFrames, type CaptureSettings, settingsFrom } from './capture.js';
import type { HintCode } from './gates.js';
import type { Hint } from './hints.js';
import { isOver, nextState, type SessionEvent, type SessionState } from './machine.js';

/** What a session is made with; each is read when it is needed, so a getter may tell what is known by then. */
export interface SessionOptions {
  readonly checker: Checker;
  /** The server's nonce; where there is one, the result carries a signed report. */
  readonly challenge?: string | undefined;
  /** How frames are taken. */
  readonly capture?: CaptureOptions;
  /** Milliseconds after which analysing counts as hanging. Default: 120000. */
  readonly analysisTimeout?: number;
  /** Ends the session. */
  readonly signal?: AbortSignal;
}

/** How far a session has come within a state. */
export type SessionProgress =
  | ({ readonly state: 'loading' } & Progress)
  | { readonly state: 'capturing'; readonly taken: number; readonly wanted: number }
  | { readonly state: 'analysing'; readonly stage: Stage; readonly frame: number; readonly frames: number };

/** What a session tells, by name; of `result`, `error` and `cancelled` exactly one, at the end. */
export interface SessionEvents {
  state: SessionState;
  progress: SessionProgress;
  /** `null` when there is nothing to say any more. */
  hint: Hint | null;
  /** The camera is on. */
  camera: Camera;
  result: FramesResult;
  error: DespoofError;
  cancelled: undefined;
}

/** Milliseconds after which a look at a frame counts as hanging, and what it hangs on is ended. */
const LOOK_WITHIN = 45_000;

/** What a session looks at. */
export type SessionSource = 'camera' | 'photos';

type Listeners = { [Name in keyof SessionEvents]?: Set<(event: SessionEvents[Name]) => void> };

/** Makes a session; nothing happens before `load`, `useCamera` or `usePhotos`. */
export function createSession(options: SessionOptions): Session {
  return new Session(options);
}

/** One attempt. For another one make another session with the same checker. */
export class Session {
  readonly #options: SessionOptions;
  readonly #listeners: Listeners = {};
  readonly #ending = new AbortController();
  #state: SessionState = 'idle';
  #source: SessionSource | undefined;
  #loading: Promise<void> | undefined;
  #camera: Camera | undefined;
  /** While a camera is being opened. */
  #opening: AbortController | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { signal } = options;
    if (signal?.aborted) {
      this.cancel();
    }
    signal?.addEventListener('abort', () => this.cancel(), { once: true, signal: this.#ending.signal });
  }

  /** Where it is. */
  get state(): SessionState {
    return this.#state;
  }

  /** What it looks at; `undefined` as long as nobody has started it. */
  get source(): SessionSource | undefined {
    return this.#source;
  }

  /** Hears an event; the answer stops hearing it. */
  on<Name extends keyof SessionEvents>(name: Name, listener: (event: SessionEvents[Name]) => void): () => void {
    const listeners: Set<(event: SessionEvents[Name]) => void> = this.#listeners[name] ?? new Set();
    this.#listeners[name] = listeners as Listeners[Name];
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Loads what a check needs. Failures end the session; they are not thrown here. */
  load(): Promise<void> {
    this.#loading ??= this.#endingOnFailure(async (signal) => {
      this.#go('load');
      await withSignal(
        signal,
        this.#options.checker.preload((progress) => this.#tell('progress', { state: 'loading', ...progress })),
      );
      this.#go('loaded');
    });
    return this.#loading;
  }

  /**
   * Opens the camera, shows it in `video`, takes the best frames and checks them. Call it on a user's gesture.
   * Failures end the session; they are not thrown here, except that a session can be started only once.
   */
  async useCamera(video: HTMLVideoElement, options: Omit<CameraOptions, 'signal'> = {}): Promise<void> {
    this.#begin('camera');
    await this.load();
    await this.#endingOnFailure(async (signal) => {
      await this.#openCamera(video, options);
      this.#go('capture');
      const stopWatching = this.#failWhenHidden();
      const settings = settingsFrom(this.#options.capture ?? {});
      let captured: readonly Captured[];
      try {
        captured = await this.#capture(video, signal, settings);
      } finally {
        stopWatching();
        this.#stopCamera();
      }
      const faults = new Set(captured.flatMap((one) => one.faults));
      const frames = captured.map(({ frame }) => frame);
      try {
        await this.#analyse(frames, signal, { faults: [...faults], capture: settings });
      } finally {
        frames.forEach((frame) => frame.close());
      }
    });
  }

  /** Goes on with another camera, while capturing. Failures end the session; they are not thrown here. */
  async useOtherCamera(video: HTMLVideoElement, deviceId: string): Promise<void> {
    await this.#endingOnFailure(async () => {
      if (this.#state === 'capturing') {
        await this.#openCamera(video, { deviceId });
      }
    });
  }

  /**
   * Checks photos of one person instead of the camera. Failures end the session; they are not thrown here, except that
   * a session can be started only once.
   */
  async usePhotos(photos: readonly CheckSource[]): Promise<void> {
    this.#begin('photos');
    await this.load();
    await this.#endingOnFailure((signal) => this.#analyse(photos, signal));
  }

  /** Ends the session, unless it is over. */
  cancel(): void {
    this.#end('cancel', () => this.#tell('cancelled', undefined));
  }

  #begin(source: SessionSource): void {
    if (this.#source !== undefined && !isOver(this.#state)) {
      throw new DespoofError('internal', 'a session is one attempt: make another session for another');
    }
    this.#source = source;
  }

  /** In place of the camera that is open or being opened. */
  async #openCamera(video: HTMLVideoElement, options: Omit<CameraOptions, 'signal'>): Promise<void> {
    this.#stopCamera();
    const opening = new AbortController();
    this.#opening = opening;
    let camera: Camera;
    try {
      camera = await openCamera(video, { ...options, signal: opening.signal });
    } catch (error) {
      if (opening.signal.aborted) {
        // Another camera is wanted by now, or none.
        return;
      }
      throw error;
    }
    this.#opening = undefined;
    this.#camera = camera;
    void camera.lost.then((error) => {
      if (this.#camera === camera) {
        this.#fail(error);
      }
    });
    this.#tell('camera', camera);
  }

  async #analyse(
    frames: readonly CheckSource[],
    signal: AbortSignal,
    taken: { readonly faults?: readonly HintCode[]; readonly capture?: CaptureSettings } = {},
  ): Promise<void> {
    this.#go('analyse');
    const { checker, challenge, analysisTimeout = 120_000 } = this.#options;
    const result = await withTimeLimit(signal, analysisTimeout, (limited) =>
      checker.checkFrames(frames, {
        ...taken,
        explain: true,
        ...(challenge !== undefined && { challenge }),
        signal: limited,
        onStage: (stage, frame) => this.#tell('progress', { state: 'analysing', stage, frame, frames: frames.length }),
      }),
    );
    this.#end('decide', () => this.#tell('result', result));
  }

  #capture(
    video: HTMLVideoElement,
    signal: AbortSignal,
    settings: CaptureSettings,
  ): Promise<readonly Captured[]> {
    const { checker } = this.#options;
    const tools = {
      grab: () => createImageBitmap(video),
      examine: (frame: ImageBitmap) =>
        withTimeLimit(signal, LOOK_WITHIN, (limited) => checker.examine(frame, limited)),
      cameraIsComing: () => this.#opening !== undefined,
      now: () => performance.now(),
      sleep: (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds)),
      onHint: (hint: Hint | null) => this.#tell('hint', hint),
      onFrame: (taken: number, wanted: number) => this.#tell('progress', { state: 'capturing', taken, wanted }),
    };
    return captureFrames(video, tools, signal, settings);
  }

  /** Hidden pages get no frames, and a verdict must not come from old ones. */
  #failWhenHidden(): () => void {
    const watch = () => {
      if (document.visibilityState === 'hidden') {
        this.#fail(new DespoofError('page_hidden', 'the page was hidden while the camera was on'));
      }
    };
    watch();
    document.addEventListener('visibilitychange', watch);
    return () => document.removeEventListener('visibilitychange', watch);
  }

  async #endingOnFailure(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (isOver(this.#state)) {
      return;
    }
    const { signal } = this.#ending;
    try {
      await work(signal);
    } catch (error) {
      if (error instanceof DespoofError && error.code === 'cancelled') {
        // The checker was disposed.
        this.cancel();
        return;
      }
      this.#fail(
        error instanceof DespoofError ? error : new DespoofError('internal', messageOf(error), { cause: error }),
      );
    }
  }

  #fail(error: DespoofError): void {
    this.#end('fail', () => this.#tell('error', error));
  }

  /** Goes to another state; in a session that is over, what was going on has to stop. */
  #go(event: SessionEvent): void {
    const state = nextState(this.#state, event);
    if (state === undefined) {
      throw isOver(this.#state)
        ? abortError(this.#ending.signal)
        : new DespoofError('internal', `a session that is ${this.#state} cannot ${event}`);
    }
    this.#state = state;
    this.#tell('state', state);
  }

  #end(event: 'decide' | 'fail' | 'cancel', tell: () => void): void {
    if (isOver(this.#state)) {
      return;
    }
    this.#go(event);
    this.#stopCamera();
    this.#ending.abort();
    tell();
  }

  #stopCamera(): void {
    this.#opening?.abort();
    this.#opening = undefined;
    this.#camera?.stop();
    this.#camera = undefined;
  }

  #tell<Name extends keyof SessionEvents>(name: Name, event: SessionEvents[Name]): void {
    if (isOver(this.#state) && (name === 'progress' || name === 'hint')) {
      return;
    }
    for (const listener of this.#listeners[name] ?? []) {
      listener(event);
    }
  }
}
