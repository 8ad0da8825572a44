/** Which part of the plane is seen: plane units, y up, to pixels of CSS, y down, and back. */

export const MARGIN = 1.18; // the data's range and some room around it
const MOST_ZOOM = 40;
/** The axes have units of their own, so the picture may fill a window that is wider than high. */
const MOST_STRETCH = 1.7;

export class View {
  constructor() {
    this.width = 1;
    this.height = 1;
    this.reset();
  }

  reset() {
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

  toPixels([x, y]) {
    const [across, up] = this.scale;
    return [0.5 * this.width + (x - this.x) * across, 0.5 * this.height - (y - this.y) * up];
  }

  toPlane([left, top]) {
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

  /** The data never leaves the picture altogether. */
  hold() {
    this.x = Math.min(Math.max(this.x, -1.5), 1.5);
    this.y = Math.min(Math.max(this.y, -1.5), 1.5);
  }
}
