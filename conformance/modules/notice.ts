import { createHash } from 'node:crypto';
import { mintCertificateIdentifier } from '#proto';
import type { ConformanceCheck, ConformanceModule } from '../check.ts';
import { say } from '../finding.ts';
import { demandAccepted, demandAnswer } from '../wire/answers.ts';
import type { Written } from '../wire/hostile-peer.ts';
import type { Workbench } from '../workbench.ts';
import { demandNext } from './traces.ts';

const clause = 'Notices of changed certificates';
const MINUTE_MS = 60_000;

/** Notices about a certificate of the acting region, always the same one, so that every run finds the same room. */
export const notice: ConformanceModule = [
  {
    id: 'notice.repeat',
    clause,
    negative: false,
    title: {
      zh: '告知对方没有的证照:签收;重复告知、较早的告知同样签收',
      en: 'a notice about a certificate that the target does not have is taken, and so are a repeat and an older one',
    },
    run: (bench) =>
      bench.inSession(async (session) => {
        const now = bench.now();
        for (const decidedAt of [now, now, now - MINUTE_MS]) {
          const written = write(bench, { decidedAt });
          demandAccepted((await session.deliver([written])).to(written));
        }
        return say('均已签收', 'all were taken');
      }),
  },
  refused('notice.false-materials', '虚假材料而未撤销', 'false materials without a revocation', (bench) =>
    write(bench, { ground: 'CERTIFICATE_GROUND_FALSE_MATERIALS' }),
  ),
  refused('notice.future', '决定时间晚于报文', 'a decision after the envelope was sent', (bench) =>
    write(bench, { decidedAt: bench.now() + 10 * MINUTE_MS }),
  ),
  refused('notice.nameless', '未写明是哪一份证照', 'no identifier and no reference', (bench) =>
    write(bench, { identifier: '' }),
  ),
];

/** What must be rejected as a wrong payload; the conversation goes on. */
function refused(id: string, zh: string, en: string, make: (bench: Workbench) => Written): ConformanceCheck {
  return {
    id,
    clause,
    negative: true,
    title: { zh, en },
    run: (bench) =>
      bench.inSession(async (session) => {
        const bad = make(bench);
        demandAnswer((await session.deliver([bad])).to(bad), 'receipt', 'PAYLOAD_INVALID');
        await demandNext(bench, session, bad.conversation, 2);
        return say('否决 PAYLOAD_INVALID;会话照常继续', 'rejected with PAYLOAD_INVALID; the conversation went on');
      }),
  };
}

function write({ peer, now }: Workbench, changes: object): Written {
  return peer.write('CertificateNotice', {
    identifier: IDENTIFIER,
    reference: '',
    digest: createHash('sha256').update('conformance').digest(),
    status: 'CERTIFICATE_STATUS_SUSPENDED',
    ground: 'CERTIFICATE_GROUND_OTHER',
    reason: '一致性测试',
    decidedAt: now(),
    authority: '一致性测试',
    ...changes,
  });
}

/** Social credit codes that the standard publishes as examples. */
const IDENTIFIER = identifierOf({ typeCode: '11100000000013338W001', issuerCode: '11370800MB28559184' });

function identifierOf(parts: { readonly typeCode: string; readonly issuerCode: string }): string {
  const minted = mintCertificateIdentifier({ ...parts, serial: 'CONFORMANCE', version: '001' });
  if (!minted.ok) throw new Error(minted.reason);
  return minted.value;
}
