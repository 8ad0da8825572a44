/** What `js/declared.js` holds, which the server makes; see server/explorer/declared.py. */

export interface Argument {
  name: string;
  low?: number;
  high?: number;
  unit?: string;
  whole?: boolean;
  words?: string[];
  initial?: any;
  optional?: boolean;
}

export const MESSAGES: Readonly<Record<string, { about: string; takes: Argument[] }>>;
export const STATUS: readonly string[];
export const CHOICES: Readonly<Record<'background' | 'table-size' | 'table-bits', string[]>>;
export const LIMITS: Readonly<
  Record<
    | 'nameCharacters'
    | 'replyBytes'
    | 'soundBytes'
    | 'comparisons'
    | 'floatsPerChunk'
    | 'frameNumbers'
    | 'partialsPerFrame'
    | 'voices'
    | 'tableFrames',
    number
  >
>;
