/** The four moments of an exchange, milliseconds: ours at both ends, the peer's in between. */
export interface EchoTimes {
  /** Ours: the envelope was fixed. */
  readonly sent: number;
  /** Theirs. */
  readonly received: number;
  /** Theirs: the verdict, hence the receipt. */
  readonly decided: number;
  /** Ours: the receipt arrived. */
  readonly settled: number;
}

/** How far the peer's clock is ahead of ours, and by how much that may be wrong. Milliseconds. */
export interface ClockOffset {
  /** Negative when the peer's clock is behind. */
  readonly offsetMs: number;
  /** Half of the time on the way: the true offset is within `offsetMs` ± this. */
  readonly withinMs: number;
}

/**
 * Estimates the offset of a peer's clock as NTP does (RFC 5905, 8): the way there and the way back are taken as equally
 * long, and however unequal they are, the error is at most half of both.
 */
export function clockOffset({ sent, received, decided, settled }: EchoTimes): ClockOffset {
  const onTheWay = Math.max(0, settled - sent - (decided - received));
  return {
    offsetMs: Math.round((received - sent + (decided - settled)) / 2),
    withinMs: Math.ceil(onTheWay / 2),
  };
}
