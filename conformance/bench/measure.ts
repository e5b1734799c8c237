import { join } from 'node:path';
import {
  type CertificateEffort,
  type CertificateFigures,
  measureCertificateMemory,
  measureCertificates,
} from './certificates.ts';
import type { Children } from './children.ts';
import { startFloor } from './floor/floor.ts';
import { startAgreedPair } from './gateways/agreed-pair.ts';
import { measureExchange, measureIdleLatency } from './gateways/exchange.ts';
import { inFolder } from './in-folder.ts';
import { median, percentile } from './statistics.ts';

/** How much is measured. */
export interface Effort {
  readonly rounds: number;
  /** Seconds that new work comes in, in each part of a round. */
  readonly seconds: number;
  /** Cases submitted one at a time. */
  readonly samples: number;
  readonly certificates: CertificateEffort;
}

export const FULL: Effort = {
  rounds: 9,
  seconds: 5,
  samples: 200,
  certificates: { rounds: 9, partMs: 500, verifications: 1_000_000 },
};
/** At most three minutes. */
export const QUICK: Effort = {
  rounds: 5,
  seconds: 2,
  samples: 60,
  certificates: { rounds: 5, partMs: 100, verifications: 20_000 },
};

/** What came out: rates in envelopes a second, medians of the rounds; latencies in milliseconds. */
export interface Figures {
  readonly exchange_per_s: number;
  readonly floor_per_s: number;
  readonly one_by_one_per_s: number;
  readonly ratio_to_floor: number;
  readonly ratio_to_one_by_one: number;
  readonly idle_p50_ms: number;
  readonly idle_p99_ms: number;
  /** By suite. */
  readonly certificates: Readonly<Record<string, CertificateFigures>>;
  /** MiB that a process grows while it verifies certificates, 1,000,000 of them in a full run. */
  readonly certificate_growth_mib: number;
}

export interface MeasureOptions {
  readonly effort: Effort;
  /** Milliseconds. */
  readonly now: () => number;
  /** Told of every step. */
  readonly say: (text: string) => void;
  /** Ends the measuring; everything is cleaned up all the same. */
  readonly signal: AbortSignal;
}

/** Starts everything, measures in interleaved rounds, and leaves nothing behind. */
export function measure(options: MeasureOptions): Promise<Figures> {
  return inFolder(options.signal, (children, folder) => measureIn(folder, children, options));
}

async function measureIn(folder: string, children: Children, { effort, now, say }: MeasureOptions): Promise<Figures> {
  say('两个网关启动并互信 / two gateways start and agree');
  const { receiving } = await startAgreedPair(children, folder, now());
  const floor = await startFloor(children, join(folder, 'floor'));
  const parts = {
    exchange: () => measureExchange(receiving, effort.seconds),
    floor: () => floor('stream', effort.seconds),
    oneByOne: () => floor('one-by-one', effort.seconds),
  };
  const names = ['exchange', 'floor', 'oneByOne'] as const;
  // Code that never ran is slow: the first, short turn is not counted.
  await measureExchange(receiving, 1);
  await floor('stream', 1);
  await floor('one-by-one', 1);
  const latencies = await measureIdleLatency(receiving, effort.samples);
  const rates = { exchange: [] as number[], floor: [] as number[], oneByOne: [] as number[] };
  for (let round = 1; round <= effort.rounds; round += 1) {
    for (const name of names) rates[name].push(await parts[name]());
    const shown = names.map((name) => `${name} ${Math.round(rates[name].at(-1)!)}/s`).join(', ');
    say(`第 ${round}/${effort.rounds} 轮 / round: ${shown}`);
  }
  say('电子证照的签发与离线验证 / certificates are issued and verified');
  const certificates = await measureCertificates(effort.certificates, now());
  const growth = await measureCertificateMemory(effort.certificates, now());
  return { ...figures(rates, latencies), certificates, certificate_growth_mib: round(growth / 2 ** 20, 1) };
}

function figures(
  rates: Readonly<Record<'exchange' | 'floor' | 'oneByOne', readonly number[]>>,
  latencies: readonly number[],
): Omit<Figures, 'certificates' | 'certificate_growth_mib'> {
  const [exchange, floor, oneByOne] = [median(rates.exchange), median(rates.floor), median(rates.oneByOne)];
  return {
    exchange_per_s: round(exchange, 1),
    floor_per_s: round(floor, 1),
    one_by_one_per_s: round(oneByOne, 1),
    ratio_to_floor: round(exchange / floor, 3),
    ratio_to_one_by_one: round(exchange / oneByOne, 3),
    idle_p50_ms: round(percentile(latencies, 0.5), 2),
    idle_p99_ms: round(percentile(latencies, 0.99), 2),
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
