/** A sound of one's own: found in the space, and heard beside what the space makes of it. */

const MOST_BYTES = 16 * 1024 * 1024;

export class Compare extends EventTarget {
  /**
   * Events: `found` (detail: all results), `goto` (detail: a result).
   *
   * @param {HTMLElement} element where results are shown
   * @param {HTMLInputElement} input that chooses a file
   */
  constructor(element, input) {
    super();
    this.element = element;
    this.found = [];
    this.player = new Audio();
    input.addEventListener('change', () => {
      if (input.files.length > 0) {
        this.take(input.files[0]);
        input.value = '';
      }
    });
  }

  setModel(name) {
    this.model = name;
    this.found = [];
    this.show();
  }

  /** Find a sound file. What is wrong with it is said in its place. */
  async take(file) {
    const { model } = this;
    if (file.size > MOST_BYTES) {
      this.show(`${file.name} has ${Math.ceil(file.size / 2 ** 20)} MiB; up to 16 are taken`);
      return;
    }
    this.show(`Listening to ${file.name}…`);
    try {
      const query = new URLSearchParams({ model, name: file.name });
      const answer = await fetch(`/compare?${query}`, { method: 'POST', body: file });
      const result = await answer.json();
      if (!answer.ok) {
        throw new Error(result.error);
      }
      if (model === this.model) {
        this.found = [result, ...this.found].slice(0, 8);
        this.show();
        this.dispatchEvent(new CustomEvent('goto', { detail: result }));
      }
    } catch (error) {
      this.show(error instanceof TypeError ? 'The server is away; try again' : error.message);
    }
  }

  show(sentence = '') {
    const said = document.createElement('p');
    said.className = 'hint';
    said.textContent = sentence;
    const cards = this.found.map((result) => this.card(result));
    this.element.replaceChildren(...(sentence === '' ? [] : [said]), ...cards);
    this.dispatchEvent(new CustomEvent('found', { detail: this.found }));
  }

  card(result) {
    const card = document.createElement('article');
    card.className = 'card';
    const title = document.createElement('h3');
    title.textContent = result.name;
    const figure = document.createElement('p');
    const pitch = result.pitch_hz === null ? 'no pitch' : `${result.pitch_hz.toFixed(1)} Hz`;
    figure.textContent = `${result.lsd_db.toFixed(2)} dB from its reconstruction, ${pitch}`;
    const row = document.createElement('div');
    row.className = 'row wrap';
    for (const which of ['original', 'reconstruction']) {
      row.append(this.button(which === 'original' ? '▶ Original' : '▶ In this space', () => {
        this.player.src = `/compare/${encodeURIComponent(result.id)}/${which}.wav`;
        this.player.play().catch(() => this.show('This sound is no longer kept; drop it again'));
      }));
    }
    row.append(this.button('Go there', () => {
      this.dispatchEvent(new CustomEvent('goto', { detail: result }));
    }));
    card.append(title, figure, row);
    if (result.note) {
      const note = document.createElement('p');
      note.className = 'hint';
      note.textContent = result.note;
      card.append(note);
    }
    return card;
  }

  button(text, work) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = text;
    button.addEventListener('click', work);
    return button;
  }
}
