import type { Command } from 'commander';
import { CodedError } from '#proto';
import { FREE_NOTES } from '../../case/notes/notes.ts';
import { type CaseView, caseText, type Outcome, outcomeTable, type Progress, progressText } from '../case-text.ts';
import {
  type CaseEvent,
  type Deed,
  deedText,
  type EnvelopeState,
  type Holding,
  holdingText,
  traceText,
} from '../case-trace.ts';
import { connect, type GatewayClient, path } from '../client.ts';
import { type Answer, type Cli, handle } from '../command.ts';
import { readJson } from '../files.ts';
import { nextPage } from '../format.ts';
import {
  type GatewayOptions,
  gatewayOption,
  type PageOptions,
  type PurposeOptions,
  pageOptions,
  purposeOption,
  purposeQuery,
} from '../options.ts';
import { defineCaseList } from './case-list.ts';
import { definePapers } from './case-papers.ts';
import { definePersonal } from './case-personal.ts';
import { defineBundleCase, defineJoint } from './joint-case.ts';

const INPUT = "办件 JSON,'-' 为标准输入 / the case as JSON, '-' for the standard input";
const KEY = '办件编号或会话标识 / number or conversation of the case';

/** `tongban case`: what a window does. */
export function define(command: Command, cli: Cli): void {
  opening(
    command,
    cli,
    'submit',
    '登记并直接移交(无材料的办件) / open a case without materials and hand it over',
    '/v1/cases/submit',
  );
  opening(command, cli, 'create', '登记办件,随后添加材料 / open a case; materials follow', '/v1/cases');

  const show = command.command('show').description('查看办件 / show a case');
  show.argument('<key>', KEY);
  handle<GatewayOptions & PurposeOptions>(purposeOption(gatewayOption(show)), cli, async (options, key) => {
    const url = path`/v1/cases/${key!}` + purposeQuery(options);
    return caseAnswer(await (await connect(options.gateway, cli)).get<CaseView>(url));
  });

  defineCaseList(command, cli);

  const progress = command.command('progress').description('凭查询码查询进度 / how far a case is, by its query code');
  progress.argument('<code>', '查询码 / query code');
  handle<GatewayOptions>(gatewayOption(progress), cli, async ({ gateway }, code) => {
    const client = await connect(gateway, cli);
    const json = await client.get<Progress>(path`/v1/progress/${code!}`);
    return { json, text: progressText(json) };
  });

  const outcomes = command
    .command('outcomes')
    .description('外地直接办结告知 / cases of our people that other regions decided');
  handle<GatewayOptions & PageOptions>(
    pageOptions(gatewayOption(outcomes)),
    cli,
    async ({ gateway, limit, cursor }) => {
      const client = await connect(gateway, cli);
      const json = await client.get<{ outcomes: Outcome[]; next?: string }>('/v1/direct-outcomes', { limit, cursor });
      return { json, text: outcomeTable(json.outcomes) + nextPage(json.next) };
    },
  );

  const act = command.command('act').description('办理一步 / act on a case, such as accept, transfer, issue');
  act.argument('<key>', KEY).argument('<act>', '动作(见 case show 的“可办”) / one of the acts that case show allows');
  act.option('--data <json>', "动作的内容:文件、'-' 或 JSON / its data: a file, '-' or JSON itself", '{}');
  handle<GatewayOptions & { data: string }>(gatewayOption(act), cli, async ({ gateway, data }, key, name) => {
    const body = { act: name, data: await readJson(data, '--data', cli.stdin) };
    const client = await connect(gateway, cli);
    return caseAnswer(await client.post<CaseView>(path`/v1/cases/${key!}/acts`, body));
  });

  const note = command
    .command('note')
    .description('随件登记(寄送、签收等) / note something with a case; its state stays');
  note.argument('<key>', KEY).argument('<kind>', `种类 / kind: ${FREE_NOTES.join(', ')}`);
  note.requiredOption('--data <json>', "内容:文件、'-' 或 JSON / its data: a file, '-' or JSON itself");
  handle<GatewayOptions & { data: string }>(gatewayOption(note), cli, async ({ gateway, data }, key, kind) => {
    const body = { note: kind, data: await readJson(data, '--data', cli.stdin) };
    const client = await connect(gateway, cli);
    return caseAnswer(await client.post<CaseView>(path`/v1/cases/${key!}/notes`, body));
  });

  const credit = command
    .command('credit-check')
    .description('信用核查 / ask the credit platform about the applicant, and keep what it says');
  credit.argument('<key>', KEY);
  credit.requiredOption('--data <json>', "经办:文件、'-' 或 JSON / who asks: a file, '-' or JSON itself");
  handle<GatewayOptions & { data: string }>(gatewayOption(credit), cli, async ({ gateway, data }, key) => {
    const body = await readJson(data, '--data', cli.stdin);
    const client = await connect(gateway, cli);
    return caseAnswer(await client.post<CaseView>(path`/v1/cases/${key!}/credit-check`, body));
  });

  definePersonal(command, cli);
  definePapers(command, cli);

  const trace = command
    .command('trace')
    .description('办件经过:事件、报文与回执 / what happened, with envelopes and receipts');
  trace.argument('<key>', KEY);
  handle<GatewayOptions>(gatewayOption(trace), cli, async ({ gateway }, key) =>
    traceAnswer(await connect(gateway, cli), key!),
  );

  defineJoint(command, cli);
  defineBundleCase(command, cli);
}

function opening(command: Command, cli: Cli, name: string, description: string, url: string): void {
  const open = command.command(name).description(description);
  open.argument('<file>', INPUT);
  handle<GatewayOptions>(gatewayOption(open), cli, async ({ gateway }, file) => {
    const input = await readJson(file!, 'the case', cli.stdin);
    return caseAnswer(await (await connect(gateway, cli)).post<CaseView>(url, input));
  });
}

function caseAnswer(view: CaseView): Answer {
  return { json: view, text: caseText(view) };
}

async function traceAnswer(client: GatewayClient, key: string): Promise<Answer> {
  const view = await client.get<CaseView>(path`/v1/cases/${key}`);
  const { events } = await client.get<{ events: CaseEvent[] }>(path`/v1/cases/${key}/events`);
  const { holdings, deeds } = await client.get<{ holdings: Holding[]; deeds: Deed[] }>(path`/v1/cases/${key}/trace`);
  const envelopes: EnvelopeState[] = [];
  for (const { envelope } of events) if (envelope) envelopes.push(...(await sentEnvelope(client, envelope)));
  const { conversation, number, state } = view;
  return {
    json: { conversation, number, state, events, envelopes, holdings, deeds },
    text: `${traceText(view, events, envelopes)}\n${holdingText(holdings)}\n${deedText(deeds)}`,
  };
}

/** None when the envelope is one that we received: its receipt is the event itself. */
async function sentEnvelope(client: GatewayClient, id: string): Promise<EnvelopeState[]> {
  try {
    return [await client.get<EnvelopeState>(path`/v1/envelopes/${id}`)];
  } catch (error) {
    if (error instanceof CodedError && error.code === 'NOT_FOUND') return [];
    throw error;
  }
}
