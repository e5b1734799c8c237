import { Type } from '@fastify/type-provider-typebox';
import { DOCUMENT_VERDICTS, type DocumentReport, type SealReport } from '#trust';
import { Digest, described, words } from './schemas.ts';

type Verdict = DocumentReport['verdict'];

/** What was found out about a document that a department sealed itself. */
export const DocumentReportJson = Type.Object({
  format: words(['ofd', 'pdf', 'unknown']),
  verdict: words(Object.keys(DOCUMENT_VERDICTS) as Verdict[], '结论 / what can be said of it'),
  zh: Type.String({ description: '结论说明' }),
  en: Type.String(),
  size: Type.Integer({ description: '字节 / bytes' }),
  sha256: Digest,
  container: Type.Boolean({ description: '文件结构是否可接受 / whether the container is acceptable' }),
  seals: Type.Array(
    described<SealReport>(
      '签章 / place, form, state, trusted, signer, seal, algorithm, signedAt, timeFrom, covers, uncovered',
    ),
  ),
  findings: Type.Array(described<DocumentReport['findings'][number]>('发现 / code, weight, zh, en, where, detail')),
});

/** The report as the API gives it. */
export function documentReportJson({ seals, findings, ...rest }: DocumentReport) {
  return { ...rest, seals: [...seals], findings: [...findings] };
}
