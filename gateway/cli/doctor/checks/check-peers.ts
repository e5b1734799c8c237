import { CodedError } from '#proto';
import type { FaultReport, ProbeReport } from '../../../standing/peer-probe.ts';
import { type GatewayClient, path } from '../../client.ts';
import { type Finding, fine, type Remedy, skipped, warning, wrong } from '../finding.ts';

interface Peer {
  readonly region: string;
  readonly name: string;
}

/** Probes under way at once: each may take half a minute. */
const AT_ONCE = 8;
/** Milliseconds of offset at which somebody should look: a fifth of what peers tolerate. */
const OFFSET_WARNING_MS = 60_000;

const CLOCK: Remedy = {
  zh: '核对两边时钟和 NTP(timedatectl);相差超过 5 分钟时报文会全部被拒收',
  en: 'check both clocks and NTP (timedatectl); beyond five minutes everything is refused',
  page: 'clock',
};

/** Lets the running gateway try the whole way to each peer, as its own traffic goes. */
export async function checkPeers(client: GatewayClient): Promise<Finding[]> {
  const { peers } = await client.get<{ peers: Peer[] }>('/v1/peers');
  if (peers.length === 0) return [skipped('peers', { zh: '尚未登记对端', en: 'no peer is pinned yet' })];
  const findings: Finding[][] = peers.map(() => []);
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < peers.length; at = next++) findings[at] = await checkPeer(client, peers[at]!);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return findings.flat();
}

async function checkPeer(client: GatewayClient, { region, name }: Peer): Promise<Finding[]> {
  const what = `peer ${region}`;
  try {
    return judgeProbe(await client.post<ProbeReport>(path`/v1/peers/${region}/probe`));
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const words = {
      zh: `没能探测对端 ${region} ${name}(${error.code})`,
      en: `${region} ${name} could not be probed: ${error.code} ${error.message}`,
    };
    return [wrong(what, words, { zh: '看网关日志', en: 'see the log of the gateway', page: 'peer-unreachable' })];
  }
}

/** What a probe says, in words: the way that works, or where it ends and what to do. */
export function judgeProbe(report: ProbeReport): Finding[] {
  const { region, name, fault } = report;
  const who = `${region} ${name}`;
  const what = `peer ${region}`;
  const way = fault ? stuck(what, who, report, fault) : works(what, who, report);
  return [way, ...judgeStatements(what, who, report), ...judgeOffset(what, who, report)];
}

function works(what: string, who: string, { contact, echo }: ProbeReport): Finding {
  return fine(what, {
    zh: `对端 ${who} 全程畅通:${contact!.protocol} 握手 ${contact!.handshakeMs} 毫秒,签名回执 ${echo!.roundTripMs} 毫秒`,
    en: `the whole way to ${who} works: ${contact!.protocol} in ${contact!.handshakeMs} ms, a signed receipt in ${echo!.roundTripMs} ms`,
  });
}

function stuck(what: string, who: string, { endpoint, waiting }: ProbeReport, fault: FaultReport): Finding {
  const { is, todo, page, code } = fault;
  const pending =
    waiting > 0 ? { zh: `;${waiting} 件报文待发`, en: `; envelopes waiting: ${waiting}` } : { zh: '', en: '' };
  return wrong(
    what,
    {
      zh: `对端 ${who} 不通(${endpoint}):${is.zh};代码 ${code}${pending.zh}`,
      en: `no way to ${who} (${endpoint}): ${is.en}; code ${code}${pending.en}`,
    },
    { ...todo, page },
  );
}

function judgeStatements(what: string, who: string, { statements }: ProbeReport): Finding[] {
  if (!statements) return [];
  const { ours, oursHeldThere, theirs, theirsHeldHere } = statements;
  const findings: Finding[] = [];
  if (oursHeldThere < ours)
    findings.push(
      warning(
        what,
        {
          zh: `对端 ${who} 登记的本地区声明是第 ${oursHeldThere} 号,最新的是第 ${ours} 号`,
          en: `${who} holds our statement ${oursHeldThere}, the newest is ${ours}`,
        },
        {
          zh: '一般几秒内自动送达;几分钟后仍如此,把新声明文件交给对端登记',
          en: 'it normally arrives by itself within seconds; if not after some minutes, give them the file to pin',
          page: 'statement-expiry',
        },
      ),
    );
  if (theirsHeldHere < theirs)
    findings.push(
      warning(
        what,
        {
          zh: `我们登记的 ${who} 声明是第 ${theirsHeldHere} 号,对端已有第 ${theirs} 号`,
          en: `we hold statement ${theirsHeldHere} of ${who}, which has ${theirs} already`,
        },
        {
          zh: '一般几秒内自动收到;几分钟后仍如此,向对端要新声明并登记',
          en: 'it normally arrives by itself within seconds; if not after some minutes, ask them for the file and pin it',
          page: 'statement-expiry',
        },
      ),
    );
  return findings;
}

function judgeOffset(what: string, who: string, { clock }: ProbeReport): Finding[] {
  if (!clock || Math.abs(clock.offsetMs) - clock.withinMs < OFFSET_WARNING_MS) return [];
  const seconds = Math.round(Math.abs(clock.offsetMs) / 1000);
  const ahead = clock.offsetMs > 0;
  return [
    warning(
      what,
      {
        zh: `对端 ${who} 的时钟比本机${ahead ? '快' : '慢'}约 ${seconds} 秒`,
        en: `the clock of ${who} is about ${seconds} seconds ${ahead ? 'ahead of' : 'behind'} ours`,
      },
      CLOCK,
    ),
  ];
}
