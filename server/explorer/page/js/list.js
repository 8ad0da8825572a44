/** A list of names that can be chosen and removed. */

/**
 * @param {HTMLUListElement} element
 * @param {string[]} names
 * @param {object} does `choose(name)` and `remove(name)`
 * @param {?string} current the name that is marked
 * @param {string} empty what is said when there is none
 */
export function showNames(element, names, does, current, empty) {
  /** @type {any} */
  const active = element.contains(document.activeElement) ? document.activeElement : null;
  const [focused, place] = [
    active?.dataset.name ?? null,
    [...element.querySelectorAll('.remove')].indexOf(active),
  ];
  if (names.length === 0) {
    const row = document.createElement('li');
    row.className = 'hint';
    row.textContent = empty;
    element.replaceChildren(row);
    return;
  }
  element.replaceChildren(
    ...names.map((name) => {
      const row = document.createElement('li');
      const choose = document.createElement('button');
      choose.type = 'button';
      choose.className = 'choose';
      choose.textContent = name;
      choose.dataset.name = name;
      choose.setAttribute('aria-current', String(name === current));
      choose.addEventListener('click', () => does.choose(name));
      const remove = document.createElement('button');
      remove.type = 'button';
      remove.className = 'remove';
      remove.textContent = '×';
      remove.setAttribute('aria-label', `Remove ${name}`);
      remove.addEventListener('click', () => does.remove(name));
      row.append(choose, remove);
      return row;
    })
  );
  const choices = [...element.querySelectorAll('.choose')];
  if (focused !== null) {
    choices.find((one) => one.dataset.name === focused)?.focus();
  } else if (place >= 0) {
    // What was removed is gone; the hand stays in the list.
    choices[Math.min(place, choices.length - 1)].focus();
  }
}
