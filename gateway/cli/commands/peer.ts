import type { Command } from 'commander';
import { CodedError } from '#proto';
import { connect, type GatewayClient, path } from '../client.ts';
import { type Answer, type Cli, handle } from '../command.ts';
import { chinaTime, pairs, plain, table } from '../format.ts';
import { readStatementText } from '../gateway-folder.ts';
import { type GatewayOptions, gatewayOption, wholeNumber } from '../options.ts';

interface Peer {
  readonly region: string;
  readonly name: string;
  readonly fingerprint: string;
  readonly serial: number;
  readonly endpoint: string;
  readonly expiresAt: number;
  readonly connected: boolean;
  readonly pending: number;
}

interface SentEnvelope {
  readonly id: string;
  readonly state: 'pending' | 'accepted' | 'rejected' | 'expired' | 'dead' | 'dropped';
  readonly code: string;
  readonly sentAt: number;
  readonly settledAt: number | null;
}

interface RepinOptions extends GatewayOptions {
  readonly fingerprint: string;
  readonly reason: string;
}

interface PingOptions extends GatewayOptions {
  readonly wait?: boolean;
  readonly timeout: number;
  readonly note?: string;
}

const POLL_MS = 100;

/** `tongban peer`: the regions that this gateway knows. */
export function define(command: Command, cli: Cli): void {
  const add = command.command('add').description('登记对端声明 / pin the statement of a region');
  add.argument('<file>', '对端声明文件 / statement of the peer');
  add.requiredOption('--fingerprint <hex>', '与对端核对过的指纹 / fingerprint as compared with its operator');
  handle<GatewayOptions & { fingerprint: string }>(gatewayOption(add), cli, async ({ gateway, fingerprint }, file) => {
    const statement = await readStatementText(file!);
    const peer = await (await connect(gateway, cli)).post<Peer>('/v1/peers', { statement, fingerprint });
    return { json: peer, text: `已登记 / pinned: ${plain(`${peer.region} ${peer.name}`)}\n${details(peer)}` };
  });

  const list = command.command('list').description('列出对端 / list the peers');
  handle<GatewayOptions>(gatewayOption(list), cli, async ({ gateway }) => {
    const json = await (await connect(gateway, cli)).get<{ peers: Peer[] }>('/v1/peers');
    return { json, text: peerTable(json.peers) };
  });

  const remove = command.command('remove').description('取消登记 / forget a peer');
  remove.argument('<region>', '行政区划代码 / region code');
  handle<GatewayOptions>(gatewayOption(remove), cli, async ({ gateway }, region) => {
    await (await connect(gateway, cli)).delete(path`/v1/peers/${region!}`);
    return { json: { removed: region }, text: `已取消 / removed: ${plain(region)}\n` };
  });

  const repin = command.command('repin').description('登记对端的新身份密钥 / pin another identity key of a peer');
  repin.argument('<region>', '行政区划代码 / region code');
  repin.argument('<file>', '由新身份密钥签署的声明 / statement signed by the new identity key');
  repin.requiredOption('--fingerprint <hex>', '与对端核对过的新指纹 / new fingerprint as compared with its operator');
  repin.requiredOption('--reason <text>', '事由,长期留存 / why; it is kept');
  handle<RepinOptions>(gatewayOption(repin), cli, async ({ gateway, fingerprint, reason }, region, file) => {
    const statement = await readStatementText(file!);
    const client = await connect(gateway, cli);
    const peer = await client.post<Peer>(path`/v1/peers/${region!}/repin`, { statement, fingerprint, reason });
    return { json: peer, text: `已重新登记 / pinned anew: ${plain(`${peer.region} ${peer.name}`)}\n${details(peer)}` };
  });

  const ping = command.command('ping').description('发送一条测试报文 / send a test envelope');
  ping.argument('<region>', '行政区划代码 / region code');
  ping.option('--note <text>', '附言 / note');
  ping.option('--wait', '等待回执 / wait for the receipt');
  ping.option('--timeout <seconds>', '最长等待秒数 / wait no longer than', wholeNumber(1, 3600), 30);
  handle<PingOptions>(gatewayOption(ping), cli, async (options, region) => sendPing(options, region!, cli));
}

async function sendPing({ gateway, wait, timeout, note }: PingOptions, region: string, cli: Cli): Promise<Answer> {
  const client = await connect(gateway, cli);
  const body = note === undefined ? {} : { note };
  const { envelope } = await client.post<{ envelope: string }>(path`/v1/peers/${region}/ping`, body);
  if (!wait) return { json: { envelope }, text: `已发送 / sent: ${plain(envelope)}\n` };
  const settled = await settledEnvelope(client, envelope, cli.clock.now() + timeout * 1000, cli.clock);
  const ms = settled.settledAt === null ? undefined : settled.settledAt - settled.sentAt;
  return {
    json: settled,
    text: pairs([
      ['报文 Envelope', settled.id],
      ['结果 State', settled.state],
      ['代码 Code', settled.code],
      ['用时 Took', ms === undefined ? undefined : `${ms} ms`],
    ]),
    exit: settled.state === 'accepted' ? 0 : 1,
  };
}

async function settledEnvelope(
  client: GatewayClient,
  id: string,
  until: number,
  clock: Cli['clock'],
): Promise<SentEnvelope> {
  for (;;) {
    const envelope = await client.get<SentEnvelope>(path`/v1/envelopes/${id}`);
    if (envelope.state !== 'pending') return envelope;
    if (clock.now() >= until)
      throw new CodedError('PEER_UNREACHABLE', `no receipt yet for ${id}; the gateway keeps trying`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function peerTable(peers: readonly Peer[]): string {
  return table(
    [
      '地区 Region',
      '名称 Name',
      '连接 Up',
      '待发 Waiting',
      '序号 Serial',
      '有效期至 Until',
      '地址 Endpoint',
      '指纹 Fingerprint',
    ],
    peers.map(({ region, name, connected, pending, serial, expiresAt, endpoint, fingerprint }) => {
      return [
        region,
        name,
        connected ? '是 yes' : '否 no',
        pending,
        serial,
        chinaTime(expiresAt),
        endpoint,
        fingerprint,
      ];
    }),
    '尚未登记对端 / no peer is pinned',
  );
}

function details({ fingerprint, endpoint, serial, expiresAt }: Peer): string {
  return pairs([
    ['指纹 Fingerprint', fingerprint],
    ['地址 Endpoint', endpoint],
    ['序号 Serial', serial],
    ['有效期至 Until', chinaTime(expiresAt)],
  ]);
}
