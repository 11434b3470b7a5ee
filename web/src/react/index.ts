'use client';

/**
 * `<despoof-check>` as a React component.
 *
 * @packageDocumentation
 */

import {
  createElement,
  type CSSProperties,
  type ReactElement,
  type ReactNode,
  type Ref,
  useEffect,
  useMemo,
  useRef,
} from 'react';
import type { CheckerOptions } from '../checker.js';
import { type DespoofCheckElement, type DespoofCheckEvents } from '../element/index.js';
import type { DespoofError } from '../errors.js';
import type { FramesResult } from '../frames.js';
import type { Locale, TextOverrides } from '../locales/texts.js';
import type { CaptureOptions } from '../session/capture.js';
import type { Hint } from '../session/hints.js';
import type { SessionState } from '../session/machine.js';
import type { SessionProgress } from '../session/session.js';

// Defines the element; does nothing on a server.
import '../element/index.js';

/** The element's attributes, properties and events. */
export interface DespoofCheckProps {
  readonly assetBaseUrl?: string | undefined;
  readonly modelBaseUrl?: string | undefined;
  readonly backend?: 'auto' | 'webgpu' | 'cpu' | undefined;
  /** The server's nonce. */
  readonly challenge?: string | undefined;
  readonly frames?: number | undefined;
  readonly preload?: boolean | undefined;
  readonly allowPhoto?: boolean | undefined;
  readonly name?: string | undefined;
  readonly locale?: Locale | undefined;
  readonly texts?: TextOverrides | undefined;
  readonly checkerOptions?: CheckerOptions | undefined;
  readonly captureOptions?: CaptureOptions | undefined;
  readonly onStateChange?: ((state: SessionState) => void) | undefined;
  readonly onProgress?: ((progress: SessionProgress) => void) | undefined;
  readonly onHint?: ((hint: Hint | null) => void) | undefined;
  readonly onResult?: ((result: FramesResult) => void) | undefined;
  readonly onError?: ((error: DespoofError) => void) | undefined;
  readonly onCancel?: (() => void) | undefined;
  readonly className?: string | undefined;
  readonly style?: CSSProperties | undefined;
  /** Children with a `slot`. */
  readonly children?: ReactNode;
  /** The element itself, for `start()`, `cancel()`, `reset()`. */
  readonly elementRef?: Ref<DespoofCheckElement> | undefined;
}

/** The whole way from an explanation to a verdict. */
export function DespoofCheck(props: DespoofCheckProps): ReactElement {
  const own = useRef<DespoofCheckElement | null>(null);
  const { locale, texts, captureOptions, preload = false } = props;
  const checkerOptions = useStableOptions(props.checkerOptions);
  useProperty(own, 'locale', locale);
  useProperty(own, 'texts', texts);
  useProperty(own, 'checkerOptions', checkerOptions);
  useProperty(own, 'captureOptions', captureOptions);
  useEvent(own, 'despoof-state', ({ detail }) => props.onStateChange?.(detail.state));
  useEvent(own, 'despoof-progress', ({ detail }) => props.onProgress?.(detail));
  useEvent(own, 'despoof-hint', ({ detail }) => props.onHint?.(detail));
  useEvent(own, 'despoof-result', ({ detail }) => props.onResult?.(detail));
  useEvent(own, 'despoof-error', ({ detail }) => props.onError?.(detail));
  useEvent(own, 'despoof-cancel', () => props.onCancel?.());
  // The last effect: whatever loading tells is heard, and it begins with all properties.
  useEffect(() => {
    own.current?.toggleAttribute('preload', preload);
  }, [preload]);
  return createElement(
    'despoof-check',
    {
      ref: (element: DespoofCheckElement | null) => {
        own.current = element;
        handOn(props.elementRef, element);
      },
      'asset-base-url': props.assetBaseUrl,
      'model-base-url': props.modelBaseUrl,
      backend: props.backend,
      challenge: props.challenge,
      frames: props.frames,
      'allow-photo': presence(props.allowPhoto),
      name: props.name,
      class: props.className,
      style: props.style,
    },
    props.children,
  );
}

type OwnRef = { readonly current: DespoofCheckElement | null };

/** React before version 19 sets no properties of custom elements. */
function useProperty<Name extends 'locale' | 'texts' | 'checkerOptions' | 'captureOptions'>(
  own: OwnRef,
  name: Name,
  value: DespoofCheckElement[Name] | undefined,
): void {
  useEffect(() => {
    if (own.current !== null && value !== undefined) {
      own.current[name] = value;
    }
  }, [own, name, value]);
}

/**
 * The same object for the same options, so that the element does not begin anew with every rendering; `locateAsset` may
 * be another function each time, and the newest is called.
 */
function useStableOptions(options: CheckerOptions | undefined): CheckerOptions | undefined {
  const newest = useRef(options);
  useEffect(() => {
    newest.current = options;
  });
  const { assetBaseUrl, modelBaseUrl, backend, locateAsset } = options ?? {};
  const key = options && JSON.stringify([assetBaseUrl, modelBaseUrl, backend, typeof locateAsset]);
  return useMemo(() => {
    const { locateAsset: _, ...rest } = options ?? {};
    const locate = (name: string) => newest.current?.locateAsset?.(name) ?? '';
    return options && { ...rest, ...(locateAsset !== undefined && { locateAsset: locate }) };
    // The key stands for everything in the options but the function itself.
  }, [key]);
}

/** Listens once, and calls the listener of the newest rendering. */
function useEvent<Name extends keyof DespoofCheckEvents>(
  own: OwnRef,
  name: Name,
  listener: (event: DespoofCheckEvents[Name]) => void,
): void {
  const newest = useRef(listener);
  useEffect(() => {
    newest.current = listener;
  });
  useEffect(() => {
    const element = own.current;
    const listen = (event: DespoofCheckEvents[Name]) => newest.current(event);
    element?.addEventListener(name, listen as EventListener);
    return () => element?.removeEventListener(name, listen as EventListener);
  }, [own, name]);
}

function presence(present: boolean | undefined): '' | undefined {
  return present ? '' : undefined;
}

function handOn(ref: Ref<DespoofCheckElement> | undefined, element: DespoofCheckElement | null): void {
  if (typeof ref === 'function') {
    ref(element);
  } else if (ref) {
    ref.current = element;
  }
}
