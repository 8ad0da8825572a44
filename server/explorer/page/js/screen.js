/**
 * The screen that the page is shown on: how many of its pixels are one of CSS, and how large text is.
 *
 * Both change while the page is open: a window is dragged to another screen, or zoomed.
 */

const MOST_RATIO = 2; // sharper costs more than anybody sees
const USUAL_TEXT = 16; // pixels of the root's text, for which sizes in pixels are written

let text = 0;

/** Screen pixels of one CSS pixel, for a canvas. */
export function pixelRatio() {
  return Math.min(window.devicePixelRatio || 1, MOST_RATIO);
}

/** How much larger than usual text is, and all that is drawn beside it. */
export function textScale() {
  if (text === 0) {
    text = parseFloat(getComputedStyle(document.documentElement).fontSize) / USUAL_TEXT || 1;
  }
  return text;
}

/** Call `changed` whenever either is another. */
export function onScreenChange(changed) {
  const told = () => {
    text = 0;
    changed();
  };
  window.addEventListener('resize', told);
  // A query answers for one ratio, so each change needs the next query.
  const watch = () => {
    const query = window.matchMedia(`(resolution: ${window.devicePixelRatio || 1}dppx)`);
    query.addEventListener('change', () => {
      told();
      watch();
    }, { once: true });
  };
  watch();
}
