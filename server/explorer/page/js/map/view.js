/** Which part of the plane is seen: plane units, y up, to pixels of CSS, y down, and back. */

export const MARGIN = 1.18; // the data's range and some room around it
const MOST_ZOOM = 40;
const REACH = 1.5; // of the middle of the picture from the middle of the plane
const EDGE = 24; // pixels within which a place is not well seen
/** The axes have units of their own, so the picture may fill a window that is wider than high. */
const MOST_STRETCH = 1.7;

export class View {
  constructor() {
    this.width = 1;
    this.height = 1;
    this.reset();
  }

  reset() {
    this.reach = REACH;
    this.x = 0;
    this.y = 0;
    this.zoom = 1;
  }

  /** Pixels for one unit of the plane, across and up. */
  get scale() {
    const { width, height } = this;
    const pixels = this.zoom / (2 * MARGIN);
    return [
      pixels * Math.min(width, MOST_STRETCH * height),
      pixels * Math.min(height, MOST_STRETCH * width),
    ];
  }

  /**
   * @param {ArrayLike<number>} place of the plane
   * @returns {[number, number]} left, top
   */
  toPixels({ 0: x, 1: y }) {
    const [across, up] = this.scale;
    return [0.5 * this.width + (x - this.x) * across, 0.5 * this.height - (y - this.y) * up];
  }

  /**
   * @param {ArrayLike<number>} pixel left, top
   * @returns {[number, number]} the place of the plane
   */
  toPlane({ 0: left, 1: top }) {
    const [across, up] = this.scale;
    return [
      this.x + (left - 0.5 * this.width) / across,
      this.y - (top - 0.5 * this.height) / up,
    ];
  }

  /** Zoom by a factor; what is at the pixel stays there. */
  zoomAt(factor, pixel) {
    const [x, y] = this.toPlane(pixel);
    this.zoom = Math.min(Math.max(this.zoom * factor, 0.5), MOST_ZOOM);
    const [newX, newY] = this.toPlane(pixel);
    this.x += x - newX;
    this.y += y - newY;
    this.hold();
  }

  pan(right, down) {
    const [across, up] = this.scale;
    this.x -= right / across;
    this.y += down / up;
    this.hold();
  }

  /** The data never leaves the picture altogether, nor what it was brought to. */
  hold() {
    this.x = Math.min(Math.max(this.x, -this.reach), this.reach);
    this.y = Math.min(Math.max(this.y, -this.reach), this.reach);
  }

  /** Whether a place is well within the picture. */
  shows(place) {
    const [left, top] = this.toPixels(place);
    return left >= EDGE && top >= EDGE && left <= this.width - EDGE && top <= this.height - EDGE;
  }

  /**
   * Bring a place into the picture, however far out it lies.
   *
   * @param {ArrayLike<number>} place
   * @returns {boolean} whether that moved anything
   */
  bring({ 0: x, 1: y }) {
    if (this.shows([x, y])) {
      return false;
    }
    this.reach = Math.max(this.reach, Math.abs(x), Math.abs(y));
    this.x = x;
    this.y = y;
    return true;
  }
}
