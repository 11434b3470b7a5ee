// Packs the package, installs it into every consumer, and builds them below `.built/`.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import makeFaceVideos from '../browser/face-video.mjs';
import { BUILT, CONSUMERS, REPOSITORY } from './lib/paths.mjs';

/** Name of each consumer, and what its build leaves to be served. */
const SITES = { plain: '.', vite: 'dist', webpack: 'dist', react: 'dist', next: 'out' };

const run = (folder, command, ...args) =>
  execFileSync(command, args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
  });

export default async function prepare() {
  mkdirSync(BUILT, { recursive: true });
  await makeFaceVideos();
  const tarball = pack();
  const wanted = process.env.DESPOOF_CONSUMERS?.split(',') ?? Object.keys(SITES);
  for (const name of wanted) {
    if (process.env.DESPOOF_AS_BUILT === undefined || !existsSync(`${BUILT}${name}/site`)) {
      build(name, tarball);
    }
  }
}

/** The tarball that would be published. */
function pack() {
  for (const file of readdirSync(BUILT).filter((name) => name.endsWith('.tgz'))) {
    rmSync(`${BUILT}${file}`);
  }
  run(REPOSITORY, 'npm', 'pack', '--silent', '--workspace', 'despoof', '--pack-destination', BUILT);
  return `${BUILT}${readdirSync(BUILT).find((name) => name.endsWith('.tgz'))}`;
}

function build(name, tarball) {
  const folder = `${BUILT}${name}/`;
  const project = `${folder}project/`;
  cpSync(`${CONSUMERS}${name}`, project, { recursive: true });
  const manifest = JSON.parse(readFileSync(`${CONSUMERS}${name}/package.json`, 'utf8'));
  manifest.dependencies = { ...manifest.dependencies, despoof: `file:${tarball}` };
  writeFileSync(`${project}package.json`, JSON.stringify(manifest, undefined, 2));
  // The tarball's name stays the same when its content changes.
  rmSync(`${project}node_modules/despoof`, { recursive: true, force: true });
  rmSync(`${project}package-lock.json`, { force: true });
  run(project, 'npm', 'install', '--no-audit', '--no-fund', '--prefer-offline');
  if (manifest.scripts?.build !== undefined) {
    run(project, 'npm', 'run', 'build');
  }
  rmSync(`${folder}site`, { recursive: true, force: true });
  cpSync(`${project}${SITES[name]}`, `${folder}site`, { recursive: true });
}
