import { CodedError, type ErrorCode } from '#proto';
import type { Clock, RegionStatement, TlsIdentity } from '#trust';
import type { Outbox } from '../outbound/outbox.ts';
import type { Peers } from '../peer/peers.ts';
import { type ClockOffset, clockOffset } from './clock-offset.ts';
import { type Contact, makeContact } from './contact.ts';
import type { Echoes } from './echo.ts';
import { exchangeHellos } from './greeting.ts';
import { PROBE_FAULTS, ProbeFailure, type ProbeFault, type ProbeStage } from './probe-fault.ts';
import type { Runbook, Words } from './runbooks.ts';

/** What a probe of a peer found, as far as it came. Times in milliseconds. */
export interface ProbeReport {
  readonly region: string;
  readonly name: string;
  readonly endpoint: string;
  /** Envelopes that wait for the peer, without the test envelope. */
  readonly waiting: number;
  readonly contact?: Contact;
  readonly statements?: {
    /** Serial of our newest statement, and of the one that the peer holds. */
    readonly ours: number;
    readonly oursHeldThere: number;
    /** Serial of the peer's newest statement, and of the one that we hold. */
    readonly theirs: number;
    readonly theirsHeldHere: number;
  };
  readonly echo?: { readonly envelope: string; readonly roundTripMs: number };
  readonly clock?: ClockOffset;
  readonly fault?: FaultReport;
}

/** Where a probe got stuck, and what to do about it. */
export interface FaultReport {
  readonly stage: ProbeStage;
  readonly fault: ProbeFault;
  readonly code: ErrorCode;
  readonly is: Words;
  readonly todo: Words;
  readonly page: Runbook;
}

export interface PeerProbeOptions {
  readonly clock: Clock;
  readonly peers: Peers;
  readonly outbox: Pick<Outbox, 'pending'>;
  readonly echoes: Echoes;
  /** Our newest statement. */
  readonly own: () => RegionStatement;
  /** What we present to a peer when we dial it. */
  readonly tlsFor: (peer: string) => TlsIdentity;
  /** First frame that we send to a peer. */
  readonly hello: (peer: RegionStatement) => object;
}

type Finding = { -readonly [K in keyof ProbeReport]: ProbeReport[K] };

/** Tries the whole way to a peer, stage by stage (对端探测). */
export class PeerProbe {
  readonly #options: PeerProbeOptions;
  readonly #underWay = new Map<string, Promise<ProbeReport>>();

  constructor(options: PeerProbeOptions) {
    this.#options = options;
  }

  /**
   * Probes a pinned peer: TCP and TLS on a connection of its own, hellos, and a test envelope on the usual way with its
   * signed receipt. Takes at most half a minute. Probes of one peer at a time are one probe.
   *
   * @throws CodedError PEER_NOT_PINNED; BACK_PRESSURE when too much waits for the peer. Every fault on the way is in the
   *   report.
   */
  async probe(region: string): Promise<ProbeReport> {
    const running = this.#underWay.get(region);
    if (running) return running;
    const probe = this.#probe(region).finally(() => this.#underWay.delete(region));
    this.#underWay.set(region, probe);
    return probe;
  }

  async #probe(region: string): Promise<ProbeReport> {
    const { peers, outbox } = this.#options;
    const peer = peers.get(region);
    if (!peer) throw new CodedError('PEER_NOT_PINNED');
    const { name, endpoint } = peer;
    const found: Finding = { region, name, endpoint, waiting: outbox.pending(region) };
    try {
      await this.#walk(peer, found);
    } catch (error) {
      if (!(error instanceof ProbeFailure)) throw error;
      found.fault = reportOf(error);
    }
    return found;
  }

  async #walk(peer: RegionStatement, found: Finding): Promise<void> {
    const { clock, tlsFor, hello, echoes, own } = this.#options;
    if (clock.now() >= peer.expiresAt) throw new ProbeFailure('peer-statement-expired');
    const tls = tlsFor(peer.region);
    found.contact = await makeContact(peer, tls, clock.now());
    const greeting = await exchangeHellos(peer, tls, clock, hello(peer));
    found.statements = {
      ours: own().serial,
      oursHeldThere: greeting.peerStatementSerial,
      theirs: greeting.statementSerial,
      theirsHeldHere: peer.serial,
    };
    const echo = await echoes.of(peer.region);
    found.echo = { envelope: echo.envelope, roundTripMs: echo.settled - echo.sent };
    found.clock = clockOffset(echo);
  }
}

function reportOf({ fault, code }: ProbeFailure): FaultReport {
  const { stage, is, todo, page } = PROBE_FAULTS[fault];
  return { stage, fault, code, is, todo, page };
}
