import { CodedError, type ErrorCode, type messages } from '#proto';
import type { Clock, RegionStatement, TlsIdentity } from '#trust';
import { codedError, PeerClient } from '../outbound/peer-client.ts';
import { ProbeFailure, type ProbeFault } from './probe-fault.ts';

/** Milliseconds until the peer has greeted us back. */
const HELLO_MS = 5_000;

/**
 * Opens a stream of its own to a peer, exchanges the first frames and ends it: the peer lets nobody in whom it does not
 * know, so its hello shows that it pinned us, and says which statement of ours it holds.
 *
 * @param hello our first frame
 * @throws ProbeFailure of the stage `hello`
 */
export async function exchangeHellos(
  peer: RegionStatement,
  own: TlsIdentity,
  clock: Clock,
  hello: object,
): Promise<messages.Hello> {
  const client = new PeerClient(peer, own, clock);
  const stream = client.exchange();
  const late = setTimeout(() => stream.cancel(), HELLO_MS);
  try {
    stream.on('error', () => {});
    stream.write({ hello });
    for await (const frame of stream as AsyncIterable<messages.ExchangeResponse>) {
      if (frame.hello) return greetingOf(frame.hello, peer);
    }
    throw new CodedError('PEER_UNREACHABLE');
  } catch (error) {
    if (error instanceof ProbeFailure) throw error;
    const { code } = error instanceof CodedError ? error : codedError(error);
    throw new ProbeFailure(FAULT_OF[code] ?? 'turned-away', code);
  } finally {
    clearTimeout(late);
    stream.end();
    stream.cancel();
    client.close();
  }
}

const FAULT_OF: Partial<Record<ErrorCode, ProbeFault>> = {
  PEER_UNKNOWN: 'unknown-there',
  STATEMENT_EXPIRED: 'our-statement-expired-there',
};

function greetingOf(hello: messages.Hello, peer: RegionStatement): messages.Hello {
  if (hello.region !== peer.region) throw new ProbeFailure('turned-away', 'PEER_MISMATCH');
  return hello;
}
