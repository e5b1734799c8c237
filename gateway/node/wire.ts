import { type ErrorCode, isErrorCode, type messages } from '#proto';
import type { CompiledAgreement, RegionStatement } from '#trust';
import { type PeerCheckpointOptions, PeerCheckpoints } from '../evidence/peer-checkpoints.ts';
import { type AuthorizeOptions, authorizer } from '../inbound/authorize.ts';
import type { CheckSessionOptions } from '../inbound/check-session.ts';
import { Decider, type Decision } from '../inbound/decide.ts';
import { PeerServer } from '../inbound/peer-server.ts';
import { Pipeline } from '../inbound/pipeline.ts';
import type { DispatchEvents, SettleHandler } from '../outbound/context.ts';
import { Dispatcher } from '../outbound/dispatcher.ts';
import { MaterialPusher } from '../outbound/material-pusher.ts';
import { StatementAnnouncer } from '../outbound/statement-announcer.ts';
import type { IncomingHandler } from '../peer/incoming.ts';
import { StatementExchange } from '../peer/statement-exchange.ts';
import type { AnswerNotes } from '../standing/answers.ts';
import type { Core } from './core.ts';
import { openStanding, type Standing } from './standing.ts';

/** What the rooms above do with what the wire brings. */
export interface WireHandlers {
  readonly agreementOf: (header: messages.EnvelopeHeader, opening: boolean) => CompiledAgreement;
  readonly caseOf: AuthorizeOptions['caseOf'];
  readonly inquiryOf: AuthorizeOptions['inquiryOf'];
  /** Applies an authorized payload. */
  readonly handlerOf: (name: string) => IncomingHandler;
  /** Acts on the fate of what we sent. */
  readonly onSettled: SettleHandler;
  /** Answers a sealed question. */
  readonly check: (peer: RegionStatement, envelope: messages.Envelope) => Promise<object>;
  /** Answers a group of sealed questions, in as many frames as it takes. */
  readonly checkGroup: CheckSessionOptions['checkGroup'];
}

export interface Wire extends Standing {
  readonly dispatcher: Dispatcher;
  readonly server: PeerServer;
}

/** Joins both directions of the exchange with other regions. */
export function joinWire(core: Core, handlers: WireHandlers): Wire {
  const checkpoints = new PeerCheckpoints(checkpointOptions(core));
  const onCheckpoint = (peer: RegionStatement, frame: messages.Checkpoint) => checkpoints.take(peer, frame);
  const checkpointFor = (peer: RegionStatement) => checkpoints.due(peer);
  const hello = (peer: RegionStatement) => helloTo(core.own, peer);
  const standing = openStanding(core, hello);
  const statements = new StatementExchange({
    ...core,
    onRefused: (peer, code) =>
      core.log.error({ peer, code }, 'a peer showed a statement that cannot be taken: call its operators'),
  });
  const announcer = new StatementAnnouncer({
    ...core,
    statement: () => core.own,
    onError: (error) => core.log.warn({ err: error }, 'our newer statement could not be sent; it is tried again'),
  });
  const dispatcher = new Dispatcher(
    {
      region: core.region,
      store: core.store,
      clock: core.clock,
      random: core.random,
      log: core.evidence,
      signer: core.signer,
      tlsFor: (peer) => core.keyring.tlsFor(peer),
      addressOf: (peer) => core.config.peer.via[peer.region] ?? peer.endpoint,
      statements,
      outbox: core.outbox,
      letters: core.letters,
      materials: new MaterialPusher(core.materials, (bytes) => core.metrics.materialBytes('sent', bytes)),
      events: dispatchEvents(core, standing.answers),
      hello,
      onHello: (peer, greeting) => announcer.greeted(peer, greeting),
      checkpointFor,
      onCheckpoint,
      onSettled: handlers.onSettled,
    },
    core.peers,
  );
  const server = new PeerServer({
    keyring: core.keyring,
    statements,
    peers: core.peers,
    pipeline: pipelineOf(core, handlers),
    materials: core.materials,
    streamsPerPeer: core.config.limits.streamsPerPeer,
    hello,
    onGreeted: (peer) => checkpoints.met(peer),
    checkpointFor,
    now: () => core.clock.now(),
    onCheckpoint,
    check: handlers.check,
    checkGroup: handlers.checkGroup,
    onRefusedCall: (code) => core.metrics.refused(code),
    onMaterialBytes: (bytes) => core.metrics.materialBytes('received', bytes),
    onUnexpected: (error) => core.log.error({ err: error }, 'a call of a peer failed unexpectedly'),
  });
  core.keyring.onChange((renewed) => {
    if (!renewed) return;
    dispatcher.showStatement();
    server.showStatement();
    announcer.renewed(core.peers.all());
  });
  return { dispatcher, server, ...standing };
}

function checkpointOptions(core: Core): PeerCheckpointOptions {
  const { store, clock, region, keyring, evidence, peers, log, metrics } = core;
  return {
    store,
    clock,
    region,
    own: () => core.own,
    signer: keyring.logSigner,
    log: evidence,
    statementOf: (other) => peers.get(other),
    onAlarm: ({ region: peer, kind }) => {
      metrics.logAlarm(peer, kind);
      if (kind === 'restarted') log.warn({ peer }, 'a region began a new log: ask its operators why');
      else log.error({ peer, code: 'LOG_FORKED' }, 'two states of one log contradict each other; see log/witnesses');
    },
    onBadFrame: (peer, code) =>
      log.error({ peer, code }, 'a peer sent a checkpoint that cannot be taken: call its operators'),
    onError: (error) => log.warn({ err: error }, 'a checkpoint could not be shown or countersigned; it is tried again'),
  };
}

function pipelineOf(core: Core, handlers: WireHandlers): Pipeline {
  const { region, store, clock, signer } = core;
  const decider = new Decider({
    region,
    suite: signer.suite,
    clock,
    log: core.evidence,
    authorize: authorizer({ region, ...handlers }),
    handlerOf: handlers.handlerOf,
    onUnexpected: (error, envelope) =>
      core.log.error(
        { err: error, envelope: envelope.header.id },
        'an envelope could not be decided; the sender tries again',
      ),
  });
  return new Pipeline({
    region,
    store,
    clock,
    signer,
    decider,
    onDecided: (peer, decision) => countDecision(core, peer, decision),
    onError: (error) =>
      core.log.warn({ err: error }, 'the seal of receipts was not stored; it is made anew when asked for'),
  });
}

function helloTo(own: RegionStatement, peer: RegionStatement): object {
  return {
    protocol: 1,
    region: own.region,
    statementSerial: own.serial,
    statementDigest: own.digest,
    peerStatementSerial: peer.serial,
    peerStatementDigest: peer.digest,
  };
}

function dispatchEvents({ log, metrics }: Core, answers: AnswerNotes): DispatchEvents {
  const outcomes = { receipt: 'accepted', deferral: 'deferred', refusal: 'refused' } as const;
  return {
    connected: (peer) => {
      metrics.peerConnected(peer, true);
      log.info({ peer }, 'connected to a peer');
    },
    lost: (peer) => metrics.peerConnected(peer, false),
    disconnected: (peer, error) => {
      metrics.peerConnected(peer, false);
      log.warn({ peer, err: error }, 'no connection to a peer; it is tried again');
    },
    sent: (_peer, envelopes) => metrics.batch('sent', envelopes),
    answered: (peer, kind, code, envelope) => {
      if (kind !== 'receipt') answers.heard(envelope, code);
      metrics.envelopesSent(peer, kind === 'receipt' && code !== '' ? 'rejected' : outcomes[kind]);
      if (code !== '') log.warn({ peer, ...known(code) }, 'a peer did not take an envelope');
    },
    pushFailed: (peer, error) => log.warn({ peer, err: error }, 'a material could not be pushed; it is tried again'),
    settleFailed: (peer, envelope, error) =>
      log.error({ peer, envelope, err: error }, 'the verdict on an envelope of ours contradicts what we know: look'),
  };
}

function countDecision({ metrics, log }: Core, peer: string, decision: Decision): void {
  if (decision.kind === 'receipt') {
    metrics.envelopesReceived(peer, decision.repeated ? 'repeated' : decision.code === '' ? 'accepted' : 'rejected');
    if (!decision.repeated) metrics.judged((decision.code || 'ACCEPTED') as ErrorCode | 'ACCEPTED');
    return;
  }
  const code = decision.code as ErrorCode;
  metrics.envelopesReceived(peer, decision.kind === 'deferral' ? 'deferred' : 'refused');
  if (decision.kind === 'deferral') metrics.deferred(code);
  else {
    metrics.refused(code);
    log.warn({ peer, code }, 'an envelope was refused');
  }
}

function known(code: string): { code?: ErrorCode } {
  return isErrorCode(code) ? { code } : {};
}
