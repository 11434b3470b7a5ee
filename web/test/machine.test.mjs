// The way of a session, without a browser.

import assert from 'node:assert/strict';
import test from 'node:test';
import { isOver, nextState } from '../dist/session/machine.js';
import { SESSION_STATES } from 'despoof';

const walk = (...events) => events.reduce((state, event) => state && nextState(state, event), 'idle');

test('the way to a verdict, by camera and by photo', () => {
  assert.equal(walk('load', 'loaded', 'capture', 'analyse', 'decide'), 'complete');
  assert.equal(walk('load', 'loaded', 'analyse', 'decide'), 'complete');
});

test('every state that is not an ending can fail and be cancelled', () => {
  for (const state of SESSION_STATES.filter((state) => !isOver(state))) {
    assert.equal(nextState(state, 'fail'), 'error', state);
    assert.equal(nextState(state, 'cancel'), 'cancelled', state);
  }
});

test('three endings, and nothing leads out of them', () => {
  const endings = SESSION_STATES.filter(isOver);
  assert.deepEqual(endings, ['complete', 'error', 'cancelled']);
  for (const state of endings) {
    for (const event of ['load', 'loaded', 'capture', 'analyse', 'decide', 'fail', 'cancel']) {
      assert.equal(nextState(state, event), undefined);
    }
  }
});

test('no step can be left out', () => {
  assert.equal(walk('capture'), undefined);
  assert.equal(walk('load', 'analyse'), undefined);
  assert.equal(walk('load', 'loaded', 'decide'), undefined);
  assert.equal(walk('load', 'loaded', 'capture', 'decide'), undefined);
});
