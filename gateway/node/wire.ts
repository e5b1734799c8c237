import { CodedError, type ErrorCode, isErrorCode, type messages } from '#proto';
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
import type { InPlaceOptions } from '../recovery/in-place.ts';
import type { Recovery } from '../recovery/recovery.ts';
import type { AnswerNotes } from '../standing/answers.ts';
import type { Core } from './core.ts';
import { openRecovery } from './recovery.ts';
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
  /** Does again what an act of ours did that a restored store has lost. */
  readonly actAgain: InPlaceOptions['actAgain'];
  /** Answers a sealed question. */
  readonly check: (peer: RegionStatement, envelope: messages.Envelope) => Promise<object>;
  /** Answers a group of sealed questions, in as many frames as it takes. */
  readonly checkGroup: CheckSessionOptions['checkGroup'];
}

export interface Wire extends Standing {
  readonly dispatcher: Dispatcher;
  readonly server: PeerServer;
  readonly recovery: Recovery;
}

/** Joins both directions of the exchange with other regions. */
export function joinWire(core: Core, handlers: WireHandlers): Wire {
  const checkpoints = new PeerCheckpoints(checkpointOptions(core));
  const onCheckpoint = (peer: RegionStatement, frame: messages.Checkpoint) => checkpoints.take(peer, frame);
  const checkpointFor = (peer: RegionStatement) => checkpoints.due(peer);
  const plainHello = (peer: RegionStatement) => helloTo(core.own, peer);
  const standing = openStanding(core, plainHello);
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
  const materials = new MaterialPusher(core.materials, (bytes) => core.metrics.materialBytes('sent', bytes));
  const { recovery, giveBack } = openRecovery(core, handlers, { materials, dispatcher: () => dispatcher });
  const hello = async (peer: RegionStatement) => ({
    ...plainHello(peer),
    ...(await recovery.marksFor(peer.region)),
  });
  const dispatcher: Dispatcher = new Dispatcher(
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
      materials,
      events: dispatchEvents(core, standing.answers),
      hello,
      onGreeting: (peer, greeting, client, signal) =>
        recovery.met(peer, greeting, (since, ended) => client.recover(since, ended), signal),
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
    connections: core.config.limits.connections,
    // What comes to a replica was counted there, by the address from which it came.
    isExempt: core.config.replica && ((address) => address === '127.0.0.1'),
    hello,
    onHello: (peer, greeting) => recovery.heard(peer, greeting),
    clock: core.clock,
    giveBack,
    onGreeted: (peer) => checkpoints.met(peer),
    checkpointFor,
    now: () => core.clock.now(),
    onCheckpoint,
    check: async (peer, envelope) => {
      demandOpen(core, peer);
      return handlers.check(peer, envelope);
    },
    checkGroup: (peer, group) => {
      demandOpen(core, peer);
      return handlers.checkGroup(peer, group);
    },
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
  return { dispatcher, server, recovery, ...standing };
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
    mayShow: (peer) => core.gate.closedFor(peer) === undefined,
    onAlarm: ({ region: peer, kind }) => {
      metrics.logAlarm(peer, kind);
      if (kind === 'restored')
        log.warn(
          { peer },
          'a region restored its store from a backup and began a new epoch of its log: ask since when',
        );
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
    mayDecide: (tx, header) => core.gate.mayDecide(tx, header),
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

/** What a restored store would answer may be out of date. @throws CodedError TRY_LATER */
function demandOpen({ gate }: Core, { region }: RegionStatement): void {
  if (gate.closedFor(region)) throw new CodedError('TRY_LATER');
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
    unanswered: (peer, envelope) => {
      answers.heard(envelope, 'PROTOCOL_VIOLATION');
      metrics.envelopesSent(peer, 'refused');
      log.warn({ peer, envelope }, 'a peer ends the connection whenever this envelope comes; the others go their way');
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
