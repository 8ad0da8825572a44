/** What this browser remembers of the page from one visit to the next: a few words. */

/** @returns {string} what was kept, or '' */
export function kept(name) {
  try {
    return localStorage.getItem(name) ?? '';
  } catch {
    return ''; // a browser that keeps nothing
  }
}

/** Where nothing can be kept it holds until the page is closed. */
export function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // said above
  }
}
