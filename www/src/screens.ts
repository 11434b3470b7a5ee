/** One screen of the panel at a time. */

/** The panel's screens, as `data-screen` names them. */
export type Screen = 'start' | 'camera' | 'checking' | 'verdict' | 'error';

/** Shows a screen, and moves the focus to its heading, so that screen readers read on from there. */
export function showScreen(screen: Screen): void {
  for (const section of document.querySelectorAll<HTMLElement>('[data-screen]')) {
    section.hidden = section.dataset['screen'] !== screen;
  }
  document.querySelector<HTMLElement>(`[data-screen="${screen}"] h2`)?.focus();
}
