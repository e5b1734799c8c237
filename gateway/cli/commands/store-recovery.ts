import type { Command } from 'commander';
import type { HeldReason } from '../../recovery/held-conversations.ts';
import type { PeerState, RecoveryState } from '../../recovery/recovery-table.ts';
import { connect, path } from '../client.ts';
import { type Cli, handle } from '../command.ts';
import { chinaTime, pairs, table } from '../format.ts';
import { type GatewayOptions, gatewayOption } from '../options.ts';

interface Overview {
  readonly state: RecoveryState | 'none';
  readonly since?: number;
  readonly knownUntil?: number;
  readonly peers: readonly {
    readonly region: string;
    readonly state: PeerState;
    readonly own: number;
    readonly theirs: number;
    readonly aside: number;
    readonly code: string;
    readonly updatedAt: number;
  }[];
  readonly held: readonly {
    readonly conversation: string;
    readonly peer: string;
    readonly reason: HeldReason;
    readonly code: string;
    readonly type: string;
    readonly notedAt: number;
  }[];
  readonly heldCount: number;
}

const STATES: Readonly<Record<Overview['state'], string>> = {
  none: '未曾恢复 never restored',
  marked: '已恢复,尚未启动 restored, not started yet',
  recovering: '已恢复,向对端补齐 restored; peers give back what was lost',
  'put-back': '数据库早于对端所见,已停止收发 OLDER THAN WHAT PEERS HAVE SEEN: nothing is exchanged',
};
const PEER_STATES: Readonly<Record<PeerState, string>> = {
  waiting: '待补齐 waiting',
  skipped: '不等待 skipped',
  done: '已补齐 done',
};
const REASONS: Readonly<Record<HeldReason, string>> = {
  'own-act': '我方行为丢失 an act of ours is lost',
  'their-act': '对方行为无法重做 an act of theirs could not be done again',
  gap: '中间有缺 something before it is missing',
  unverified: '补回而无法核验 what came back could not be verified',
  'number-twice': '序号被用两次 a number was used twice',
};

/** `tongban store recovery`: how a restore stands, and what people decide about it. */
export function defineRecovery(command: Command, cli: Cli): void {
  const recovery = command
    .command('recovery')
    .description('恢复后向对端补齐的情况(网关须运行) / what peers gave back after a restore');
  const show = recovery.command('show', { isDefault: true }).description('查看 / how it stands');
  handle<GatewayOptions>(gatewayOption(show), cli, async ({ gateway }) => {
    const json = await (await connect(gateway, cli)).get<Overview>('/v1/recovery');
    return { json, text: overviewText(json) };
  });

  const skip = recovery.command('skip').description('不等待一个对端,只可与其开始新会话 / do not wait for a peer');
  skip.argument('<region>', '对端地区代码 / region code of the peer');
  decide(skip, cli, (region) => path`/v1/recovery/peers/${region}/skip`);

  const release = recovery.command('release').description('已核对,放行一个会话 / somebody looked: let it go on');
  release.argument('<conversation>', '会话号 / conversation');
  decide(release, cli, (conversation) => path`/v1/recovery/conversations/${conversation}/release`);
}

function decide(command: Command, cli: Cli, where: (argument: string) => string): void {
  command.requiredOption('--reason <text>', '事由,长期留存 / why; it is kept');
  handle<GatewayOptions & { reason: string }>(gatewayOption(command), cli, async ({ gateway, reason }, argument) => {
    const json = await (await connect(gateway, cli)).post<Overview>(where(argument!), { reason });
    return { json, text: overviewText(json) };
  });
}

function overviewText({ state, since, knownUntil, peers, held, heldCount }: Overview): string {
  const parts = [
    pairs([
      ['情况 State', STATES[state]],
      ['自 Since', since === undefined ? undefined : chinaTime(since)],
      ['备份至 Backup knew until', knownUntil === undefined ? undefined : chinaTime(knownUntil)],
      ['待核对会话 Conversations to look at', heldCount],
    ]),
  ];
  if (peers.length > 0)
    parts.push(
      table(
        ['对端 Peer', '情况 State', '补回我方 Ours', '补回对方 Theirs', '无法核验 Unverified', '代码 Code', '时间 At'],
        peers.map((peer) => [
          peer.region,
          PEER_STATES[peer.state],
          peer.own,
          peer.theirs,
          peer.aside,
          peer.code,
          chinaTime(peer.updatedAt),
        ]),
        '',
      ),
    );
  if (held.length > 0)
    parts.push(
      table(
        ['会话 Conversation', '对端 Peer', '原因 Reason', '类型 Type', '代码 Code', '时间 At'],
        held.map((one) => [
          one.conversation,
          one.peer,
          REASONS[one.reason],
          one.type,
          one.code,
          chinaTime(one.notedAt),
        ]),
        '',
      ),
    );
  return parts.join('\n');
}
