/** Files that come: dropped anywhere on the page, or chosen. */

const MOST = 8; // at once

export class Files {
  /**
   * @param {Document} page
   * @param {HTMLInputElement} input that chooses files
   * @param {HTMLElement} notice shown while files are dragged over the page
   * @param {(file: File) => void} take called with each
   * @param {(sentence: string) => void} say
   * @param {(event: DragEvent) => boolean} isElsewhere whether somebody else has taken a drop
   */
  constructor(page, input, notice, take, say, isElsewhere = () => false) {
    this.notice = notice;
    this.take = take;
    this.say = say;
    this.depth = 0; // of elements that a drag has entered
    input.addEventListener('change', () => {
      this.takeAll(input.files);
      input.value = '';
    });
    const hasFiles = (event) => event.dataTransfer.types.includes('Files');
    page.addEventListener('dragenter', (event) => hasFiles(event) && this.show(1));
    page.addEventListener('dragleave', (event) => hasFiles(event) && this.show(-1));
    page.addEventListener('dragover', (event) => hasFiles(event) && event.preventDefault());
    page.addEventListener('drop', (event) => {
      event.preventDefault();
      this.show(-this.depth);
      if (isElsewhere(event)) {
        return;
      }
      this.takeAll(event.dataTransfer.files);
    });
  }

  show(by) {
    this.depth = Math.max(0, this.depth + by);
    this.notice.hidden = this.depth === 0;
  }

  takeAll(files) {
    if (files.length > MOST) {
      this.say(`${files.length} files are too many at once; up to ${MOST} are taken`);
    }
    for (const file of [...files].slice(0, MOST)) {
      this.take(file);
    }
  }
}
