import { SAMPLE_TIME } from '../../../proto/testing/payload-samples.ts';
import { writeVolume } from '../../archive/write-volume.ts';
import type { SuiteName } from '../../suites.ts';
import { evidenceCase } from '../evidence-case.ts';

const PREVIOUS = 'c0'.repeat(32);

/** A volume of the archive with one case in it, and volumes that must be refused. */
export async function recordVolume(suite: SuiteName): Promise<object> {
  const { exporter, peer, text, input } = await evidenceCase(suite, 'handling');
  const { region, signing: signer } = exporter;
  const writer = { region, number: 3, previous: PREVIOUS, signer, now: () => SAMPLE_TIME };
  const evidence = {
    kind: 'case' as const,
    id: input.conversation,
    peer: peer.region,
    bundle: JSON.parse(text) as object,
  };
  const lines: string[] = [];
  for await (const line of writeVolume(writer, once(evidence))) lines.push(line.trimEnd());
  const [head, body, foot] = lines as [string, string, string];
  return {
    note: `Volume 3 of an archive (${suite}), unpacked: each of lines and a line feed. Those under bad fail with their code. Keys were thrown away.`,
    statements: [exporter.jwt, peer.jwt],
    lines,
    sealed: { region, number: 3, previous: PREVIOUS, entries: 1, openedAt: SAMPLE_TIME, closedAt: SAMPLE_TIME },
    bad: [
      {
        what: 'another number',
        lines: [head.replace('"number":3', '"number":4'), body, foot],
        code: 'ARCHIVE_INVALID',
      },
      { what: 'another volume before it', lines: [head.replace('c0c0', 'c0c1'), body, foot], code: 'ARCHIVE_INVALID' },
      { what: 'evidence that is missing', lines: [head, foot], code: 'ARCHIVE_INVALID' },
      { what: 'evidence twice', lines: [head, body, body, foot], code: 'ARCHIVE_INVALID' },
      { what: 'no seal', lines: [head, body], code: 'ARCHIVE_INVALID' },
      { what: 'a line behind the seal', lines: [head, body, foot, body], code: 'ARCHIVE_INVALID' },
      { what: 'a white space', lines: [head, body.replace('{', '{ '), foot], code: 'ARCHIVE_INVALID' },
      { what: 'a signature of nobody', lines: [head, body, withoutSignature(foot)], code: 'SIGNATURE_INVALID' },
    ],
  };
}

/** The same claims under a signature of zeros. */
function withoutSignature(foot: string): string {
  const { seal } = JSON.parse(foot) as { seal: string };
  const signature = Buffer.alloc(64).toString('base64url');
  return JSON.stringify({ seal: `${seal.slice(0, seal.lastIndexOf('.'))}.${signature}` });
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}
