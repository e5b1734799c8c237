// Original file: tongban/v1/exchange.proto

import type { LogGrowth as _tongban_v1_LogGrowth, LogGrowth__Output as _tongban_v1_LogGrowth__Output } from '../../tongban/v1/LogGrowth.ts';

/**
 * State of an evidence log, as a C2SP signed note. Rides beside the traffic, never as a leaf.
 */
export interface Checkpoint {
  /**
   * State of the speaker's own log, when it shows it; the state that it holds of the recipient's log, when it answers.
   */
  'note'?: (string);
  /**
   * In an answer: the speaker's signature line as a witness of the note.
   */
  'cosignatures'?: (string)[];
  /**
   * With the speaker's own note: that it continues states that the recipient has seen. At most 8.
   */
  'growth'?: (_tongban_v1_LogGrowth)[];
  /**
   * With the speaker's own note: newest notes that it holds of other logs, so that two peers compare. At most 16.
   */
  'seen'?: (string)[];
  /**
   * With the speaker's own note, when its epoch is not the one that the recipient saw last: what the speaker signed for
   * the recipient about that. Compact JWS.
   */
  'opening'?: (string);
}

/**
 * State of an evidence log, as a C2SP signed note. Rides beside the traffic, never as a leaf.
 */
export interface Checkpoint__Output {
  /**
   * State of the speaker's own log, when it shows it; the state that it holds of the recipient's log, when it answers.
   */
  'note': (string);
  /**
   * In an answer: the speaker's signature line as a witness of the note.
   */
  'cosignatures': (string)[];
  /**
   * With the speaker's own note: that it continues states that the recipient has seen. At most 8.
   */
  'growth': (_tongban_v1_LogGrowth__Output)[];
  /**
   * With the speaker's own note: newest notes that it holds of other logs, so that two peers compare. At most 16.
   */
  'seen': (string)[];
  /**
   * With the speaker's own note, when its epoch is not the one that the recipient saw last: what the speaker signed for
   * the recipient about that. Compact JWS.
   */
  'opening': (string);
}
