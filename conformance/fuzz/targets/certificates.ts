import {
  type RegionStatement,
  readPaperCertificate,
  readStatusList,
  verifyCertificate,
  verifyStatement,
  verifyStatusList,
} from '#trust';
import { factsOf } from '../facts.ts';
import { recorded } from '../seeds.ts';
import type { Target } from '../target.ts';

interface CertificateVector {
  readonly now: number;
  readonly statement: string;
  readonly certificate: string;
  readonly presentation: string;
  readonly binding?: { readonly audience: string; readonly nonce: string; readonly maxAgeMs: number };
  readonly bound?: string;
  readonly copy?: string;
}

interface PaperVector {
  readonly now: number;
  readonly statement: string;
  readonly qr: string;
}

interface ListVector {
  readonly now: number;
  readonly statement: string;
  readonly issuer: string;
  readonly uri: string;
  readonly list: string;
}

/** Statements of regions, certificates on screen and on paper, and status lists, of every suite. */
export async function certificateTargets(): Promise<Target[]> {
  const flat = recorded<CertificateVector>('certificate');
  const nested = recorded<CertificateVector>('certificate-nested');
  return Promise.all([
    ofStatements(flat.map(({ statement }) => statement)),
    ...[...flat, ...nested].map(ofCertificates),
    ...nested.map(ofBinding),
    ...recorded<PaperVector>('paper').map(ofPaper),
    ...recorded<ListVector>('status-list').map(ofLists),
  ]);
}

async function ofStatements(seeds: readonly string[]): Promise<Target> {
  return { name: 'statement', seeds, take: async (input) => factsOf(await verifyStatement(input as string)) };
}

async function ofCertificates({ now, statement, certificate, presentation, copy }: CertificateVector): Promise<Target> {
  const region = await verifyStatement(statement);
  return {
    name: `certificate${copy === undefined ? '' : ' nested'} ${region.suites[0]}`,
    seeds: [certificate, presentation, ...(copy === undefined ? [] : [copy])],
    take: (input) => verified(input as string, region, now),
  };
}

/** Here the holder has to prove himself too. */
async function ofBinding({ now, statement, bound, binding }: CertificateVector): Promise<Target> {
  const region = await verifyStatement(statement);
  return {
    name: `certificate bound ${region.suites[0]}`,
    seeds: [bound!],
    take: (input) => {
      const judged = { statementOf: () => region, now, binding: binding! };
      return factsOf(verifyCertificate(input as string, judged).certificate);
    },
  };
}

async function ofPaper({ now, statement, qr }: PaperVector): Promise<Target> {
  const region = await verifyStatement(statement);
  return {
    name: `paper ${region.suites[0]}`,
    seeds: [qr],
    take: (input) => verified(readPaperCertificate(input as string), region, now),
  };
}

async function ofLists({ now, statement, issuer, uri, list }: ListVector): Promise<Target> {
  const region = await verifyStatement(statement);
  return {
    name: `status list ${region.suites[0]}`,
    seeds: [list],
    take: (input) => {
      readStatusList(input as string);
      const { bytes, ...rest } = verifyStatusList(input as string, { issuer, uri }, { statementOf: () => region, now });
      return factsOf({ ...rest, bytes: Buffer.from(bytes) });
    },
  };
}

/** Facts of a certificate; fewer where the holder keeps some back. */
function verified(text: string, region: RegionStatement, now: number): string[] {
  return factsOf(verifyCertificate(text, { statementOf: () => region, now }).certificate);
}
