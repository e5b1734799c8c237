import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ErrorCode } from '#proto';
import { CheapCounter } from './counter.ts';
import type { ValiditySubject } from './subjects.ts';

/** Every metric of ours: name, labels and meaning. Labels take values of closed sets only, never of the traffic. */
export const METRICS = {
  sent: metric('tongban_envelopes_sent_total', 'Envelopes for which a peer gave an answer', 'peer', 'outcome'),
  received: metric('tongban_envelopes_received_total', 'Envelopes that a peer sent and we answered', 'peer', 'outcome'),
  refusals: metric('tongban_refusals_total', 'Unsigned final refusals given, by code', 'code'),
  deferrals: metric('tongban_deferrals_total', 'Deferrals given, by code', 'code'),
  verdicts: metric('tongban_verdicts_total', 'Signed verdicts given, by code; ACCEPTED is the good one', 'code'),
  batches: metric('tongban_batches_total', 'Batches on the wire', 'direction'),
  batchEnvelopes: metric('tongban_batch_envelopes', 'Envelopes in one batch'),
  outboxPending: metric('tongban_outbox_pending', 'Envelopes that wait for their receipt'),
  materialBytes: metric('tongban_material_bytes_total', 'Bytes of materials on the wire', 'direction'),
  deliveries: metric('tongban_platform_deliveries_total', 'Deliveries to local platforms', 'adapter', 'outcome'),
  submissions: metric('tongban_platform_submissions_total', 'Submissions of local platforms', 'adapter', 'outcome'),
  questions: metric('tongban_platform_questions_total', 'Questions to local platforms', 'adapter', 'outcome'),
  breakers: metric(
    'tongban_platform_breaker',
    'Whether a platform is asked: closed 0, half-open 1, open 2 (left alone)',
    'adapter',
  ),
  seals: metric('tongban_seals_total', 'Documents given to the service of electronic seals', 'seal', 'outcome'),
  requests: metric('tongban_http_requests_total', 'Requests to the API, by route pattern', 'route', 'status'),
  logSize: metric('tongban_log_size', 'Leaves of the evidence log'),
  connected: metric('tongban_peer_connected', 'Whether a stream to the peer is open (1) or not (0)', 'peer'),
  validity: metric(
    'tongban_validity_seconds',
    'Seconds until a statement, the keys of a purpose or the TLS certificate of a region end; 0 after the end',
    'region',
    'subject',
  ),
  deadLetters: metric('tongban_dead_letters', 'Dead letters that wait for an operator', 'queue', 'name'),
  deadLettersFiled: metric('tongban_dead_letters_total', 'What left a queue undelivered', 'queue', 'reason'),
  logAlarms: metric('tongban_log_alarms_total', 'Contradicting states of a log that were shown', 'region', 'kind'),
  timestampOutage: metric('tongban_timestamp_outage_seconds', 'Seconds without answer of the timestamp authority'),
} as const;

/** What a peer answered about an envelope; `repeated` is a stored receipt given again. */
export type EnvelopeOutcome = 'accepted' | 'rejected' | 'refused' | 'deferred' | 'repeated';
/** What became of a submission; `repeated`: it was done before; `deferred`: it comes again, nothing was decided. */
export type SubmissionResult = 'taken' | 'repeated' | 'refused' | 'deferred';
/** What became of a question; `skipped`: it was not asked, since the platform is left alone or has too many. */
export type QuestionOutcome = 'answered' | 'refused' | 'failed' | 'skipped';
/** What became of a document that was to be sealed; `wrong`: what came back was not it under that seal. */
export type SealOutcome = 'sealed' | 'refused' | 'unavailable' | 'wrong';
export type Direction = 'sent' | 'received';

/** Whether one platform is asked; `adapter` is the name that the config gives to it. */
export interface BreakerGauge {
  readonly adapter: string;
  readonly state: 'closed' | 'half-open' | 'open';
}

const BREAKER_STATES: Readonly<Record<BreakerGauge['state'], number>> = { closed: 0, 'half-open': 1, open: 2 };

/** How long something of a region is still good; `region` is ours or a pinned one. */
export interface ValidityGauge {
  readonly region: string;
  readonly subject: ValiditySubject;
  /** Seconds. */
  readonly left: number;
}

/** Dead letters of one queue: `name` is a region or the name that the config gives to a platform. */
export interface LetterGauge {
  readonly queue: string;
  readonly name: string;
  readonly count: number;
}

/** The numbers of one gateway. Nothing is global: two gateways in a process count apart. */
export interface Metrics {
  /** `peer` is the region code of a pinned peer. */
  envelopesSent(peer: string, outcome: EnvelopeOutcome, count?: number): void;
  envelopesReceived(peer: string, outcome: EnvelopeOutcome, count?: number): void;
  refused(code: ErrorCode, count?: number): void;
  deferred(code: ErrorCode, count?: number): void;
  /** A signed receipt was given: ACCEPTED, or the code of the rejection. */
  judged(code: ErrorCode | 'ACCEPTED', count?: number): void;
  batch(direction: Direction, envelopes: number): void;
  materialBytes(direction: Direction, bytes: number): void;
  /** `adapter` is the name that the config gives to the platform. */
  delivered(adapter: string, outcome: 'delivered' | 'failed'): void;
  /** `adapter` is the name that the config gives to the platform. */
  handedIn(adapter: string, outcome: SubmissionResult): void;
  /** `adapter` is the name that the config gives to the platform. */
  asked(adapter: string, outcome: QuestionOutcome): void;
  /** Asks `read` whether platforms are asked, each time when the metrics are read. */
  watchBreakers(read: () => readonly BreakerGauge[]): void;
  /** `seal` is the name that the config gives to it. */
  sealed(seal: string, outcome: SealOutcome): void;
  /** `route` is the pattern of the route, never the path that was asked for. */
  requestAnswered(route: string, status: number): void;
  logGrew(size: number): void;
  peerConnected(peer: string, connected: boolean): void;
  /** After the peer was removed, its gauge is gone. */
  peerForgotten(peer: string): void;
  /** Asks `read` for the number of waiting envelopes each time when the metrics are read. */
  watchOutbox(read: () => number): void;
  /** Asks `read` what ends when, each time when the metrics are read. */
  watchValidity(read: () => readonly ValidityGauge[]): void;
  /** Something left its queue undelivered; `queue` and `reason` are of closed lists. */
  deadLetter(queue: string, reason: string): void;
  /** Asks `read` what waits for an operator, each time when the metrics are read. */
  watchDeadLetters(read: () => readonly LetterGauge[]): void;
  /** Two states of the log of `region` do not fit together; `kind` is of a closed list. */
  logAlarm(region: string, kind: string): void;
  /** Asks `read` for the seconds since the timestamp authority failed first, each time when the metrics are read. */
  watchTimestamps(read: () => number): void;
  /** Everything in the text format of Prometheus, for the content type {@link Metrics.contentType}. */
  text(): Promise<string>;
  readonly contentType: string;
}

/**
 * Makes the metrics of one gateway.
 *
 * @param options.process also measure memory, processor and event loop of the process (once per process)
 */
export function createMetrics(options: { process?: boolean } = {}): Metrics {
  const registry = new Registry();
  const counter = (of: Metric) => new CheapCounter(registry, of);
  const gauge = (of: Metric) => new Gauge({ ...promNames(of), registers: [registry] });

  const sent = counter(METRICS.sent);
  const received = counter(METRICS.received);
  const refusals = counter(METRICS.refusals);
  const deferrals = counter(METRICS.deferrals);
  const verdicts = counter(METRICS.verdicts);
  const batches = counter(METRICS.batches);
  const materialBytes = counter(METRICS.materialBytes);
  const deliveries = counter(METRICS.deliveries);
  const submissions = counter(METRICS.submissions);
  const questions = counter(METRICS.questions);
  const seals = counter(METRICS.seals);
  const requests = counter(METRICS.requests);
  const deadLettersFiled = counter(METRICS.deadLettersFiled);
  const logAlarms = counter(METRICS.logAlarms);
  const logSize = gauge(METRICS.logSize);
  const connected = gauge(METRICS.connected);
  const batchEnvelopes = new Histogram({
    ...promNames(METRICS.batchEnvelopes),
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers: [registry],
  });
  let pending = () => 0;
  new Gauge({
    ...promNames(METRICS.outboxPending),
    registers: [registry],
    collect() {
      this.set(pending());
    },
  });
  let validities: () => readonly ValidityGauge[] = () => [];
  new Gauge({
    ...promNames(METRICS.validity),
    registers: [registry],
    collect() {
      this.reset();
      for (const { region, subject, left } of validities()) this.set({ region, subject }, left);
    },
  });
  let letters: () => readonly LetterGauge[] = () => [];
  new Gauge({
    ...promNames(METRICS.deadLetters),
    registers: [registry],
    collect() {
      this.reset();
      for (const { queue, name, count } of letters()) this.set({ queue, name }, count);
    },
  });
  let breakers: () => readonly BreakerGauge[] = () => [];
  new Gauge({
    ...promNames(METRICS.breakers),
    registers: [registry],
    collect() {
      this.reset();
      for (const { adapter, state } of breakers()) this.set({ adapter }, BREAKER_STATES[state]);
    },
  });
  let outage = () => 0;
  new Gauge({
    ...promNames(METRICS.timestampOutage),
    registers: [registry],
    collect() {
      this.set(outage());
    },
  });
  if (options.process) collectDefaultMetrics({ register: registry });

  return {
    envelopesSent: (peer, outcome, count = 1) => sent.add(count, peer, outcome),
    envelopesReceived: (peer, outcome, count = 1) => received.add(count, peer, outcome),
    refused: (code, count = 1) => refusals.add(count, code),
    deferred: (code, count = 1) => deferrals.add(count, code),
    judged: (code, count = 1) => verdicts.add(count, code),
    batch: (direction, envelopes) => {
      batches.add(1, direction);
      batchEnvelopes.observe(envelopes);
    },
    materialBytes: (direction, bytes) => materialBytes.add(bytes, direction),
    delivered: (adapter, outcome) => deliveries.add(1, adapter, outcome),
    handedIn: (adapter, outcome) => submissions.add(1, adapter, outcome),
    asked: (adapter, outcome) => questions.add(1, adapter, outcome),
    watchBreakers: (read) => {
      breakers = read;
    },
    sealed: (seal, outcome) => seals.add(1, seal, outcome),
    requestAnswered: (route, status) => requests.add(1, route, String(status)),
    logGrew: (size) => logSize.set(size),
    peerConnected: (peer, isConnected) => connected.set({ peer }, isConnected ? 1 : 0),
    peerForgotten: (peer) => connected.remove({ peer }),
    watchOutbox: (read) => {
      pending = read;
    },
    watchValidity: (read) => {
      validities = read;
    },
    deadLetter: (queue, reason) => deadLettersFiled.add(1, queue, reason),
    watchDeadLetters: (read) => {
      letters = read;
    },
    logAlarm: (region, kind) => logAlarms.add(1, region, kind),
    watchTimestamps: (read) => {
      outage = read;
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

function metric(name: string, help: string, ...labels: string[]): Metric {
  return { name, help, labels };
}

function promNames({ name, help, labels }: Metric): { name: string; help: string; labelNames: string[] } {
  return { name, help, labelNames: [...labels] };
}
