import { X509Certificate } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { type RegionStatement, spkiOf, type TlsIdentity } from '#trust';
import { parseAddress } from '../config/address.ts';
import { ProbeFailure, type ProbeFault } from './probe-fault.ts';

/** Milliseconds for the name and the TCP connection together, and for the TLS handshake. */
const CONNECT_MS = 5_000;
const HANDSHAKE_MS = 5_000;

/** What the first two layers of a connection showed. Times in milliseconds. */
export interface Contact {
  /** Address that answered. */
  readonly address: string;
  readonly connectMs: number;
  readonly handshakeMs: number;
  /** Such as TLSv1.3. */
  readonly protocol: string;
  /** End of the certificate that the peer shows. */
  readonly certificateUntil: number;
}

/**
 * Opens a connection to a peer's endpoint, shakes hands and closes it. Nothing is sent: only what is shown is looked at.
 *
 * @param now milliseconds
 * @throws ProbeFailure of the stages `connect` and `tls`
 */
export async function makeContact(peer: RegionStatement, own: TlsIdentity, now: number): Promise<Contact> {
  const began = performance.now();
  const socket = await openTcp(peer.endpoint);
  const connected = performance.now();
  try {
    const { remoteAddress = '' } = socket;
    const tls = await shakeHands(socket, peer, own);
    const done = performance.now();
    return {
      address: remoteAddress,
      connectMs: Math.round(connected - began),
      handshakeMs: Math.round(done - connected),
      protocol: tls.getProtocol() ?? '',
      certificateUntil: judgeCertificate(tls, peer, now),
    };
  } finally {
    socket.destroy();
  }
}

function openTcp(endpoint: string): Promise<Socket> {
  const address = parseAddress(endpoint);
  if (!address) throw new ProbeFailure('name-unknown');
  return new Promise((resolve, reject) => {
    const socket = connect(address);
    const late = setTimeout(() => fail(new ProbeFailure('timeout')), CONNECT_MS);
    const fail = (error: Error) => {
      clearTimeout(late);
      socket.destroy();
      reject(error);
    };
    socket.once('error', (error) => fail(new ProbeFailure(tcpFault(error))));
    socket.once('connect', () => {
      clearTimeout(late);
      resolve(socket);
    });
  });
}

/** An address with several numbers fails with the errors of all of them. */
function tcpFault(error: Error): ProbeFault {
  const { code = '', errors = [] } = error as { code?: string; errors?: readonly { code?: string }[] };
  const codes = [code, ...errors.map((one) => one.code ?? '')];
  const fault = codes.map((one) => FAULT_OF[one]).find((one) => one !== undefined);
  return fault ?? 'connection-lost';
}

const FAULT_OF: Readonly<Record<string, ProbeFault>> = {
  ENOTFOUND: 'name-unknown',
  EAI_AGAIN: 'name-unknown',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'no-route',
  ENETUNREACH: 'no-route',
  ETIMEDOUT: 'timeout',
};

/** The certificate is judged afterwards by its pin, so that each fault can be told from the others. */
function shakeHands(socket: Socket, peer: RegionStatement, own: TlsIdentity): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const tls = connectTls({
      socket,
      cert: own.certificatePem,
      key: own.privateKeyPem,
      servername: `${peer.region}.tongban.invalid`,
      ALPNProtocols: ['h2'],
      rejectUnauthorized: false,
    });
    const late = setTimeout(() => fail(), HANDSHAKE_MS);
    const fail = () => {
      clearTimeout(late);
      tls.destroy();
      reject(new ProbeFailure('not-tls'));
    };
    tls.once('error', fail);
    tls.once('close', fail);
    tls.once('secureConnect', () => {
      clearTimeout(late);
      tls.off('close', fail);
      resolve(tls);
    });
  });
}

/** @returns when the certificate ends, milliseconds */
function judgeCertificate(tls: TLSSocket, peer: RegionStatement, now: number): number {
  const { raw } = tls.getPeerCertificate();
  if (!raw) throw new ProbeFailure('not-tls');
  const certificate = new X509Certificate(raw);
  const spki = spkiOf(certificate);
  if (!peer.tls.some((pinned) => pinned.spki === spki)) throw new ProbeFailure('certificate-not-pinned');
  const until = certificate.validToDate.getTime();
  if (now < certificate.validFromDate.getTime() || now >= until) throw new ProbeFailure('certificate-expired');
  return until;
}
