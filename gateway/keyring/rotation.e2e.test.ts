import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { type messages, typeName } from '#proto';
import {
  fixEnvelope,
  issueOwnStatement,
  type KeyInfo,
  openFileKeyStore,
  readJws,
  revokeKey,
  rotateKey,
  type Signer,
  sealEnvelopes,
  spkiOf,
} from '#trust';
import { statementFile } from '../config/config.ts';
import { verifyLog } from '../evidence/verify-log.ts';
import { encodePayload } from '../outbound/outbox.ts';
import { type ExchangeStream, PeerClient } from '../outbound/peer-client.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  TEST_PASSPHRASE,
  until,
} from '../testing/live-region.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const NANTONG = '320600';
const UXIN = '150626';

const open: LiveRegion[] = [];
const folders: string[] = [];

async function region(code: string): Promise<LiveRegion> {
  const folder = await makeRegionFolder(code);
  folders.push(folder);
  const live = await openLiveRegion(folder);
  open.push(live);
  return live;
}

async function pair(): Promise<[LiveRegion, LiveRegion]> {
  const [nantong, uxin] = [await region(NANTONG), await region(UXIN)];
  await pinEachOther(nantong, uxin);
  await connected(nantong, UXIN);
  await connected(uxin, NANTONG);
  return [nantong, uxin];
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((live) => live.stop()));
  await removeFolders(...folders.splice(0));
});

const connected = (from: LiveRegion, to: string) =>
  until(`${from.region} is connected to ${to}`, () => from.wire.dispatcher.link(to)?.connected === true);
const keysOf = ({ folder }: LiveRegion) => join(folder, 'keys');

const rotate = (live: LiveRegion, purpose: KeyInfo['purpose'], overlapMs = DAY_MS) =>
  rotateKey(keysOf(live), { purpose, passphrase: TEST_PASSPHRASE, now: live.core.clock.now(), overlapMs });

/** What the operator's command does: signs the next statement, writes it and tells the running gateway. */
async function restate(live: LiveRegion): Promise<number> {
  const keys = await openFileKeyStore(keysOf(live), TEST_PASSPHRASE);
  const { region: code, name, serial, endpoint, expiresAt, digest } = live.core.own;
  const previous = digest.toString('base64url');
  const content = { region: code, name, serial: serial + 1, previous, endpoint, expiresAt };
  const jwt = await issueOwnStatement(keys, { ...content, issuedAt: live.core.clock.now() });
  await writeFile(statementFile(live.folder), jwt);
  return (await live.core.keyring.reload()).serial;
}

async function ping(from: LiveRegion, to: string, conversation = from.core.newId()): Promise<void> {
  const envelope = { peer: to, conversation, name: 'Ping', payload: { note: '' } } as const;
  await from.core.store.write((tx) => from.core.outbox.enqueue(tx, envelope));
}

const settled = (from: LiveRegion, to: string) =>
  until(`${to} has answered everything`, () => from.core.outbox.pending(to) === 0);

/** Keys that sealed what the region sent and the receipts it gave. */
async function sealedBy({ core }: LiveRegion): Promise<Set<unknown>> {
  const rows = await core.store.read.all<{ signed_root: string }>(
    `SELECT signed_root FROM sealed_group WHERE id IN (SELECT group_id FROM outbox) AND signed_root <> ''`,
  );
  return new Set(rows.map(({ signed_root }) => readJws(signed_root).header['kid']));
}

const rowsOf = async ({ core }: LiveRegion, table: string) =>
  (await core.store.read.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`))!.n;
/** What a region did not take; whoever is pinned at one side first is unknown to the other for a moment. */
const refusals = async ({ core }: LiveRegion) =>
  (await core.metrics.text())
    .split('\n')
    .filter((line) => /^tongban_(refusals|deferrals)_total\{/.test(line) && !line.includes('PEER_UNKNOWN'));

/** Sends from both sides until it is told to stop. @returns how many each side sent */
function underLoad(sides: readonly [LiveRegion, string][]): { stop: () => Promise<number> } {
  let going = true;
  const senders = sides.map(async ([from, to]) => {
    const conversations = Array.from({ length: 8 }, () => from.core.newId());
    let count = 0;
    while (going) {
      await Promise.all(conversations.map((conversation) => ping(from, to, conversation)));
      count += conversations.length;
      await until('room', () => from.core.outbox.pending(to) < 200);
    }
    await settled(from, to);
    return count;
  });
  return {
    stop: async () => {
      going = false;
      return (await Promise.all(senders)).reduce((sum, count) => sum + count, 0);
    },
  };
}

describe('a rotation under load', () => {
  it('of every key loses no envelope, refuses none, and leaves both logs sound', { timeout: 180_000 }, async () => {
    const [nantong, uxin] = await pair();
    const first = nantong.core.signer.kid;
    const load = underLoad([
      [nantong, UXIN],
      [uxin, NANTONG],
    ]);
    for (const purpose of ['signing', 'tls', 'log', 'signing', 'certificate', 'seal'] as const) {
      await rotate(nantong, purpose);
      const serial = await restate(nantong);
      await until('the peer holds it', () => nantong.core.keyring.heldBy(UXIN) === serial);
      await rotate(uxin, purpose);
      await restate(uxin);
    }
    await until('the peer holds it', () => uxin.core.keyring.heldBy(NANTONG) === uxin.core.own.serial);
    const sent = await load.stop();
    for (const [from, to] of [
      [nantong, uxin],
      [uxin, nantong],
    ] as const) {
      expect(await from.core.store.read.all("SELECT code FROM outbox WHERE state <> 'accepted'")).toEqual([]);
      expect(await rowsOf(to, 'inbox')).toBe(await rowsOf(from, 'outbox'));
      expect(await refusals(to)).toEqual([]);
      expect(
        (await from.core.store.read.get<{ n: number }>("SELECT count(*) AS n FROM inbox WHERE code <> ''"))!.n,
      ).toBe(0);
    }
    expect((await rowsOf(nantong, 'outbox')) + (await rowsOf(uxin, 'outbox'))).toBeGreaterThanOrEqual(sent);
    const kids = await sealedBy(nantong);
    expect(kids).toContain(first);
    expect(kids).toContain(nantong.core.signer.kid);
    expect(kids.size).toBe(3);
    for (const live of [nantong, uxin]) {
      await live.core.evidence.integrate();
      expect((await verifyLog(live.core.store.read, live.core.own)).faults).toEqual([]);
    }
  });

  it('goes on after a restart of either side', async () => {
    const [nantong, uxin] = await pair();
    await rotate(nantong, 'signing');
    await restate(nantong);
    const { kid } = nantong.core.signer;
    for (const live of [nantong, uxin]) {
      await open.splice(open.indexOf(live), 1)[0]!.stop();
    }
    const again = [await openLiveRegion(nantong.folder), await openLiveRegion(uxin.folder)] as const;
    open.push(...again);
    expect(again[0].core.signer.kid).toBe(kid);
    await ping(again[0], UXIN);
    await settled(again[0], UXIN);
    expect(await again[0].core.store.read.all('SELECT DISTINCT state FROM outbox')).toEqual([{ state: 'accepted' }]);
  });

  it('made while the gateway was down is shown before the first envelope', async () => {
    const [nantong, uxin] = await pair();
    await open.splice(open.indexOf(nantong), 1)[0]!.stop();
    await rotate(nantong, 'signing', 0);
    const keys = await openFileKeyStore(keysOf(nantong), TEST_PASSPHRASE);
    const { name, endpoint, expiresAt } = uxin.core.peers.get(NANTONG)!;
    const issuedAt = Date.now();
    const content = { region: NANTONG, name, serial: 2, endpoint, expiresAt, issuedAt };
    await writeFile(statementFile(nantong.folder), await issueOwnStatement(keys, content));
    const again = await openLiveRegion(nantong.folder);
    open.push(again);
    await ping(again, UXIN);
    await settled(again, UXIN);
    expect(await sealedBy(again)).toEqual(new Set([again.core.signer.kid]));
    expect(await refusals(uxin)).toEqual([]);
  });
});

/** What stands on a stream that somebody dialled with our TLS key and whatever signing key he has. */
async function thiefStream(own: LiveRegion, peer: LiveRegion): Promise<{ stream: ExchangeStream; close: () => void }> {
  const client = new PeerClient(peer.core.own, own.core.keyring.tls, own.core.clock);
  const stream = client.exchange();
  stream.on('error', () => {});
  stream.write({ hello: { protocol: 1, region: own.region, peerStatementSerial: peer.core.own.serial } });
  return {
    stream,
    close: () => {
      stream.cancel();
      client.close();
    },
  };
}

async function steal(live: LiveRegion): Promise<Signer> {
  const keys = await openFileKeyStore(keysOf(live), TEST_PASSPHRASE);
  return keys.signer('signing', live.core.signer.kid);
}

/** A batch of one Ping under a stolen key. @param sealedAt the time that the seal claims, milliseconds */
async function forged(own: LiveRegion, to: string, stolen: Signer, sealedAt: number): Promise<object> {
  const header = {
    id: own.core.newId(),
    type: typeName('Ping'),
    sender: own.region,
    recipient: to,
    conversation: own.core.newId(),
    sequence: 1,
    sentAt: sealedAt,
    expiresAt: sealedAt + DAY_MS,
    authorizationId: '',
    authorizationDigest: Buffer.alloc(0),
    inReplyTo: '',
    suite: stolen.suite,
  };
  const { leaf, ...sent } = fixEnvelope(header, encodePayload('Ping', { note: 'forged' }));
  const { signedRoot } = await sealEnvelopes(stolen, own.region, [leaf], sealedAt);
  return { batch: { number: 1, signedRoot: Buffer.from(signedRoot), envelopes: [sent] } };
}

async function answerTo(stream: ExchangeStream, batch: object): Promise<messages.ReceiptBatch> {
  stream.write(batch);
  for await (const frame of stream as AsyncIterable<messages.ExchangeResponse>)
    if (frame.receipts) return frame.receipts;
  throw new Error('the stream ended without an answer');
}

describe('a stolen key that was revoked', () => {
  it.each([
    ['now', 0],
    ['a minute before the revocation', -60_000],
    ['a month before', -30 * DAY_MS],
  ])('opens nothing at the peer within one exchange, also for a thief who says that he sealed %s', async (_, shift) => {
    const [nantong, uxin] = await pair();
    const stolen = await steal(nantong);
    const before = await thiefStream(nantong, uxin);
    const taken = await answerTo(before.stream, await forged(nantong, UXIN, stolen, Date.now()));
    expect(taken.receipts).toHaveLength(1);
    before.close();

    await rotate(nantong, 'signing', 0);
    const since = Date.now() - 60_000;
    await revokeKey(keysOf(nantong), stolen.kid, { at: since, reason: 'compromised' }, Date.now());
    const serial = await restate(nantong);
    await until('the peer knows', () => nantong.core.keyring.heldBy(UXIN) === serial);
    await settled(nantong, UXIN);
    const rows = [await rowsOf(uxin, 'inbox'), await rowsOf(uxin, 'log_entry')];
    const after = await thiefStream(nantong, uxin);
    const answer = await answerTo(after.stream, await forged(nantong, UXIN, stolen, Date.now() + shift));
    after.close();
    expect(answer.receipts).toEqual([]);
    expect(answer.refusals).toMatchObject([{ code: 'KEY_REVOKED' }]);
    expect([await rowsOf(uxin, 'inbox'), await rowsOf(uxin, 'log_entry')]).toEqual(rows);
  });

  it('signs no receipt that its peer would believe, and real envelopes go on both ways', async () => {
    const [nantong, uxin] = await pair();
    const stolen = await steal(nantong);
    await rotate(nantong, 'signing', 0);
    await revokeKey(keysOf(nantong), stolen.kid, { at: Date.now(), reason: 'compromised' }, Date.now());
    await restate(nantong);
    await ping(nantong, UXIN);
    await ping(uxin, NANTONG);
    await settled(nantong, UXIN);
    await settled(uxin, NANTONG);
    const kids = await uxin.core.store.read.all<{ signed_root: string }>(
      'SELECT signed_root FROM sealed_group WHERE id IN (SELECT receipt_group_id FROM outbox)',
    );
    expect(kids.map(({ signed_root }) => readJws(signed_root).header['kid'])).toEqual([nantong.core.signer.kid]);
  });
});

/** SPKI of the key that a region's server presents to a pinned peer now. */
function presentedBy(server: LiveRegion, caller: LiveRegion): Promise<string> {
  const [host, port] = server.core.own.endpoint.split(':') as [string, string];
  const { certificatePem, privateKeyPem } = caller.core.keyring.tls;
  return new Promise((resolve, reject) => {
    const socket = connect(
      {
        host,
        port: Number(port),
        cert: certificatePem,
        key: privateKeyPem,
        ca: server.core.own.tls.map(({ certificate }) => certificate.toString()),
        ALPNProtocols: ['h2'],
        checkServerIdentity: () => undefined,
      },
      () => {
        resolve(spkiOf(new X509Certificate(socket.getPeerCertificate().raw)));
        socket.destroy();
      },
    );
    socket.on('error', reject);
  });
}

describe('a TLS key', () => {
  it('is presented once every peer knows it, without a restart, and streams that exist go on', async () => {
    const [nantong, uxin] = await pair();
    const old = nantong.core.keyring.tls.spki;
    expect(await presentedBy(nantong, uxin)).toBe(old);
    await rotate(nantong, 'tls');
    const serial = await restate(nantong);
    await until('the peer holds it', () => nantong.core.keyring.heldBy(UXIN) === serial);
    const fresh = nantong.core.keyring.tls.spki;
    expect(fresh).not.toBe(old);
    await until('the server presents it', async () => (await presentedBy(nantong, uxin)) === fresh);
    expect(nantong.wire.dispatcher.link(UXIN)!.connected).toBe(true);
    await ping(nantong, UXIN);
    await ping(uxin, NANTONG);
    await settled(nantong, UXIN);
    await settled(uxin, NANTONG);
  });

  it('is not presented while a peer that is away does not know it', async () => {
    const [nantong, uxin] = await pair();
    const away = await region('653125');
    await pinEachOther(nantong, away);
    await until('it holds the first statement', () => nantong.core.keyring.heldBy('653125') === 1);
    await open.splice(open.indexOf(away), 1)[0]!.stop();
    const old = nantong.core.keyring.tls.spki;
    await rotate(nantong, 'tls');
    const serial = await restate(nantong);
    await until('the other peer holds it', () => nantong.core.keyring.heldBy(UXIN) === serial);
    expect(await presentedBy(nantong, uxin)).toBe(old);
    expect(nantong.core.keyring.tlsFor(UXIN).spki).not.toBe(old);
    expect(nantong.core.keyring.tlsFor('653125').spki).toBe(old);
    const back = await openLiveRegion(away.folder);
    open.push(back);
    await until('it came back and knows', () => nantong.core.keyring.heldBy('653125') === serial);
    await until('the server presents it', async () => (await presentedBy(nantong, uxin)) !== old);
    await ping(back, NANTONG);
    await settled(back, NANTONG);
  });

  it('that was revoked ends what stands on it, and the gateways find each other with the new one', async () => {
    const [nantong, uxin] = await pair();
    const stolen = nantong.core.keyring.tls;
    const kid = (await (await openFileKeyStore(keysOf(nantong), TEST_PASSPHRASE)).list()).find(
      (key) => key.purpose === 'tls',
    )!.kid;
    await rotate(nantong, 'tls', 0);
    await revokeKey(keysOf(nantong), kid, { at: Date.now(), reason: 'compromised' }, Date.now());
    const serial = await restate(nantong);
    await until('the peer knows', () => uxin.core.peers.get(NANTONG)!.serial === serial);
    await ping(nantong, UXIN);
    await ping(uxin, NANTONG);
    await settled(nantong, UXIN);
    await settled(uxin, NANTONG);
    expect(await presentedBy(nantong, uxin)).not.toBe(stolen.spki);
    const thief = new PeerClient(uxin.core.own, stolen, nantong.core.clock);
    const call = thief.materialStatus(nantong.core.newId(), Buffer.alloc(32), 5000);
    await expect(call).rejects.toMatchObject({ code: expect.stringMatching(/^PEER_(UNKNOWN|UNREACHABLE)$/) });
    thief.close();
  });
});

describe('a statement frame', () => {
  it('with an older statement changes nothing', async () => {
    const [nantong, uxin] = await pair();
    const old = nantong.core.own.jwt;
    await restate(nantong);
    await until('the peer holds it', () => nantong.core.keyring.heldBy(UXIN) === 2);
    const { stream, close } = await thiefStream(nantong, uxin);
    stream.write({ statement: { statement: old, heldSerial: 0 } });
    for await (const frame of stream as AsyncIterable<messages.ExchangeResponse>) {
      if (frame.statement?.statement !== '') continue;
      expect(frame.statement.heldSerial).toBe(2);
      break;
    }
    close();
    expect(uxin.core.peers.get(NANTONG)!.serial).toBe(2);
  });

  it('after sixty others in a minute ends the stream, and envelopes go on', async () => {
    const [nantong, uxin] = await pair();
    const { stream, close } = await thiefStream(nantong, uxin);
    let held = 0;
    const ended = (async () => {
      for await (const frame of stream as AsyncIterable<messages.ExchangeResponse>) if (frame.statement) held += 1;
    })();
    for (let count = 0; count < 100; count += 1)
      stream.write({ statement: { statement: 'no statement', heldSerial: 0 } });
    await expect(ended).rejects.toMatchObject({ message: expect.stringContaining('RESOURCE_EXHAUSTED') });
    close();
    expect(held).toBeLessThanOrEqual(60);
    expect(uxin.core.peers.get(NANTONG)!.jwt).toBe(nantong.core.own.jwt);
    await ping(nantong, UXIN);
    await settled(nantong, UXIN);
  });

  it('that another identity signed changes nothing', async () => {
    const [nantong, uxin] = await pair();
    const stranger = await region('653125');
    const keys = await openFileKeyStore(keysOf(stranger), TEST_PASSPHRASE);
    const { name, endpoint, expiresAt, issuedAt } = nantong.core.own;
    const forgedStatement = await issueOwnStatement(keys, {
      region: NANTONG,
      name,
      serial: 99,
      endpoint,
      expiresAt,
      issuedAt,
    });
    const { stream, close } = await thiefStream(nantong, uxin);
    stream.write({ statement: { statement: forgedStatement, heldSerial: 0 } });
    for await (const frame of stream as AsyncIterable<messages.ExchangeResponse>) {
      if (frame.statement?.statement !== '') continue;
      expect(frame.statement.heldSerial).toBe(1);
      break;
    }
    close();
    expect(uxin.core.peers.get(NANTONG)!.jwt).toBe(nantong.core.own.jwt);
    expect(nantong.core.keyring.heldBy(UXIN)).toBe(1);
  });
});
