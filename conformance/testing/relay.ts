import {
  Client,
  type ClientDuplexStream,
  credentials,
  experimental,
  Metadata,
  Server,
  type ServerDuplexStream,
  type ServiceDefinition,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import { services } from '#proto';
import type { RegionStatement, TlsIdentity } from '#trust';

type Down = ServerDuplexStream<Buffer, Buffer>;
type Up = ClientDuplexStream<Buffer, Buffer>;
type Provider = Parameters<typeof experimental.createCertificateProviderServerCredentials>[0];

/** What a relay does to one call that it passes on. */
export interface Tampering {
  /** Takes note of a frame of the caller; it passes unchanged. */
  seen(frame: Buffer): void;
  /** The frame that the caller gets in the place of one of the gateway. */
  answered(frame: Buffer): Promise<Buffer> | Buffer;
}

export interface RelayOptions {
  /** The gateway behind, and its TLS key. */
  readonly target: RegionStatement;
  readonly targetTls: TlsIdentity;
  /** The only caller whom the gateway knows. */
  readonly caller: TlsIdentity;
  /** Whether callers whom nobody pinned are let in. */
  readonly admitsStrangers: boolean;
  /** Made anew for every Exchange stream. */
  readonly tampering: () => Tampering;
  /** The frame that the caller of CheckMany gets in the place of one of the gateway. */
  readonly checked: (frame: Buffer) => Buffer;
}

/** A server between a caller and a gateway that passes every call on, as bytes. */
export interface Relay {
  /** `host:port` */
  readonly endpoint: string;
  stop(): void;
}

const EXCHANGE = services.exchange.Exchange.path;
const CHECK_MANY = services.check.CheckMany.path;

/** Every method that is passed on. To the wire all of them are streams. */
const PATHS = [
  EXCHANGE,
  services.check.Check.path,
  CHECK_MANY,
  services.material.Status.path,
  services.material.Push.path,
  '/grpc.health.v1.Health/Check',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
];

const FRAME_BYTES = 64 * 1024 * 1024;
const LIMITS = { 'grpc.max_receive_message_length': FRAME_BYTES, 'grpc.max_send_message_length': FRAME_BYTES };
const HONEST: Tampering = { seen: () => {}, answered: same };

/** Starts a relay on a free port. Must be stopped by the caller. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { target, targetTls, caller, admitsStrangers, tampering, checked } = options;
  const tamperingOn = (path: string): Tampering => {
    if (path === EXCHANGE) return tampering();
    return path === CHECK_MANY ? { ...HONEST, answered: checked } : HONEST;
  };
  const tls = credentials.createSsl(targetTls.certificatePem, caller.privateKeyPem, caller.certificatePem, {
    checkServerIdentity: () => undefined,
  });
  const upstream = new Client(target.endpoint, tls, { ...LIMITS, 'grpc.ssl_target_name_override': 'relay.invalid' });
  const server = new Server(LIMITS);
  for (const path of PATHS) {
    server.addService(serviceOf(path), {
      relay: (down: Down) => {
        const known = down.getAuthContext().sslPeerCertificate?.raw.equals(caller.der) ?? false;
        if (!known && !admitsStrangers) return turnAway(down);
        pass(down, upstream.makeBidiStreamRequest(path, same, same), tamperingOn(path));
      },
    });
  }
  const port = await listen(server, targetTls, caller);
  return {
    endpoint: `127.0.0.1:${port}`,
    stop: () => {
      server.forceShutdown();
      upstream.close();
    },
  };
}

function pass(down: Down, up: Up, tamper: Tampering): void {
  down.on('data', (frame: Buffer) => {
    tamper.seen(frame);
    up.write(frame);
  });
  down.on('end', () => up.end());
  down.on('cancelled', () => up.cancel());
  let answering: Promise<void> = Promise.resolve();
  up.on('data', (frame: Buffer) => {
    answering = answering.then(async () => void down.write(await tamper.answered(frame)));
  });
  up.on('status', (end: StatusObject) => {
    answering = answering.then(() => {
      if (end.code === status.OK) down.end();
      else down.emit('error', end);
    });
  });
  // The status says the same.
  up.on('error', () => {});
}

/** As the gateway itself would. */
function turnAway(down: Down): void {
  const metadata = new Metadata();
  metadata.set('tongban-code', 'PEER_UNKNOWN');
  down.emit('error', { code: status.UNAUTHENTICATED, details: 'not pinned', metadata });
}

function listen(server: Server, own: TlsIdentity, caller: TlsIdentity): Promise<number> {
  const provider: Provider = {
    // The server drops every connection when it is called back before it finished registering.
    addCaCertificateListener: (listener) => process.nextTick(() => listener({ caCertificate: caller.certificatePem })),
    addIdentityCertificateListener: (listener) =>
      process.nextTick(() => listener({ certificate: own.certificatePem, privateKey: own.privateKeyPem })),
    removeCaCertificateListener: () => {},
    removeIdentityCertificateListener: () => {},
  };
  const secured = experimental.createCertificateProviderServerCredentials(provider, provider, false);
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', secured, (error, port) => (error ? reject(error) : resolve(port)));
  });
}

function serviceOf(path: string): ServiceDefinition {
  const bytes = {
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  return { relay: { path, requestStream: true, responseStream: true, ...bytes } };
}

function same(bytes: Buffer): Buffer {
  return bytes;
}
