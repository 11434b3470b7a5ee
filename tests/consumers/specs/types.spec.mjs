// Types as the tarball's users get them.

import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { BUILT, REPOSITORY } from '../lib/paths.mjs';
import { test } from '@playwright/test';

test('every entry’s types are found by every way of resolving modules', () => {
  const tarball = readdirSync(BUILT).find((name) => name.endsWith('.tgz'));
  // Fails where attw finds a problem. ES modules only, as everything for browsers is.
  execFileSync('npx', ['attw', `${BUILT}${tarball}`, '--profile', 'esm-only', '--exclude-entrypoints', './custom-elements.json'], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
});
