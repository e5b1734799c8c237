import { X509Certificate } from 'node:crypto';
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { CodedError, definitions, type ErrorCode, LIMITS, type messages, services } from '#proto';
import type { RegionStatement } from '#trust';
import type { ConnectionLimits } from '../door/connections.ts';
import type { KeyRing } from '../keyring/key-ring.ts';
import type { MaterialStore } from '../material/material-store.ts';
import type { Peers } from '../peer/peers.ts';
import { CheckSession, type CheckSessionOptions } from './check-session.ts';
import { ExchangeSession, type SessionOptions } from './exchange-session.ts';
import { codeOf, statusOf } from './grpc-status.ts';
import { receivePush } from './material-door.ts';
import { PeerPort } from './peer-port.ts';
import { RecoverDoor, type RecoverDoorOptions } from './recover-door.ts';
import { ruleOf } from './rpc-access.ts';

export interface PeerServerOptions extends SessionOptions, CheckSessionOptions, RecoverDoorOptions {
  readonly keyring: KeyRing;
  readonly peers: Peers;
  readonly materials: MaterialStore;
  readonly streamsPerPeer: number;
  readonly connections: ConnectionLimits;
  /** Addresses that bring many callers before we know whom. */
  readonly isExempt?: ((address: string) => boolean) | undefined;
  /** Answers one sealed question. */
  readonly check: (peer: RegionStatement, envelope: messages.Envelope) => Promise<object>;
  readonly onMaterialBytes: (bytes: number) => void;
}

/** Milliseconds until a connection without any call is closed; whoever wants one again dials again. */
const IDLE_MS = 10 * 60_000;

type AnyCall = Pick<ServerUnaryCall<unknown, unknown>, 'getAuthContext'>;

/** The port for other regions: gRPC over mutual TLS, where only pinned keys are let in. */
export class PeerServer {
  readonly #options: PeerServerOptions;
  readonly #server: Server;
  readonly #port: PeerPort;
  readonly #recoverDoor: RecoverDoor;
  readonly #sessions = new Map<string, Set<ExchangeSession>>();
  readonly #checks = new Map<string, Set<CheckSession>>();
  #stopping = false;

  constructor(options: PeerServerOptions) {
    this.#options = options;
    this.#recoverDoor = new RecoverDoor(options);
    this.#server = new Server({
      interceptors: [this.#door()],
      'grpc.max_receive_message_length': LIMITS.frameBytes,
      'grpc.max_send_message_length': LIMITS.frameBytes,
      'grpc.max_concurrent_streams': 100,
      'grpc.max_connection_idle_ms': IDLE_MS,
    });
    this.#addServices();
    // TLS ends in our own port: the library has no say over its versions and suites, and counts no connections.
    const { injectConnection } = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    this.#port = new PeerPort({ ...options, limits: options.connections, onConnection: injectConnection });
    options.peers.onChange(() => this.#followPeers());
  }

  /**
   * Listens.
   *
   * @param address `host:port`; port 0 takes any
   * @returns the port
   */
  start(address: string): Promise<number> {
    return this.#port.listen(address);
  }

  /** Our statement is newer: every peer that is connected sees it at once. */
  showStatement(): void {
    for (const sessions of this.#sessions.values()) for (const session of sessions) session.showStatement();
  }

  /** Lets batches under way be answered, then ends every call. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#port.close();
    const open = [...this.#sessions.values(), ...this.#checks.values()];
    await Promise.all(open.flatMap((sessions) => [...sessions].map((session) => session.drain())));
    this.#server.forceShutdown();
    this.#port.cutOff();
  }

  /** The pinned region that the TLS client certificate belongs to; undefined for anybody else. */
  #caller(call: AnyCall): RegionStatement | undefined {
    const certificate = call.getAuthContext().sslPeerCertificate;
    if (!certificate) return undefined;
    return this.#options.peers.directory.ownerOf(new X509Certificate(certificate.raw));
  }

  /** The door let the call in, but an operator may have removed the region since. @throws CodedError PEER_UNKNOWN */
  #demandCaller(call: AnyCall): RegionStatement {
    const peer = this.#caller(call);
    if (!peer) throw new CodedError('PEER_UNKNOWN');
    return peer;
  }

  /** Why a call is not let in; undefined when it is. */
  #turnedAway(call: AnyCall, path: string): ErrorCode | undefined {
    if (this.#stopping) return 'SHUTTING_DOWN';
    const peer = this.#caller(call);
    if (!peer) return 'PEER_UNKNOWN';
    if (this.#options.now() >= peer.expiresAt) return 'STATEMENT_EXPIRED';
    return ruleOf(path) ? undefined : 'PROTOCOL_VIOLATION';
  }

  /** Step 0: whoever is not pinned is turned away before any message is read. */
  #door(): ServerInterceptor {
    return (method, call) =>
      new ServerInterceptingCall(call, {
        start: (next) => {
          next({
            onReceiveMetadata: (metadata, forward) => {
              const code = this.#turnedAway(call, method.path);
              if (code) {
                this.#options.onRefusedCall(code);
                call.sendStatus(statusOf(new CodedError(code)));
                return;
              }
              forward(metadata);
            },
          });
        },
      });
  }

  #addServices(): void {
    this.#server.addService(services.exchange, {
      Exchange: (call: ServerDuplexStream<messages.ExchangeRequest, object>) => this.#exchange(call),
    });
    this.#server.addService(services.check, {
      Check: unary((call: ServerUnaryCall<messages.CheckRequest, object>) => this.#check(call), this.#options),
      CheckMany: (call: ServerDuplexStream<messages.CheckManyRequest, object>) => this.#checkMany(call),
    });
    this.#server.addService(services.recovery, {
      Recover: (call: ServerWritableStream<messages.RecoverRequest, object>) =>
        this.#recoverDoor.serve(call, () => this.#demandCaller(call)),
    });
    this.#server.addService(services.material, {
      Status: unary(
        (call: ServerUnaryCall<messages.StatusRequest, object>) => this.#materialStatus(call),
        this.#options,
      ),
      Push: unary(
        (call: ServerReadableStream<messages.PushRequest, object>) => this.#materialPush(call),
        this.#options,
      ),
    });
    const names = ['ExchangeService', 'CheckService', 'MaterialService'].map((name) => [
      `tongban.v1.${name}`,
      'SERVING',
    ]);
    new HealthImplementation(Object.fromEntries([['', 'SERVING'], ...names])).addToServer(this.#server);
    new ReflectionService(definitions).addToServer(this.#server);
  }

  #exchange(call: ServerDuplexStream<messages.ExchangeRequest, object>): void {
    const peer = this.#caller(call);
    if (!peer) {
      call.emit('error', statusOf(new CodedError('PEER_UNKNOWN')));
      return;
    }
    const sessions = this.#sessions.get(peer.region) ?? new Set();
    if (sessions.size >= this.#options.streamsPerPeer) {
      this.#options.onRefusedCall('BACK_PRESSURE');
      call.emit('error', statusOf(new CodedError('BACK_PRESSURE', 'too many streams of one peer')));
      return;
    }
    const session = new ExchangeSession(call, peer, this.#options);
    this.#sessions.set(peer.region, sessions.add(session));
    void session.run().finally(() => sessions.delete(session));
  }

  #checkMany(call: ServerDuplexStream<messages.CheckManyRequest, object>): void {
    const peer = this.#caller(call);
    if (!peer) {
      call.emit('error', statusOf(new CodedError('PEER_UNKNOWN')));
      return;
    }
    const sessions = this.#checks.get(peer.region) ?? new Set();
    if (sessions.size >= this.#options.streamsPerPeer) {
      this.#options.onRefusedCall('BACK_PRESSURE');
      call.emit('error', statusOf(new CodedError('BACK_PRESSURE', 'too many streams of one peer')));
      return;
    }
    const session = new CheckSession(call, () => this.#demandCaller(call), this.#options);
    this.#checks.set(peer.region, sessions.add(session));
    void session.run().finally(() => sessions.delete(session));
  }

  async #check(call: ServerUnaryCall<messages.CheckRequest, object>): Promise<object> {
    const { envelope } = call.request;
    if (!envelope) throw new CodedError('MALFORMED', 'the request has no envelope');
    return { envelope: await this.#options.check(this.#demandCaller(call), envelope) };
  }

  async #materialStatus(call: ServerUnaryCall<messages.StatusRequest, object>): Promise<object> {
    const { conversation, digest } = call.request;
    return this.#options.materials.status(this.#demandCaller(call).region, conversation, digest);
  }

  /** A region that is removed meanwhile brings no further byte. */
  async #materialPush(call: ServerReadableStream<messages.PushRequest, object>): Promise<object> {
    const { materials, onMaterialBytes } = this.#options;
    return receivePush(call, this.#demandCaller(call).region, materials, (bytes) => {
      this.#demandCaller(call);
      onMaterialBytes(bytes);
    });
  }

  /** Live calls follow a region's newer statement; they end when the region or its TLS key is gone. */
  #followPeers(): void {
    for (const [region, sessions] of this.#sessions) {
      const pinned = this.#options.peers.get(region);
      for (const session of sessions) {
        if (pinned && session.spki !== undefined && pinned.tls.some(({ spki }) => spki === session.spki))
          session.renew(pinned);
        else session.end('PEER_UNKNOWN');
      }
    }
  }
}

/** Wraps a handler that answers once: a CodedError becomes its gRPC status. */
function unary<C>(
  handle: (call: C) => Promise<object>,
  { onUnexpected, onRefusedCall }: Pick<PeerServerOptions, 'onUnexpected' | 'onRefusedCall'>,
): (call: C, callback: sendUnaryData<object>) => void {
  return (call, callback) => {
    handle(call).then(
      (answer) => callback(null, answer),
      (error) => {
        if (!(error instanceof CodedError)) onUnexpected(error);
        onRefusedCall(codeOf(error));
        callback(statusOf(error));
      },
    );
  };
}
