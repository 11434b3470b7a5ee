import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { marked } from 'marked';
import { defineConfig } from 'vite';
import { POLICY } from './policy.js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const PAGES = { index: 'Demo', integrate: 'For integrators', method: 'How it works', model: 'Model card' };

const HEAD = `<meta http-equiv="Content-Security-Policy" content="${POLICY}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <meta name="description" content="A face liveness check that runs wholly in your browser." />
    <link rel="icon" href="/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/src/styles/base.css" />`;

function header(current) {
  const links = Object.entries(PAGES).map(([page, title]) => {
    const mark = page === current ? ' aria-current="page"' : '';
    return `<a href="./${page === 'index' ? '' : `${page}.html`}"${mark}>${title}</a>`;
  });
  return `<header class="site-header">
      <span class="brand"><img src="/icon.svg" alt="" width="28" height="28" />despoof</span>
      <nav aria-label="Pages">${links.join('')}</nav>
    </header>`;
}

/**
 * The model card as the package carries it, without links to documents that are in the repository alone. Tables can be
 * wider than a phone; an empty cell heads nothing.
 */
function modelCard() {
  const card = readFileSync(here('../models/web/MODEL_CARD.md'), 'utf8').replaceAll(/\[([^\]]+)\]\(\.\.\/[^)]*\)/g, '$1');
  const html = marked.parse(card);
  return html.replaceAll('<th></th>', '<td></td>').replaceAll('<table>', '<div class="wide" tabindex="0"><table>').replaceAll('</table>', '</table></div>');
}

/** Puts what pages share where their comments say. */
function shared() {
  return {
    name: 'shared-parts',
    transformIndexHtml: {
      order: 'pre',
      handler: (html, { filename }) =>
        html
          .replace('<!-- head -->', HEAD)
          .replace('<!-- header -->', () => header(filename.match(/(\w+)\.html$/)[1]))
          .replace('<!-- model card -->', modelCard),
    },
  };
}

export default defineConfig({
  // Relative, so that the site works under any path.
  base: './',
  plugins: [shared()],
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    // The policy allows no data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: Object.fromEntries([...Object.keys(PAGES), 'check'].map((page) => [page, here(`${page}.html`)])),
    },
  },
});
