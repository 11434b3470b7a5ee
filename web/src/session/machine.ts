/** The way of one session, apart from everything that does the work. */

/** Where a session can be. */
export const SESSION_STATES = [
  'idle',
  'loading',
  'ready',
  'capturing',
  'analysing',
  'complete',
  'error',
  'cancelled',
] as const;

/** Where a session is. */
export type SessionState = (typeof SESSION_STATES)[number];

/** What can happen to a session. */
export type SessionEvent = 'load' | 'loaded' | 'capture' | 'analyse' | 'decide' | 'fail' | 'cancel';

const ENDINGS = { fail: 'error', cancel: 'cancelled' } as const;

const TRANSITIONS: Readonly<Record<SessionState, Readonly<Partial<Record<SessionEvent, SessionState>>>>> = {
  idle: { load: 'loading', ...ENDINGS },
  loading: { loaded: 'ready', ...ENDINGS },
  ready: { capture: 'capturing', analyse: 'analysing', ...ENDINGS },
  capturing: { analyse: 'analysing', ...ENDINGS },
  analysing: { decide: 'complete', ...ENDINGS },
  complete: {},
  error: {},
  cancelled: {},
};

/** Whether a session in this state is over. */
export function isOver(state: SessionState): boolean {
  return Object.keys(TRANSITIONS[state]).length === 0;
}

/** The state after an event; `undefined` where the event means nothing, as everything does once a session is over. */
export function nextState(state: SessionState, event: SessionEvent): SessionState | undefined {
  return TRANSITIONS[state][event];
}
