import { encode, LIMITS } from '#proto';
import type { ConformanceCheck, ConformanceModule } from '../check.ts';
import { demand, say, type Words } from '../finding.ts';
import type { Written } from '../wire/hostile-peer.ts';
import { batchOf, type Session } from '../wire/session.ts';
import type { Workbench } from '../workbench.ts';
import { demandCallFails, demandFree, endOfFailed } from './traces.ts';

/** Frames out of place: the stream ends, and what was in the frame is as if it had never been sent. */
export const protocol: ConformanceModule = [
  {
    id: 'protocol.first-frame',
    clause: 'exchange.proto Hello',
    negative: true,
    title: { zh: '未先问候即发送批次', en: 'a batch before the hello' },
    run: async (bench) => {
      const envelope = bench.peer.ping();
      const line = bench.client().exchange();
      line.send({ batch: await batchOf(bench.peer, 1, [envelope]) });
      await demandCallFails(line.next(), 'PROTOCOL_VIOLATION');
      return untouched(bench, envelope);
    },
  },
  violation(
    'protocol.second-hello',
    'exchange.proto Hello',
    { zh: '第二次问候', en: 'a second hello' },
    (bench, session) => {
      session.line.send({ hello: bench.hello });
      return undefined;
    },
  ),
  {
    id: 'protocol.hello-region',
    clause: 'exchange.proto Hello',
    negative: true,
    title: { zh: '问候中冒称其他地区', en: 'a hello in the name of another region' },
    run: async (bench) => {
      const line = bench.client().exchange();
      line.send({ hello: { ...bench.hello, region: bench.target.region } });
      await demandCallFails(line.next(), 'PEER_MISMATCH');
      return say('调用以 PEER_MISMATCH 结束', 'the call ended with PEER_MISMATCH');
    },
  },
  violation(
    'protocol.empty-batch',
    'exchange.proto Batch',
    { zh: '空批次', en: 'a batch without envelopes' },
    async (bench, session) => {
      const signedRoot = await bench.peer.seal([bench.peer.ping()]);
      await session.post([], signedRoot);
      return undefined;
    },
  ),
  violation(
    'protocol.batch-of-257',
    'Conventions',
    { zh: '257 个报文的批次', en: 'a batch of 257 envelopes' },
    async (bench, session) => {
      const envelopes = bench.peer.pings(LIMITS.batchEnvelopes + 1);
      await session.post(envelopes);
      return envelopes[0];
    },
  ),
  violation(
    'protocol.batch-too-large',
    'Conventions',
    { zh: '总量超过 2 MiB 的批次', en: 'a batch of more than 2 MiB' },
    async (bench, session) => {
      const note = 'x'.repeat(800 * 1024);
      const envelopes = [bench.peer.ping({}, note), bench.peer.ping({}, note), bench.peer.ping({}, note)];
      await session.post(envelopes);
      return envelopes[0];
    },
  ),
  {
    id: 'protocol.truncated-frame',
    clause: 'exchange.proto ExchangeRequest',
    negative: true,
    title: { zh: '被截断的帧', en: 'a frame that was cut off' },
    run: (bench) =>
      bench.inSession(async (session) => {
        const envelope = bench.peer.ping();
        const frame = encode('ExchangeRequest', { batch: await batchOf(bench.peer, 1, [envelope]) });
        session.line.send(frame.subarray(0, frame.length - 20));
        const { status } = await endOfFailed(session.line.next());
        demand(status !== 'OK', '调用正常结束', 'the call ended as if nothing were wrong');
        return `${status}; ${await untouched(bench, envelope)}`;
      }),
  },
];

type Violate = (bench: Workbench, session: Session) => Promise<Written | undefined> | undefined;

/** @param violate does it; returns an envelope that must still be possible afterwards, if there is one */
function violation(id: string, clause: string, title: Words, violate: Violate): ConformanceCheck {
  return {
    id,
    clause,
    negative: true,
    title,
    run: (bench) =>
      bench.inSession(async (session) => {
        const envelope = await violate(bench, session);
        await demandCallFails(session.line.next(), 'PROTOCOL_VIOLATION');
        if (envelope) return untouched(bench, envelope);
        return say('调用以 PROTOCOL_VIOLATION 结束', 'the call ended with PROTOCOL_VIOLATION');
      }),
  };
}

/** An honest envelope takes the id and the number, on another stream. */
async function untouched(bench: Workbench, envelope: Written): Promise<string> {
  await bench.inSession((session) => demandFree(bench, session, envelope));
  return say('调用已结束;编号与序号仍可使用', 'the call ended; the id and the number were still free');
}
