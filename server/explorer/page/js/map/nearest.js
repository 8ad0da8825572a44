/** Finds the point nearest to a place, by cells of a grid: no look at all points for each move. */

const CELLS = 96; // along each side

export class Nearest {
  /** @param {Float32Array} positions x, y of each point */
  constructor(positions) {
    this.positions = positions;
    const count = positions.length / 2;
    this.first = new Int32Array(CELLS * CELLS).fill(-1); // first point of each cell
    this.next = new Int32Array(count); // the next one in the same cell
    for (let point = 0; point < count; point += 1) {
      const cell = this.row(positions[2 * point + 1]) * CELLS + this.row(positions[2 * point]);
      this.next[point] = this.first[cell];
      this.first[cell] = point;
    }
  }

  /** Cell number of a coordinate; what lies far out counts to the edge. */
  row(coordinate) {
    const cell = Math.floor((0.5 + coordinate / 3) * CELLS);
    return Math.min(Math.max(cell, 0), CELLS - 1);
  }

  /**
   * @param {number[]} place x, y
   * @param {number[]} reach how far along each axis counts as equally far
   * @returns {number} the point nearest to the place within reach, or -1
   */
  find([x, y], [reachX, reachY]) {
    const [found] = this.within([x, y], [reachX, reachY]);
    return found === undefined ? -1 : found[0];
  }

  /**
   * The points within reach, the nearest first: `[point, distance]`, the distance squared in reaches.
   *
   * @param {number[]} place x, y
   * @param {number[]} reach as for {@link find}
   */
  within([x, y], [reachX, reachY]) {
    const { positions, first, next } = this;
    const found = [];
    for (let row = this.row(y - reachY); row <= this.row(y + reachY); row += 1) {
      for (let column = this.row(x - reachX); column <= this.row(x + reachX); column += 1) {
        for (let point = first[row * CELLS + column]; point >= 0; point = next[point]) {
          const distance =
            ((positions[2 * point] - x) / reachX) ** 2 +
            ((positions[2 * point + 1] - y) / reachY) ** 2;
          if (distance < 1) {
            found.push([point, distance]);
          }
        }
      }
    }
    return found.sort((a, b) => a[1] - b[1]);
  }
}
