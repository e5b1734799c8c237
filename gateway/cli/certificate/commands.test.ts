import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PDFDocument } from 'pdf-lib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { mintCertificateIdentifier } from '#proto';
import { builtInCertificateTypes, issueCertificate, readCertificateTypes } from '#trust';
import { Renditions } from '../../rendition/renditions.ts';
import { type CheckRegion, checkRegion, licence } from '../../testing/check-region.ts';
import { ownSealing } from '../../testing/own-sealing.ts';
import { runCli } from '../program.ts';

const NOW = Date.UTC(2030, 0, 1);

let folder: string;
let region: CheckRegion;
let identifier: string;
const files: Record<'certificate' | 'statements' | 'lists' | 'key' | 'types', string> = {
  certificate: '',
  statements: '',
  lists: '',
  key: '',
  types: '',
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-commands-'));
  for (const name of Object.keys(files) as (keyof typeof files)[]) files[name] = join(folder, name);
  region = await checkRegion('150626', { now: () => NOW });
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const holderKey = publicKey.export({ format: 'jwk' });
  const issued = await region.certificates.issue(licence(NOW, { holderKey }));
  identifier = issued.identifier;
  await writeFile(files.certificate, issued.text);
  await writeFile(files.key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  for (const name of ['statements', 'lists', 'types'] as const) await mkdir(files[name]);
  await writeFile(join(files.statements, '150626.jwt'), region.own.jwt);
  await writeFile(join(files.statements, 'README.txt'), 'what is trusted here');
  await writeFile(join(files.lists, '1'), (await region.statusLists.published(1)).text);
});

afterAll(async () => {
  await region.close();
  await rm(folder, { recursive: true });
});

describe('certificate verify', () => {
  it('says of each thing whether it is proved, in words and as JSON alike', async () => {
    const { code, stdout, stderr } = await verify(files.certificate);
    expect(code).toBe(0);
    for (const [name, result] of [
      ['签名', '已证明'],
      ['签发地区可信', '已证明'],
      ['披露项', '已证明'],
      ['照面内容', '已证明'],
      ['有效期', '已证明'],
      ['状态', '未证明'],
      ['持证人绑定', '未证明'],
      ['文件未改动', '未证明'],
    ])
      expect(stdout).toMatch(new RegExp(`^${name} .*${result}`, 'm'));
    expect(stdout).toMatch(/按日期有效[\s\S]*食品经营许可证[\s\S]*示例餐饮有限公司/);
    expect(stderr).toContain('only the issuing region can tell');
    const { json } = await verify(files.certificate, '--json');
    expect(json).toMatchObject({ verified: true, demanded: ['signature', 'issuer', 'validity'], issuer: '150626' });
    expect(outcomes(json)).toEqual({
      signature: 'proved',
      issuer: 'proved',
      disclosures: 'proved',
      content: 'proved',
      validity: 'proved',
      status: 'open',
      binding: 'open',
      file: 'open',
    });
  });

  it('succeeds only when all that is demanded is proved', async () => {
    expect((await verify(files.certificate, '--require', 'signature,status')).code).toBe(1);
    expect((await verify(files.certificate, '--require', 'signature,file')).code).toBe(1);
    const list = ['--status-list', files.lists];
    expect((await verify(files.certificate, '--require', 'status , content', ...list)).code).toBe(0);
    const { code, json } = await verify(files.certificate, ...list, '--json');
    expect({ code, json }).toMatchObject({
      code: 0,
      json: { demanded: ['signature', 'issuer', 'validity', 'status'] },
    });
  });

  it('demands what is proved with what was given, whatever else is required', async () => {
    const stale = [files.certificate, '--status-list', files.lists, '--at', '2030-01-04', '--require', 'signature'];
    const old = await verify(...stale, '--json');
    expect(old).toMatchObject({ code: 1, json: { verified: false, demanded: ['signature', 'status'] } });
    expect(JSON.stringify(old.json)).toContain('STATUS_LIST_STALE');
    expect((await verify(...stale, '--max-age', '30d')).code).toBe(0);
    const nonce = ['--binding-nonce', 'n', '--binding-audience', 'a', '--require', 'signature'];
    expect((await verify(files.certificate, ...nonce, '--json')).json).toMatchObject({
      verified: false,
      demanded: ['signature', 'binding'],
    });
  });

  it('takes a list for as long as it says itself, or as --max-age says', async () => {
    const later = [files.certificate, '--status-list', files.lists, '--at', '2030-01-01T00:40:00Z'];
    const old = await verify(...later);
    expect(old.code).toBe(1);
    expect(old.stdout).toMatch(/STATUS_LIST_STALE.*--max-age/);
    expect((await verify(...later, '--max-age', '1h')).code).toBe(0);
  });

  it('leads with an OFD to the command that reads it', async () => {
    const ofd = join(folder, 'file.ofd');
    await writeFile(ofd, Buffer.from('PK\u0003\u0004 and so on'));
    const { code, stderr } = await verify(ofd);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/VALIDATION_FAILED.*OFD.*tongban document verify/),
    });
  });

  it('says of a list that is newer than --at that it is newer', async () => {
    const args = [files.certificate, '--status-list', files.lists, '--at', '2029-12-31'];
    const { code, stdout } = await verify(...args);
    expect(code).toBe(1);
    expect(stdout).toMatch(/STATUS_LIST_INVALID.*列表晚于核验时刻.*--at/);
    expect(stdout).not.toContain('both clocks');
  });

  it('judges as of any moment: what is out of date then is genuine and not verified', async () => {
    const { code, json } = await verify(files.certificate, '--at', '2036-01-01', '--json');
    expect({ code, json }).toMatchObject({ code: 1, json: { verified: false, status: 'expired' } });
    expect(outcomes(json)).toMatchObject({ signature: 'proved', validity: 'failed' });
    expect((await verify(files.certificate, '--at', '2034-12-30T08:00')).code).toBe(0);
    expect((await verify(files.certificate, '--at', '2029-12-31T08:00:00Z')).stdout).toContain(
      'CERTIFICATE_NOT_YET_VALID',
    );
  });

  it('holds it against the type that is demanded', async () => {
    expect((await verify(files.certificate, '--type', '11100000MB0143028R032')).code).toBe(0);
    expect((await verify(files.certificate, '--type', '11100000MB0143028R001')).stdout).toContain('CERTIFICATE_TYPE');
  });

  it('knows the types of a region from their folder', async () => {
    const own = join(folder, 'own-type');
    await writeFile(own, await ofOwnType());
    const { code, stdout } = await verify(own);
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/照面内容.*未证明.*没有该类型的定义/),
    });
    await writeFile(join(files.types, 'own.json'), JSON.stringify(OWN_TYPE));
    const known = await verify(own, '--types', files.types, '--require', 'content');
    expect(known).toMatchObject({ code: 0, stdout: expect.stringContaining('词 Word') });
    const nowhere = await verify(own, '--types', join(folder, 'nowhere'), '--json');
    expect(nowhere).toMatchObject({ code: 2, json: { error: { code: 'CONFIG_INVALID' } } });
  });

  it('reads a QR code from an option, a file or the standard input, and needs no network for it', async () => {
    const qr = join(folder, 'qr.txt');
    await present('--paper', '--field', 'certificate_holder_name', '--out', qr);
    const text = await readFile(qr, 'utf8');
    expect(text).toMatch(/^TONGBAN-C:/);
    for (const { code, json } of [
      await verify('--qr', text, '--json'),
      await verify(qr, '--json'),
      await verifyPiped(`${text}\r\n`, '-', '--json'),
    ]) {
      expect({ code, json }).toMatchObject({
        code: 0,
        json: { verified: true, disclosed: ['certificate_holder_name'] },
      });
    }
  });

  it('says of a reference that it proves nothing, and of an address that it is not opened', async () => {
    const reference = await verify('--qr', 'TONGBAN:150626:MZXW6YTBOJTG633CMFZGM33PMI');
    expect(reference.code).toBe(1);
    expect(reference.stdout).toContain('离线不能证明');
    expect(reference.stdout).toContain('certificate check --qr');
    const fetched = vi.spyOn(globalThis, 'fetch');
    const foreign = await verifyPiped('https://certificates.example.com/c/1\n', '-', '--json');
    expect(foreign).toMatchObject({ code: 1, json: { error: { code: 'CERTIFICATE_REFERENCE' } } });
    expect(fetched).not.toHaveBeenCalled();
  });

  it('fails without the statement of its issuer, and says so', async () => {
    const stranger = await checkRegion('350500', { now: () => NOW });
    await stranger.close();
    const other = join(folder, '350500.jwt');
    await writeFile(other, stranger.own.jwt);
    const { code, stdout } = await run('verify', files.certificate, '--statement', other);
    expect(code).toBe(1);
    expect(stdout).toMatch(/签发地区可信.*不成立 FAILED +CERTIFICATE_ISSUER 电子证照签发地区不受信任/);
    expect(stdout).toMatch(/^签名 .*未证明/m);
  });

  it.each([
    ['no file and no code', []],
    ['both', ['FILE', '--qr', 'TONGBAN-C:BB8']],
    ['a file that is not there', ['nowhere']],
    ['a nonce without a verifier', ['FILE', '--binding-nonce', '1']],
    ['a proof that there is none of', ['FILE', '--require', 'signature,love']],
    ['a moment that is none', ['FILE', '--at', '2026-13-01']],
    ['an age that is none', ['FILE', '--max-age', 'long']],
    ['a list that is not there', ['FILE', '--status-list', 'nowhere']],
    ['an option that there is none of', ['FILE', '--verbose']],
  ])('refuses %s as bad usage', async (_, args) => {
    const { code, json } = await verify(...args.map((arg) => (arg === 'FILE' ? files.certificate : arg)), '--json');
    expect({ code, json }).toMatchObject({ code: 2, json: { error: { code: 'VALIDATION_FAILED' } } });
  });

  it('refuses a folder without statements, a statement that is none, and no statement', async () => {
    const empty = join(folder, 'empty');
    await mkdir(empty);
    expect((await run('verify', files.certificate, '--statement', empty)).code).toBe(2);
    expect((await run('verify', files.certificate, '--statement', files.certificate, '--json')).json).toMatchObject({
      error: { code: 'STATEMENT_INVALID' },
    });
    expect((await run('verify', files.certificate)).code).toBe(2);
  });
});

describe('certificate present', () => {
  it('shows the chosen fields and no others, for its owner alone', async () => {
    const out = join(folder, 'shown');
    const { code, json } = await present('--field', 'business_items', 'residence', '--out', out, '--json');
    expect({ code, json }).toMatchObject({ code: 0, json: { fields: ['business_items', 'residence'], bound: false } });
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    const shown = await verify(out, '--json');
    expect(shown.json).toMatchObject({
      verified: true,
      disclosed: expect.arrayContaining(['business_items', 'residence']),
    });
    expect(shown.json).toMatchObject({ certificate: { identifier, fields: { business_items: '热食类食品制售' } } });
    expect(JSON.stringify(shown.json)).not.toContain('示例餐饮有限公司');
  });

  it('proves to one verifier, now, that its holder presents it', async () => {
    const out = join(folder, 'bound');
    await present('--nonce', 'n-1', '--audience', 'window-3', '--key', files.key, '--out', out);
    const demand = (nonce: string, audience: string, ...more: string[]) =>
      verify(out, '--binding-nonce', nonce, '--binding-audience', audience, '--json', ...more);
    const good = await demand('n-1', 'window-3');
    expect(good).toMatchObject({ code: 0, json: { verified: true, binding: 'proven' } });
    expect(good.json).toMatchObject({ demanded: expect.arrayContaining(['binding']) });
    for (const bad of [await demand('n-2', 'window-3'), await demand('n-1', 'window-4')]) {
      expect(bad).toMatchObject({ code: 1, json: { verified: false, error: { code: 'CERTIFICATE_BINDING' } } });
      expect(outcomes(bad.json)).toMatchObject({ signature: 'proved', binding: 'failed' });
    }
    const late = await demand('n-1', 'window-3', '--at', '2030-01-01T08:06');
    expect(late.json).toMatchObject({ error: { code: 'CERTIFICATE_BINDING_STALE' } });
    const unasked = await verify(out, '--json');
    expect(unasked.json).toMatchObject({ verified: true, binding: 'unchecked' });
    const unbound = await verify(files.certificate, '--binding-nonce', '1', '--binding-audience', 'a', '--json');
    expect(unbound).toMatchObject({ code: 1, json: { error: { code: 'CERTIFICATE_BINDING_MISSING' } } });
  });

  it.each([
    ['a field that it does not disclose', ['--field', 'number'], 'VALIDATION_FAILED', 2],
    ['a nonce without a key', ['--nonce', '1', '--audience', 'a'], 'VALIDATION_FAILED', 2],
    ['a key that is none', ['--nonce', '1', '--audience', 'a', '--key', 'STATEMENT'], 'KEY_MISSING', 2],
    [
      'a proof of the holder on paper',
      ['--paper', '--nonce', '1', '--audience', 'a', '--key', 'KEY'],
      'VALIDATION_FAILED',
      2,
    ],
    ['no place for it', [], 'VALIDATION_FAILED', 2],
  ])('refuses %s, and leaves no file', async (_, args, error, exit) => {
    const out = join(folder, 'refused');
    const named = args.map((arg) => ({ STATEMENT: join(files.statements, '150626.jwt'), KEY: files.key })[arg] ?? arg);
    const where = args.length > 0 ? ['--out', out] : [];
    const { code, json } = await run('present', files.certificate, ...named, ...where, '--json');
    expect({ code, json }).toMatchObject({ code: exit, json: { error: { code: error } } });
    await expect(stat(out)).rejects.toThrow('ENOENT');
  });

  it('shows from a PDF the certificate that is attached to it, and refuses one without', async () => {
    const [pdf, out, bare, none] = ['c.pdf', 'from-pdf', 'bare.pdf', 'none'].map((name) => join(folder, name));
    const { own, certificates } = region;
    const clock = { now: () => NOW };
    const sealing = ownSealing(own, clock);
    const types = builtInCertificateTypes;
    const renditions = new Renditions({ region: '150626', clock, certificates, types, sealing });
    await writeFile(pdf!, (await renditions.pdf(identifier)).pdf);
    expect((await run('present', pdf!, '--field', 'business_items', '--out', out!)).code).toBe(0);
    await present('--field', 'business_items', '--out', none!);
    expect(await readFile(out!, 'utf8')).toBe(await readFile(none!, 'utf8'));
    await rm(none!);
    await writeFile(bare!, Buffer.from(await (await PDFDocument.create()).save()));
    const refused = await run('present', bare!, '--out', none!, '--json');
    expect(refused).toMatchObject({
      code: 1,
      json: {
        error: { code: 'CERTIFICATE_MALFORMED', message: expect.stringContaining('no certificate is attached') },
      },
    });
    await expect(stat(none!)).rejects.toThrow('ENOENT');
  });

  it('refuses the key of another', async () => {
    const other = join(folder, 'other.pem');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await writeFile(other, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const args = ['--nonce', '1', '--audience', 'a', '--key', other, '--out', join(folder, 'refused'), '--json'];
    expect(await present(...args)).toMatchObject({ code: 1, json: { error: { code: 'CERTIFICATE_BINDING' } } });
  });
});

const OWN_TYPE = {
  note: '',
  types: [
    {
      code: '11100000MB0143028R901',
      name: { zh: '示例证', en: 'Example' },
      defined_by: '示例机关',
      claims: [{ path: ['word'], label: { zh: '词', en: 'Word' }, sd: 'always' }],
      schema: { type: 'object', properties: { word: { type: 'string' } }, required: [], additionalProperties: false },
    },
  ],
};

/** A certificate of a type that only its region defines. */
function ofOwnType(): Promise<string> {
  const { authority, holder } = licence(NOW);
  const typeCode = OWN_TYPE.types[0]!.code;
  const minted = mintCertificateIdentifier({
    typeCode,
    issuerCode: authority.code,
    serial: '2030000001',
    version: '001',
  });
  const content = {
    identifier: minted.ok ? minted.value : '',
    typeCode,
    number: '1',
    name: '示例证',
    region: '150626',
    authority,
    holder,
    validFrom: NOW,
    issuedAt: NOW,
    item: 'EX018',
    fields: { word: '通办' },
  };
  return issueCertificate(region.own.certificate, content, NOW, readCertificateTypes(OWN_TYPE));
}

const verify = (...args: string[]) => run('verify', ...args, '--statement', files.statements);
const verifyPiped = (piped: string, ...args: string[]) =>
  runWith(piped, 'verify', ...args, '--statement', files.statements);
const present = (...args: string[]) => run('present', files.certificate, ...args);
const run = (...argv: string[]) => runWith('', ...argv);

/** Runs a command in this process. */
async function runWith(piped: string, ...argv: string[]) {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      said[stream] += String(text);
      return true;
    }),
  );
  try {
    const context = { clock: { now: () => NOW }, passphrase: undefined, stdin: async () => piped };
    const code = await runCli(['certificate', ...argv], context);
    const json: unknown = argv.includes('--json') ? JSON.parse(said.stdout) : undefined;
    return { code, json, ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

function outcomes(json: unknown): object {
  const { proofs } = json as { proofs: { name: string; outcome: string }[] };
  return Object.fromEntries(proofs.map(({ name, outcome }) => [name, outcome]));
}
