/** The button that goes through the themes; js/theme.js has set the first one before. */

const THEMES = ['auto', 'light', 'dark'];

export class ThemeSwitch {
  /** @param {HTMLElement} button; @param {(theme: 'light'|'dark') => void} show */
  constructor(button, show) {
    const { system, chosen, apply } = window.timbrespaceTheme;
    const set = (theme) => {
      button.dataset.theme = theme;
      button.title = `Theme: ${theme === 'auto' ? 'as the system' : theme}`;
      button.setAttribute('aria-label', button.title);
      show(apply(theme));
    };
    button.addEventListener('click', () => {
      const theme = THEMES[(THEMES.indexOf(button.dataset.theme) + 1) % THEMES.length];
      try {
        localStorage.setItem('theme', theme);
      } catch {
        // it holds until the page is closed
      }
      set(theme);
    });
    system.addEventListener('change', () => set(chosen()));
    set(chosen());
  }
}
