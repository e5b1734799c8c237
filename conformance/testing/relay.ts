import {
  Client,
  type ClientDuplexStream,
  credentials,
  experimental,
  Server,
  type ServerDuplexStream,
  type ServiceDefinition,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import { services } from '#proto';
import type { RegionStatement, TlsIdentity } from '#trust';

type Raw = Buffer;
type Provider = Parameters<typeof experimental.createCertificateProviderServerCredentials>[0];

/** What a relay does to the stream that it passes on. */
export interface Tampering {
  /** Frames of the caller, as they pass; they are never changed. */
  seen(path: string, frame: Buffer): void;
  /** Frames of the gateway, as they are to reach the caller. */
  answered(path: string, frame: Buffer): Promise<Buffer>;
  /** Whether callers whom nobody pinned are let in. */
  readonly admitsStrangers: boolean;
}

/** A server between a caller and a gateway, with the gateway's TLS key, that passes everything on as bytes. */
export interface Relay {
  /** `host:port` */
  readonly endpoint: string;
  stop(): void;
}

export interface RelayOptions {
  /** The gateway behind. */
  readonly target: RegionStatement;
  readonly targetTls: TlsIdentity;
  /** The only caller whom the gateway knows. */
  readonly caller: TlsIdentity;
  /** Made anew for every call. */
  readonly tampering: () => Tampering;
}

/** Every method that is passed on. To the wire all of them are streams. */
const PATHS = [
  services.exchange.Exchange.path,
  services.check.Check.path,
  services.material.Status.path,
  services.material.Push.path,
  '/grpc.health.v1.Health/Check',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
];

const FRAME_BYTES = 64 * 1024 * 1024;
const LIMITS = { 'grpc.max_receive_message_length': FRAME_BYTES, 'grpc.max_send_message_length': FRAME_BYTES };

/** Starts a relay on a free port. */
export async function startRelay({ target, targetTls, caller, tampering }: RelayOptions): Promise<Relay> {
  const tls = credentials.createSsl(targetTls.certificatePem, caller.privateKeyPem, caller.certificatePem);
  const name = { 'grpc.ssl_target_name_override': targetTls.spki };
  const trusting = credentials.createFromSecureContext;
  void trusting;
  const upstream = new Client(target.endpoint, tls, { ...LIMITS, ...name });
  const server = new Server(LIMITS);
  for (const path of PATHS) {
    server.addService(serviceOf(path), {
      relay: (down: ServerDuplexStream<Raw, Raw>) => {
        const tamper = tampering();
        const known = down.getAuthContext().sslPeerCertificate?.raw.equals(caller.der) ?? false;
        if (!known && !tamper.admitsStrangers) turnAway(down);
        else join(path, down, upstream.makeBidiStreamRequest(path, same, same), tamper);
      },
    });
  }
  const provider = staticProvider(targetTls, caller);
  const secured = experimental.createCertificateProviderServerCredentials(provider, provider, false);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', secured, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return {
    endpoint: `127.0.0.1:${port}`,
    stop: () => {
      server.forceShutdown();
      upstream.close();
    },
  };
}
