import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Children } from '../children.ts';
import { startAgreedPair } from '../gateways/agreed-pair.ts';
import type { GatewayApi } from '../gateways/gateway-api.ts';
import { askProgram } from '../gateways/gateway-process.ts';
import { percentile } from '../statistics.ts';
import { type Asked, type Question, questionsOf, type Samples } from './questions.ts';
import { measureSubmits } from './submits.ts';

/** How much is measured. */
export interface CasesEffort {
  /** Cases that lie in the store. */
  readonly cases: number;
  /** Times that each question is asked. */
  readonly asks: number;
  /** Cases that are submitted, one after the other. */
  readonly submits: number;
}

/** How long something took, in milliseconds, and how long it may take in the middle. */
export interface CaseFigure {
  readonly name: string;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly target_ms: number;
  readonly is_met: boolean;
}

/** What came out. */
export interface CaseFigures {
  readonly cases: number;
  readonly store: string;
  readonly fill_s: number;
  readonly figures: readonly CaseFigure[];
}

export interface MeasureCasesOptions {
  readonly effort: CasesEffort;
  /** Section `store` of the config of the gateway that is measured, as YAML; empty for its own SQLite file. */
  readonly store: string;
  /** Milliseconds. */
  readonly now: () => number;
  readonly say: (text: string) => void;
}

const FILL = fileURLToPath(new URL('../../../gateway/bench/fill-cases.ts', import.meta.url));
const LIST_TARGET_MS = 20;
const SUBMIT_TARGET_MS = 15;
/** Cases that one passes over to measure deep pages, at most. */
const DEEP = 50_000;
const PAGE = 200;
/** Times that a question is asked before it is measured. */
const WARM_UP = 3;

/** Fills the store of a gateway with cases, and measures over its API how long it takes to find some and to submit more. */
export async function measureCases(
  children: Children,
  folder: string,
  { effort, store, now, say }: MeasureCasesOptions,
): Promise<CaseFigures> {
  const began = performance.now();
  let samples: Samples | undefined;
  let filled = began;
  const { receiving } = await startAgreedPair(children, folder, now(), async (gateway) => {
    if (store !== '') await useStore(join(gateway, 'gateway.yaml'), store);
    say(`写入 ${effort.cases} 件办件 / ${effort.cases} cases are filled in`);
    samples = await askProgram<Samples>(children, FILL, ['--gateway', gateway, '--cases', String(effort.cases)]);
    filled = performance.now();
  });
  const figures: CaseFigure[] = [];
  const keep = (name: string, target: number, latencies: readonly number[]) => {
    figures.push(figureOf(name, target, latencies));
    say(`${name}: ${figures.at(-1)!.p50_ms} ms`);
  };
  for (const question of questionsOf(samples!, now(), Math.min(DEEP, effort.cases / 2)))
    keep(question.name, LIST_TARGET_MS, await measureQuestion(receiving, question, effort.asks));
  const { plain, withMaterials } = await measureSubmits(receiving, effort.submits);
  keep('提交 submit, no materials', SUBMIT_TARGET_MS, plain);
  keep('提交 submit, 5 materials', SUBMIT_TARGET_MS, withMaterials);
  return {
    cases: effort.cases,
    store: store === '' ? 'sqlite' : 'postgres',
    fill_s: Math.round((filled - began) / 1000),
    figures,
  };
}

/** Puts another section `store` into a config. */
async function useStore(file: string, section: string): Promise<void> {
  const config = await readFile(file, 'utf8');
  await writeFile(
    file,
    config.replace(/^store:\n(?:[ ].*\n)*/m, () => `${section.trim()}\n`),
  );
}

/** @returns milliseconds of each request */
async function measureQuestion(api: GatewayApi, { ask, behind }: Question, asks: number): Promise<number[]> {
  const from = behind === undefined ? undefined : await passOver(api, ask(0), behind);
  const latencies: number[] = [];
  let cursor = from;
  for (let n = -WARM_UP; n < asks; n += 1) {
    const start = performance.now();
    const { next } = await request(api, ask(Math.max(0, n)), cursor === undefined ? {} : { cursor });
    if (n >= 0) latencies.push(performance.now() - start);
    // Deep pages follow one another; at the end of the list they begin anew.
    if (behind !== undefined) cursor = next ?? from;
  }
  return latencies;
}

/** @returns the cursor behind so many cases, or where the last page begins */
async function passOver(api: GatewayApi, asked: Asked, count: number): Promise<string | undefined> {
  let cursor: string | undefined;
  for (let passed = 0; passed < count; passed += PAGE) {
    const { next } = await request(api, asked, { limit: String(PAGE), ...(cursor !== undefined && { cursor }) });
    if (next === undefined) return cursor;
    cursor = next;
  }
  return cursor;
}

function request(
  api: GatewayApi,
  asked: Asked,
  page: Readonly<Record<string, string>>,
): Promise<{ readonly next?: string }> {
  if ('search' in asked) return api.post('/v1/cases/search', { ...asked.search, ...page });
  return api.get(`/v1/cases?${new URLSearchParams({ ...asked.list, ...page })}`);
}

function figureOf(name: string, target_ms: number, latencies: readonly number[]): CaseFigure {
  const p50 = percentile(latencies, 0.5);
  const round = (value: number) => Number(value.toFixed(2));
  return { name, p50_ms: round(p50), p95_ms: round(percentile(latencies, 0.95)), target_ms, is_met: p50 < target_ms };
}
