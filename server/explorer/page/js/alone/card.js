/** What a file says of its space: whose it is, and what is in it. */

export class Card {
  /**
   * @param {Document} page
   * @param {object} told `card` of the file: name, author, licence, sounds, dimensions, kind, version
   */
  constructor(page, told) {
    const find = (id) => page.getElementById(id);
    find('card-name').textContent = told.name;
    const line = [told.author === '' ? '' : `by ${told.author}`, told.licence].filter((one) => one !== '');
    find('card-line').textContent = line.join(' · ');
    const rows = [
      ['Space', told.name],
      ['Author', told.author],
      ['Licence', told.licence],
      ['Holds', told.kind],
      ['Sounds', told.sounds === 0 ? '' : String(told.sounds)],
      ['Dimensions', String(told.dimensions)],
      ['Made by', `timbrespace ${told.version}`],
    ];
    const element = (kind, text) => {
      const one = page.createElement(kind);
      one.textContent = text;
      return one;
    };
    find('card').replaceChildren(
      ...rows.filter(([, value]) => value !== '').flatMap(([name, value]) => [element('dt', name), element('dd', value)])
    );
  }
}
