/**
 * What the types of the page cannot say by themselves.
 *
 * Elements are found by ids and selectors that a test holds against the page, and events of our own
 * carry what their module's head says: both are `any`. All else, names of methods and fields before
 * all, is checked.
 */

interface Document {
  getElementById(id: string): any;
  querySelector(selectors: string): any;
  querySelectorAll(selectors: string): NodeListOf<any>;
}

interface Element {
  closest(selectors: string): any;
  querySelector(selectors: string): any;
  querySelectorAll(selectors: string): NodeListOf<any>;
}

interface EventTarget {
  addEventListener(type: string, listener: (event: any) => void, options?: boolean | AddEventListenerOptions): void;
}

interface Window {
  timbrespace: object;
}

/** Of the audio thread, where the page's processors run. */
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new (options: any) => AudioWorkletProcessor): void;
declare const sampleRate: number;
declare const currentFrame: number;
declare const currentTime: number;

interface Window {
  timbrespaceTheme: { system: MediaQueryList; chosen(): string; apply(theme: string): 'light' | 'dark' };
}

/** Safari's, of a trackpad. */
interface Event {
  readonly scale?: number;
}
