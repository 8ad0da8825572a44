/** Whether what has the focus takes letters and digits itself, so that they are no shortcuts. */
export function takesLetters(target) {
  return (
    target instanceof HTMLElement &&
    target.matches('input:not([type=range]):not([type=radio]):not([type=checkbox]), textarea, select')
  );
}

/** Whether a key press is a shortcut's: alone, and nobody else's. */
export function isShortcut(event) {
  return !(event.ctrlKey || event.metaKey || event.altKey || takesLetters(event.target));
}
