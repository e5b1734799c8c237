import { describe, expect, it } from 'vitest';
import { CodedError } from '#proto';
import { type Finding, readFinding, writeFinding } from './finding.ts';
import { fuzz } from './fuzz.ts';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';
import type { Target } from './target.ts';
import { offlineTargets } from './targets.ts';

const refuses = () => {
  throw new CodedError('MALFORMED');
};

/** Feeds targets with so many inputs, and tells what came of it. */
async function run(targets: readonly Target[], inputs: number, heap?: () => number) {
  const findings: Finding[] = [];
  const reports = await fuzz({
    targets,
    random: new Random(42),
    goOn: (fed) => fed < inputs,
    progress: (fed) => fed / inputs,
    ...(heap && { heap }),
    onFinding: (finding) => void findings.push(finding),
  });
  return { reports, findings };
}

function target(take: Target['take'], seeds: Target['seeds'] = [Buffer.from('seed')]): Target {
  return { name: 'a target', seeds, take };
}

describe('what a gateway takes from others', () => {
  it('crashes on nothing, hangs on nothing and believes nothing that nobody signed', async () => {
    const targets = await offlineTargets();
    const { reports, findings } = await run(targets, targets.length * 192);
    expect(findings).toEqual([]);
    expect(reports.filter(({ inputs }) => inputs < 192)).toEqual([]);
    // Bundles are reported about and never refused.
    const refusing = reports.filter(({ name }) => !name.startsWith('evidence'));
    expect(refusing.filter(({ accepted, inputs }) => accepted === inputs)).toEqual([]);
  });

  it('takes what was recorded, so that something is changed that would have been believed', async () => {
    const facts: number[] = [];
    for (const { name, seeds, take } of await offlineTargets())
      if (!/^[A-Z]/.test(name)) for (const seed of seeds) facts.push((await take(seed)).length);
    expect(facts.length).toBeGreaterThan(30);
    expect(Math.min(...facts)).toBeGreaterThan(0);
  });
});

describe('the fuzzer finds', () => {
  it('an error without a code, with the input that leads to it, and leaves the target alone after five', async () => {
    const broken = target((input) => {
      if ((input as Buffer).length > 4) throw new TypeError('cannot read');
      return refuses();
    });
    const { findings, reports } = await run([broken], 10_000);
    expect(findings).toHaveLength(5);
    expect(findings[0]).toMatchObject({ target: 'a target', kind: 'crash', detail: expect.stringContaining('cannot') });
    expect((findings[0]!.input as Buffer).length).toBeGreaterThan(4);
    expect(reports[0]!.inputs).toBeLessThan(10_000);
  });

  it('what is believed and no seed tells', async () => {
    const { findings } = await run([target((input) => [String(input)])], 64);
    expect(findings[0]).toMatchObject({ kind: 'forged' });
  });

  it('an input that takes more than a second', async () => {
    let left = 1;
    const slow = target((input) => {
      if (String(input) === 'seed' || left === 0) return [];
      left -= 1;
      for (const end = performance.now() + 1050; performance.now() < end; );
      return refuses();
    });
    const { findings, reports } = await run([slow], 64);
    expect(findings).toMatchObject([{ kind: 'slow' }]);
    expect(reports[0]!.slowestMs).toBeGreaterThan(1000);
  });

  it('memory that grows', async () => {
    const used = [0, 65 * 1024 * 1024];
    const { findings } = await run([target(refuses)], 640, () => used.shift()!);
    expect(findings).toMatchObject([{ kind: 'memory', detail: 'the heap grew by 65 MiB' }]);
  });
});

it('feeds the same inputs for the same seed, and others for another', () => {
  const seed = { text: 'eyJhIjoxfQ.eyJiIjoyfQ.AAAA', bytes: Buffer.from('bytes'), number: 7, list: ['a', 'b'] };
  const inputs = (of: number) => {
    const random = new Random(of);
    return Array.from({ length: 200 }, () => mutate(random, seed, seed));
  };
  expect(inputs(1)).toEqual(inputs(1));
  expect(inputs(1)).not.toEqual(inputs(2));
  expect(new Set(inputs(1).map((input) => JSON.stringify(input))).size).toBeGreaterThan(100);
});

it('writes a finding down as it can be read again', () => {
  const input = { bytes: Buffer.from([0, 255]), list: ['文字', 1.5], text: '{"hex":"00"}' };
  const finding: Finding = { target: 'a target', kind: 'crash', detail: 'why', input };
  expect(readFinding(writeFinding(finding))).toEqual(finding);
});
