import { openFileKeyStore, type RegionStatement } from '#trust';
import { AnswerNotes } from '../standing/answers.ts';
import { Echoes } from '../standing/echo.ts';
import { PeerProbe } from '../standing/peer-probe.ts';
import { ValidityWatch } from '../standing/validity-watch.ts';
import type { Core } from './core.ts';

/** How the gateway and its peers stand: for the log, the metrics, the API and `tongban doctor`. */
export interface Standing {
  readonly validity: ValidityWatch;
  readonly probe: PeerProbe;
  /** To be told what peers answer. */
  readonly answers: AnswerNotes;
}

/** @param hello our first frame to a peer */
export function openStanding(core: Core, hello: (peer: RegionStatement) => object): Standing {
  const { config, clock, log, metrics, keyring, peers, outbox } = core;
  const answers = new AnswerNotes();
  const validity = new ValidityWatch({
    clock,
    log,
    metrics,
    own: () => keyring.statement,
    peers: () => peers.all(),
    // Listing needs no passphrase, and sees what commands changed since the start.
    keys: async () => (await openFileKeyStore(config.keys.directory, '')).list(),
  });
  const probe = new PeerProbe({
    clock,
    peers,
    outbox,
    echoes: new Echoes({ ...core, answers }),
    own: () => keyring.statement,
    tlsFor: (peer) => keyring.tlsFor(peer),
    hello,
  });
  return { validity, probe, answers };
}
