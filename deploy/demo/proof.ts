import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, envelopeLeaf } from '#proto';
import { suiteOf } from '#trust';
import { makeEnvelope, type RawEnvelope, type Speaker, sendAlone, speakAs } from './attacker.ts';
import { call, statementOf, tongban, tongbanJson } from './region.ts';
import { APPLICANT, ITEM_OUTSIDE, type Scene, WINDOW } from './scene.ts';

interface Bundle {
  readonly envelopes: readonly {
    readonly header: string;
    readonly payload: string;
    readonly payload_salt: string;
    readonly receipt: { readonly body: string };
  }[];
}

/** Exports the evidence of the case, and lets a process that knows only the two statements verify it. */
export async function prove(scene: Scene): Promise<void> {
  const { nantong, uxin, conversation, evidenceFile } = scene;
  const bundle = await call<Bundle>(nantong, 'GET', `/v1/cases/${conversation}/evidence?purpose=demo`);
  await writeFile(evidenceFile, JSON.stringify(bundle));
  const statements = [nantong, uxin].map((region) => join(region.dir, 'statement.jwt'));
  const report = await tongbanJson<{ verified: boolean; envelopes: number; receipts: number }>(
    'evidence',
    'verify',
    evidenceFile,
    '--region',
    ...statements,
  );
  scene.evidenceVerified = report.verified;
  scene.envelopes = report.envelopes;
  scene.receipts = report.receipts;
  const altered = join(scene.dir, 'evidence-altered.json');
  await writeFile(
    altered,
    JSON.stringify(bundle).replace(/"payload":"(.)/, (_, first) => `"payload":"${first === 'A' ? 'B' : 'A'}`),
  );
  const { code } = await tongban('evidence', 'verify', altered, '--region', ...statements);
  if (code !== 1) throw new Error(`an altered bundle should fail with exit code 1, not ${code}`);
}

/** A repeat gets the very receipt of the first time; whatever is forged or out of place is refused. */
export async function attack(scene: Scene): Promise<void> {
  const { nantong, uxin, quanzhou, refused } = scene;
  const target = await statementOf(uxin);
  const [honest, stranger] = [await speakAs(nantong), await speakAs(quanzhou)];
  const thief = await speakAs(nantong, scene.oldKey);
  const own = { signer: honest.signer, name: nantong.code };
  const { envelope, receipt } = await firstSent(scene);
  const again = await sendAlone(honest, target, envelope, own);
  if (!again.receipt?.equals(receipt)) throw new Error('a repeat got another receipt than the first time');

  const ping = makeEnvelope(nantong.code, uxin.code, 'Ping', { note: 'demo' });
  const elsewhere = makeEnvelope(nantong.code, quanzhou.code, 'Ping', { note: 'demo' });
  const outside = makeEnvelope(nantong.code, uxin.code, 'CaseTransfer', outsidePayload(scene), await citation(scene));
  const altered = { ...ping, payload: Buffer.concat([ping.payload, Buffer.from([0x12, 0x00])]) };
  const attempts: readonly [string, Speaker, RawEnvelope, { signer: Speaker['signer']; name: string }, ErrorCode][] = [
    [
      '伪造签名的报文 / signed by another key',
      honest,
      ping,
      { signer: stranger.signer, name: nantong.code },
      'KEY_UNKNOWN',
    ],
    ['被改动的正文 / payload altered', honest, altered, own, 'PAYLOAD_MISMATCH'],
    ['经其他地区重放 / replayed through another peer', stranger, envelope, own, 'PEER_MISMATCH'],
    ['发给其他地区的报文 / addressed to another region', honest, elsewhere, own, 'WRONG_RECIPIENT'],
    [
      '以已吊销密钥签名 / signed by the revoked key',
      thief,
      makeEnvelope(nantong.code, uxin.code, 'Ping', { note: 'demo' }),
      { signer: thief.signer, name: nantong.code },
      'KEY_REVOKED',
    ],
    ['授权范围外的事项 / item outside the authorization', honest, outside, own, 'ITEM_NOT_COVERED'],
  ];
  for (const [what, speaker, sent, seal, expected] of attempts) {
    const { code } = await sendAlone(speaker, target, sent, seal);
    if (code !== expected) throw new Error(`${what}: expected ${expected}, got ${code || 'an acceptance'}`);
    refused.push({ what, code });
  }
}

/** The first envelope of the case that Nantong sent, as the evidence holds it. */
async function firstSent(scene: Scene): Promise<{ envelope: RawEnvelope; receipt: Buffer }> {
  const bundle = await call<Bundle>(scene.nantong, 'GET', `/v1/cases/${scene.conversation}/evidence?purpose=demo`);
  const first = bundle.envelopes[0]!;
  const header = Buffer.from(first.header, 'base64url');
  const envelope = {
    header,
    payload: Buffer.from(first.payload, 'base64url'),
    payloadSalt: Buffer.from(first.payload_salt, 'base64url'),
    leaf: envelopeLeaf(suiteOf('ES256').hash, header),
  };
  return { envelope, receipt: Buffer.from(first.receipt.body, 'base64url') };
}

async function citation(scene: Scene): Promise<{ id: string; digest: Buffer }> {
  const view = await call<{ digest: string }>(scene.nantong, 'GET', `/v1/authorizations/${scene.authorization}`);
  return { id: scene.authorization, digest: Buffer.from(view.digest, 'hex') };
}

function outsidePayload(scene: Scene): object {
  return {
    item: ITEM_OUTSIDE,
    mode: 'agency',
    caseNumber: `${scene.caseNumber}-X`,
    applicant: APPLICANT,
    form: {},
    materials: [],
    identityCheck: null,
    receiptNotice: '收X',
    receivedAt: Date.now(),
    handler: WINDOW,
  };
}
