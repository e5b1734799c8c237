import { CodedError } from '#proto';
import { connect } from '../client.ts';
import { type Finding, fine, warning, wrong, wrongBecause } from './finding.ts';
import { judgeValidity } from './validity.ts';

interface Peer {
  readonly region: string;
  readonly name: string;
  readonly endpoint: string;
  readonly expiresAt: number;
  readonly connected: boolean;
  readonly pending: number;
}

const ASK_PEER = {
  zh: '向对端索取新声明并用 tongban peer add 登记',
  en: 'ask the peer for a new statement and pin it with tongban peer add',
};

/** Whether the gateway answers, and how it stands with each peer. */
export async function checkRunning(folder: string, clock: { now(): number }): Promise<Finding[]> {
  try {
    const client = await connect(folder, clock);
    const { peers } = await client.get<{ peers: Peer[] }>('/v1/peers');
    const answers = fine('gateway', '网关在运行并应答', 'the gateway is running and answers');
    return [answers, ...(await readiness(client)), ...peers.flatMap((peer) => judgePeer(peer, clock.now()))];
  } catch (error) {
    return [wrongBecause('gateway', '网关没有应答', error)];
  }
}

async function readiness(client: Awaited<ReturnType<typeof connect>>): Promise<Finding[]> {
  try {
    await client.get('/readyz');
    return [];
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return [wrong('gateway', '网关在运行但尚未就绪;见日志', 'the gateway runs but is not ready; see its log')];
  }
}

function judgePeer({ region, name, endpoint, expiresAt, connected, pending }: Peer, now: number): Finding[] {
  const what = `peer ${region}`;
  const who = `${region} ${name}`;
  const validity = judgeValidity(
    { what, zh: `对端 ${who} 的声明`, en: `the statement of ${who}`, notAfter: expiresAt, remedy: ASK_PEER },
    now,
  );
  return [judgeConnection(what, who, endpoint, connected, pending), validity];
}

function judgeConnection(what: string, who: string, endpoint: string, connected: boolean, pending: number): Finding {
  if (connected) return fine(what, `已连接 ${who}`, `connected to ${who}`);
  const check = {
    zh: `请检查网络和 ${endpoint},并确认对端已登记本地区`,
    en: `check the network and ${endpoint}, and that the peer has pinned this region`,
  };
  if (pending > 0)
    return wrong(
      what,
      `未连接 ${who},${pending} 件报文待发;${check.zh}`,
      `no connection to ${who}, ${pending} envelopes wait; ${check.en}`,
    );
  return warning(what, `未连接 ${who},没有待发报文;${check.zh}`, `no connection to ${who}, nothing waits; ${check.en}`);
}
