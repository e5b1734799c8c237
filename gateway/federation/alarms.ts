import type { Log } from '../telemetry/log.ts';
import type { RegionStanding } from './peering.ts';
import type { AnchorStanding, FederationStanding } from './standing.ts';
import { EndWarnings } from './warnings.ts';

/** Writes into the log what operators must know of the federation, each thing once while it lasts. */
export class FederationAlarms {
  readonly #log: Log;
  readonly #ends = new EndWarnings();
  readonly #told = new Map<string, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** @param now milliseconds */
  look({ anchors, regions }: FederationStanding, now: number): void {
    for (const anchor of anchors) {
      this.#anchor(anchor);
      this.#endsOf(anchor, now);
    }
    for (const region of regions) this.#region(region);
  }

  #anchor({ name, url, fingerprint, code, lastCode, stale }: AnchorStanding): void {
    const log = this.#log;
    const key = `${fingerprint} ${url}`;
    const named = name === '' ? {} : { anchor: name };
    // That it was not read yet, or cannot be, is said below.
    this.#once(`chain ${key}`, code === 'ANCHOR_UNREACHABLE' ? '' : code, () => {
      if (code !== '') log.error({ ...named, code }, 'the chain to an anchor does not hold: it vouches for nobody');
    });
    this.#once(`look ${key}`, lastCode, () => {
      if (lastCode === '') log.info(named, 'the files of an anchor can be read again');
      else log.warn({ ...named, code: lastCode }, 'the files of an anchor cannot be taken; it is tried again');
    });
    this.#once(`stale ${key}`, stale ? 'stale' : '', () => {
      if (stale) log.warn(named, 'an anchor was not read for a long time; the last good copy counts until it ends');
    });
  }

  #endsOf({ name, url, fingerprint, expiresAt, regionsEndAt }: AnchorStanding, now: number): void {
    if (expiresAt === undefined) return;
    const key = `${fingerprint} ${url}`;
    this.#ends.note(key, expiresAt, now, (days) =>
      this.#log.warn({ anchor: name, days_left: days }, 'what an anchor vouches for ends unless it publishes anew'),
    );
    if (regionsEndAt === undefined || regionsEndAt >= expiresAt) return;
    this.#ends.note(`regions ${key}`, regionsEndAt, now, (days) =>
      this.#log.warn(
        { anchor: name, days_left: days },
        'what an anchor says of a region ends unless it issues it anew',
      ),
    );
  }

  #region({ region, code, pinned }: RegionStanding): void {
    this.#once(`region ${region}`, code, () => {
      if (code === 'FINGERPRINT_MISMATCH')
        this.#log.error(
          { peer: region, code },
          'an anchor vouches for another identity of a region than we know: look',
        );
      else if (code !== '' && pinned !== 'refused')
        this.#log.warn({ peer: region, code }, 'a region that an anchor names does not fit the peering policy');
    });
  }

  /** Says a thing when it is otherwise than before; that all was well from the start is no news. */
  #once(what: string, state: string, say: () => void): void {
    if ((this.#told.get(what) ?? '') === state) return;
    this.#told.set(what, state);
    say();
  }
}
