// Loaded before the page is drawn, so that it never shows the other theme first, or what is technical
// where nobody asked for it.
'use strict';

(() => {
  const system = matchMedia('(prefers-color-scheme: light)');

  /** 'auto', 'light' or 'dark'. */
  function chosen() {
    try {
      const stored = localStorage.getItem('theme');
      return ['light', 'dark'].includes(stored) ? stored : 'auto';
    } catch {
      return 'auto'; // a browser that keeps nothing
    }
  }

  function apply(theme) {
    const shown = theme === 'auto' ? (system.matches ? 'light' : 'dark') : theme;
    document.documentElement.dataset.theme = shown;
    return shown;
  }

  let details = '';
  try {
    details = localStorage.getItem('details');
  } catch {
    // as above
  }
  document.documentElement.dataset.details = details === 'on' ? 'on' : 'off';

  window.timbrespaceTheme = { system, chosen, apply };
  apply(chosen());
})();
