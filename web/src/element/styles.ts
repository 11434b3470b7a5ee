/** The element's looks. Adopted as a constructed style sheet: policies without 'unsafe-inline' allow it. */

export const STYLES = `
:host {
  --_surface: var(--despoof-surface, #fff);
  --_sunken: var(--despoof-sunken, #eef1f7);
  --_ink: var(--despoof-ink, #121826);
  --_muted: var(--despoof-muted, #566074);
  --_line: var(--despoof-line, #dce1ea);
  --_accent: var(--despoof-accent, #2450c8);
  --_on-accent: var(--despoof-on-accent, #fff);
  --_live: var(--despoof-live, #14713d);
  --_spoof: var(--despoof-spoof, #b3261e);
  --_uncertain: var(--despoof-uncertain, #8a5200);
  --_radius: var(--despoof-radius, 1rem);
  container-type: inline-size;
  display: block;
  min-width: 0;
  color: var(--_ink);
  font: 1rem/1.5 var(--despoof-font, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif);
}
@media (prefers-color-scheme: dark) {
  :host {
    --_surface: var(--despoof-surface, #171c24);
    --_sunken: var(--despoof-sunken, #10151c);
    --_ink: var(--despoof-ink, #eef1f6);
    --_muted: var(--despoof-muted, #a3adbd);
    --_line: var(--despoof-line, #2b3340);
    --_accent: var(--despoof-accent, #9db8ff);
    --_on-accent: var(--despoof-on-accent, #0c1a3e);
    --_live: var(--despoof-live, #72d69b);
    --_spoof: var(--despoof-spoof, #ff9d94);
    --_uncertain: var(--despoof-uncertain, #f3c06b);
  }
}
:host([hidden]), [hidden] { display: none !important; }
*, ::before, ::after { box-sizing: border-box; }
h2, h3, p, ul, ol, figure { margin: 0; padding: 0; }
h2 { font-size: 1.375rem; line-height: 1.2; letter-spacing: -0.01em; text-wrap: balance; }
h2:focus { outline: none; }
h3 { font-size: 1.0625rem; line-height: 1.3; }
:focus-visible, .button:focus-within:has(:focus-visible) { outline: 3px solid var(--_accent); outline-offset: 2px; }

.card {
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  overflow: hidden;
  border: 1px solid var(--_line);
  border-radius: calc(var(--_radius) * 1.5);
  background: var(--_surface);
}
.viewfinder {
  position: relative;
  display: grid;
  aspect-ratio: 4 / 3;
  max-height: 80vh;
  margin: 0.75rem 0.75rem 0;
  overflow: hidden;
  border-radius: var(--_radius);
  background: radial-gradient(circle at 50% 42%, var(--_surface), var(--_sunken) 72%);
  isolation: isolate;
}
.card[data-screen='camera'] .viewfinder, .card[data-screen='analysing'] .viewfinder { aspect-ratio: 4 / 5; }
.card[data-screen='result'] .viewfinder, .card[data-screen='error'] .viewfinder { display: none; }
.viewfinder video, .viewfinder canvas {
  position: absolute;
  inset: 0;
  display: none;
  width: 100%;
  height: 100%;
  object-fit: cover;
  transform: scaleX(-1);
}
.card[data-screen='camera'] video, .card[data-screen='analysing'] .viewfinder canvas { display: block; }
.oval {
  z-index: 1;
  place-self: center;
  height: 78%;
  max-width: 78%;
  aspect-ratio: 3 / 4;
  border: 3px dashed var(--_accent);
  border-radius: 50%;
}
.card:is([data-screen='camera'], [data-screen='analysing']) .oval {
  border: 3px solid #fff;
  box-shadow: 0 0 0 100vmax rgb(10 14 20 / 55%);
}
.hint {
  position: absolute;
  z-index: 2;
  inset-inline: 0.75rem;
  bottom: 0.75rem;
  margin-inline: auto;
  width: fit-content;
  max-width: calc(100% - 1.5rem);
  padding: 0.5rem 1rem;
  border-radius: 2rem;
  background: #10151c;
  color: #fff;
  font-weight: 600;
  text-align: center;
}
/* Not hidden: screen readers tell changes of regions that are there already. */
.hint:empty { padding: 0; background: none; }
.hint[data-persists] { border: 2px solid #f3c06b; }

.panel { min-width: 0; padding: 1.25rem; }
section { display: grid; gap: 1rem; min-width: 0; }
section p, li { color: var(--_muted); }
.facts { display: grid; gap: 0.75rem; list-style: none; }
.facts li { display: flex; gap: 0.75rem; }
svg { flex: none; width: 1.5rem; height: 1.5rem; fill: none; stroke: var(--_accent); stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; }
.actions { display: flex; flex-wrap: wrap; gap: 0.75rem; }
.button {
  position: relative;
  display: inline-flex;
  flex: 1 1 auto;
  align-items: center;
  justify-content: center;
  min-height: 3rem;
  padding: 0.6rem 1.25rem;
  border: 1px solid var(--_line);
  border-radius: 0.875rem;
  background: transparent;
  color: var(--_ink);
  font: inherit;
  font-weight: 600;
  text-align: center;
  cursor: pointer;
}
.button:hover { background: var(--_sunken); }
.button.primary { border-color: transparent; background: var(--_accent); color: var(--_on-accent); }
.button.primary:hover { filter: brightness(0.92); }
.camera-choice { display: grid; gap: 0.25rem; color: var(--_muted); }
select {
  width: 100%;
  min-height: 2.75rem;
  padding-inline: 0.75rem;
  border: 1px solid var(--_muted);
  border-radius: 0.75rem;
  background: var(--_surface);
  color: var(--_ink);
  font: inherit;
}
progress {
  width: 100%;
  height: 0.5rem;
  overflow: hidden;
  border: 0;
  border-radius: 1rem;
  background: var(--_line);
  accent-color: var(--_accent);
  appearance: none;
}
progress::-webkit-progress-bar { background: var(--_line); }
progress::-webkit-progress-value { border-radius: 1rem; background: var(--_accent); }
progress::-moz-progress-bar { border-radius: 1rem; background: var(--_accent); }
.visually-hidden {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
.verdict { display: flex; gap: 1rem; align-items: center; padding: 1rem 1.25rem; border: 2px solid var(--_outcome); border-radius: var(--_radius); }
.verdict h2 { color: var(--_outcome); font-size: 1.625rem; }
.verdict[data-outcome='live'] { --_outcome: var(--_live); }
.verdict[data-outcome='spoof'] { --_outcome: var(--_spoof); }
.verdict[data-outcome='uncertain'] { --_outcome: var(--_uncertain); }
.badge { width: 3rem; height: 3rem; stroke: none; }
.badge > * { display: none; }
.badge .shape { fill: var(--_outcome); }
.badge .mark { stroke: var(--_surface); stroke-width: 4; }
.verdict[data-outcome='live'] [data-for='live'],
.verdict[data-outcome='spoof'] [data-for='spoof'],
.verdict[data-outcome='uncertain'] [data-for='uncertain'] { display: inline; }
.meter {
  position: relative;
  height: 0.625rem;
  border-radius: 1rem;
  background: linear-gradient(
    to right,
    color-mix(in srgb, var(--_spoof) 55%, var(--_surface)) calc(var(--_threshold) * 100%),
    color-mix(in srgb, var(--_live) 55%, var(--_surface)) calc(var(--_threshold) * 100%)
  );
}
:dir(rtl) > * > .meter { transform: scaleX(-1); }
.needle {
  position: absolute;
  top: 50%;
  left: clamp(0.55rem, calc(var(--_score) * 100%), 100% - 0.55rem);
  width: 1.1rem;
  height: 1.1rem;
  border: 4px solid var(--_ink);
  border-radius: 50%;
  background: var(--_surface);
  translate: -50% -50%;
}
.score { font-variant-numeric: tabular-nums; }
.reasons { display: grid; gap: 0.25rem; padding-inline-start: 1.2rem; }
.reasons:empty { display: none; }
.pictures { display: grid; gap: 0.75rem; margin-top: 0.5rem; }
.pictures figure { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0.75rem; align-items: center; }
.pictures canvas { display: block; width: 100%; height: auto; border-radius: var(--_radius); background: var(--_sunken); }
figcaption { color: var(--_muted); }
.trouble { display: grid; gap: 0.5rem; padding: 1rem 1.25rem; border: 2px solid var(--_uncertain); border-radius: var(--_radius); }
code { font: 0.875em ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }

@container (max-width: 20rem) {
  .verdict { gap: 0.75rem; padding: 0.75rem; }
  .badge { align-self: start; width: 2rem; height: 2rem; }
}
@container (min-width: 28rem) {
  .pictures { grid-template-columns: repeat(3, minmax(0, 1fr)); }
  .pictures figure { grid-template-columns: minmax(0, 1fr); align-content: start; }
  .card:is([data-screen='camera'], [data-screen='analysing']) .viewfinder { aspect-ratio: 4 / 3; }
}
@container (min-width: 46rem) {
  .card:not([data-screen='result'], [data-screen='error']) { grid-template-columns: minmax(0, 11fr) minmax(0, 10fr); }
  .card:not([data-screen='result'], [data-screen='error']) .panel { display: grid; align-items: center; }
  .viewfinder { margin: 0.75rem; margin-inline-end: 0; }
  .panel { padding: 2rem; }
}
@media (prefers-reduced-motion: no-preference) {
  section { animation: appear 200ms ease-out; }
}
@keyframes appear { from { opacity: 0; transform: translateY(6px); } }
`;
