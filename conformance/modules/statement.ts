import { issueStatement, type Signer } from '#trust';
import type { ConformanceCheck, ConformanceModule } from '../check.ts';
import { Deviation, say, type Words } from '../finding.ts';
import { demandAccepted, demandAnswer } from '../wire/answers.ts';
import type { Session } from '../wire/session.ts';
import type { Workbench } from '../workbench.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Statements that are shown on a stream: only a newer one of the pinned identity changes anything. */
export const statement: ConformanceModule = [
  {
    id: 'statement.same',
    clause: 'exchange.proto StatementFrame',
    negative: false,
    title: { zh: '出示已登记的声明,对端回以其序号', en: 'the pinned statement is answered with its serial' },
    run: (bench) =>
      bench.inSession(async (session) => {
        demandHeld(bench, await shown(session, bench.own.jwt));
        return say(`对端持有第 ${bench.own.serial} 号`, `the target holds serial ${bench.own.serial}`);
      }),
  },
  withoutEffect(
    'statement.other-identity',
    { zh: '以另一身份密钥签发的更新声明', en: 'a newer statement signed by another identity' },
    (bench) => restated(bench, bench.own.region, bench.strangerKey),
  ),
  withoutEffect(
    'statement.signing-key',
    { zh: '以签名密钥冒充身份密钥签发', en: 'a statement signed by our signing key' },
    (bench) => restated(bench, bench.own.region, bench.acting.signing),
  ),
  withoutEffect(
    'statement.other-region',
    { zh: '以我方连接出示对端自己的声明', en: "the target's own statement shown by us" },
    async (bench) => bench.target.jwt,
  ),
  withoutEffect(
    'statement.garbage',
    { zh: '不是声明的文本', en: 'a text that is no statement' },
    async () => 'no statement',
  ),
  {
    id: 'statement.keys-of-a-forged-one',
    clause: 'Region statement',
    negative: true,
    title: { zh: '伪造声明中的密钥不被接受', en: 'keys that only a forged statement names open nothing' },
    run: (bench) =>
      bench.inSession(async (session) => {
        demandHeld(bench, await shown(session, await restated(bench, bench.own.region, bench.strangerKey)));
        const envelope = bench.peer.ping();
        const forged = await bench.peer.seal([envelope], { signer: bench.strangerKey });
        demandAnswer((await session.deliver([envelope], forged)).to(envelope), 'refusal', 'KEY_UNKNOWN');
        demandAccepted((await session.deliver([envelope])).to(envelope));
        return say('伪造的密钥被拒,原密钥照常有效', 'the forged key was refused, the pinned one still holds');
      }),
  },
];

function withoutEffect(id: string, title: Words, forge: (bench: Workbench) => Promise<string>): ConformanceCheck {
  return {
    id,
    clause: 'exchange.proto StatementFrame',
    negative: true,
    title,
    run: (bench) =>
      bench.inSession(async (session) => {
        demandHeld(bench, await shown(session, await forge(bench)));
        const envelope = bench.peer.ping();
        demandAccepted((await session.deliver([envelope])).to(envelope));
        return say('对端仍持有原声明', 'the target still holds the pinned statement');
      }),
  };
}

/** Shows a statement. @returns the serial that the target says it holds then */
async function shown(session: Session, jwt: string): Promise<number> {
  session.line.send({ statement: { statement: jwt, heldSerial: 0 } });
  for (;;) {
    const { statement: frame } = await session.line.next();
    if (frame?.statement === '') return frame.heldSerial;
  }
}

/** @throws Deviation unless the target still holds the statement that it pinned */
function demandHeld({ own }: Workbench, serial: number): void {
  if (serial === own.serial) return;
  throw new Deviation(
    say(`对端称持有第 ${serial} 号,应为 ${own.serial} 号`, `the target says it holds ${serial}, not ${own.serial}`),
  );
}

/** A statement that is newer than ours and names the signer's key as a signing key. */
function restated({ own, now }: Workbench, region: string, signer: Signer): Promise<string> {
  const at = now();
  const keys = [{ purpose: 'signing', jwk: signer.publicJwk, notBefore: at - DAY_MS, notAfter: at + DAY_MS }] as const;
  return issueStatement(signer, {
    region,
    name: own.name,
    serial: own.serial + 1,
    issuedAt: at,
    expiresAt: at + DAY_MS,
    endpoint: own.endpoint,
    keys,
    tls: own.tls.map(({ certificate }) => certificate.raw),
  });
}
