import assert from 'node:assert/strict';
import test from 'node:test';
import { filled, overridden } from '../dist/locales/texts.js';

test('words in braces are filled in; others stay', () => {
  assert.equal(filled('{loaded} of {total}', { loaded: 1, total: '2' }), '1 of 2');
  assert.equal(filled('{who}', {}), '{who}');
});

test('single texts are replaced, and the table stays as it was', () => {
  const table = { a: { b: 'one', c: 'two' }, d: 'three' };
  assert.deepEqual(overridden(table, { a: { c: 'zwei' } }), { a: { b: 'one', c: 'zwei' }, d: 'three' });
  assert.deepEqual(table.a, { b: 'one', c: 'two' });
  assert.equal(overridden(table, undefined), table);
});
