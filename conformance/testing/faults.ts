import { type Answer, acceptanceOf, type Fault } from './broken-peer.ts';

/** Ways in which a peer may be broken, and the checks that must notice. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'takes what it should defer or reject for its number',
    noticedBy: ['order.batch-of-256', 'order.gap', 'order.used'],
    change: (answer) => accept(answer, ['SEQUENCE_GAP', 'SEQUENCE_USED']),
  },
  {
    name: 'takes altered payloads',
    noticedBy: ['envelope.altered-payload', 'envelope.altered-salt', 'order.batch-of-256'],
    change: (answer) => accept(answer, ['PAYLOAD_MISMATCH']),
  },
  {
    name: 'takes envelopes whose seal is bad',
    noticedBy: [
      'seal.signature',
      'seal.structure',
      'seal.other-key',
      'seal.other-purpose',
      'seal.typ',
      'seal.algorithm',
      'seal.issuer',
      'seal.past',
      'seal.future',
      'seal.altered-header',
      'seal.altered-group',
    ],
    change: (answer) =>
      accept(answer, [
        'SIGNATURE_INVALID',
        'JWS_INVALID',
        'KEY_UNKNOWN',
        'TYP_MISMATCH',
        'ALGORITHM_NOT_ALLOWED',
        'ISSUER_MISMATCH',
        'SEAL_TIME',
        'ROOT_MISMATCH',
      ]),
  },
  {
    name: 'heeds no authorization',
    noticedBy: [
      'authorization.required',
      'authorization.unknown',
      'authorization.digest',
      'authorization.item',
      'authorization.mode',
      'authorization.field',
      'authorization.right',
      'authorization.document-two-signatures',
      'authorization.document-algorithm',
      'authorization.lists',
      'authorization.counters-unknown',
      'authorization.suspension-unknown',
      'authorization.resumption',
      'authorization.suspended',
    ],
    change: (answer) =>
      accept(answer, [
        'AUTHORIZATION_REQUIRED',
        'AUTHORIZATION_UNKNOWN',
        'ITEM_NOT_COVERED',
        'MODE_NOT_COVERED',
        'FIELD_NOT_ALLOWED',
        'RIGHT_MISSING',
        'AUTHORIZATION_INVALID',
        'AUTHORIZATION_INACTIVE',
        'AUTHORIZATION_SUSPENDED',
      ]),
  },
  {
    name: 'forges its receipts with another key',
    noticedBy: ['receipt.ping', 'evidence.receipt-seals'],
    forges: true,
  },
  {
    name: 'gives another receipt to a repeat',
    noticedBy: ['receipt.repeat', 'receipt.replay', 'receipt.rejection-repeat', 'order.id-reused'],
    change: (answer) => ({
      ...answer,
      receipts: answer.receipts.map((body) => ({ ...body, decidedAt: body.decidedAt + counter() })),
    }),
  },
  {
    name: 'gives receipts in the name of another region',
    noticedBy: ['receipt.ping'],
    change: (answer) => ({
      ...answer,
      receipts: answer.receipts.map((body) => ({ ...body, issuer: body.audience })),
    }),
  },
  {
    name: 'drops the last receipt of a batch',
    noticedBy: ['seal.altered-group', 'order.batch-of-256', 'order.two-batches', 'order.gap'],
    change: (answer) => (answer.receipts.length > 1 ? { ...answer, receipts: answer.receipts.slice(0, -1) } : answer),
  },
  {
    name: 'says nothing of what it refuses',
    noticedBy: ['address.sender', 'envelope.expired', 'order.id-reused'],
    change: (answer) => ({ ...answer, refusals: [] }),
  },
  {
    name: 'says nothing of questions that it does not answer',
    noticedBy: ['check.group-mixed', 'check.group-id', 'check.group-root'],
    changeChecks: (frame) => ({ ...frame, failures: [] }),
  },
  {
    name: 'leaves out answers that it sealed',
    noticedBy: ['check.group', 'check.group-mixed'],
    changeChecks: (frame) => ({ ...frame, envelopes: frame.envelopes.slice(0, -1) }),
  },
  {
    name: 'answers the questions of another group',
    noticedBy: ['check.group', 'check.group-repeat', 'check.group-root'],
    changeChecks: (frame) => ({ ...frame, answers: frame.answers + 1 }),
  },
  {
    name: 'lets in whom nobody pinned',
    noticedBy: ['connection.no-certificate', 'connection.unpinned-certificate', 'connection.impostor-certificate'],
    admitsStrangers: true,
  },
];

/** Accepts what had one of these codes. */
function accept(answer: Answer, codes: readonly string[]): Answer {
  const chosen = ({ code }: { code: string }) => codes.includes(code);
  const others = (entry: { code: string }) => !chosen(entry);
  const leaves = [...answer.deferrals, ...answer.refusals].filter(chosen).map(({ leafHash }) => leafHash);
  const issuer = [...answer.sent.values()][0]?.recipient ?? '';
  const accepted = leaves.map((leaf) => acceptanceOf(answer.sent.get(leaf.toString('hex'))!, leaf, issuer));
  const receipts = answer.receipts.map((body) =>
    chosen(body) ? { ...body, code: '', outcome: 'OUTCOME_ACCEPTED' as const } : body,
  );
  return {
    ...answer,
    receipts: [...receipts, ...accepted],
    deferrals: answer.deferrals.filter(others),
    refusals: answer.refusals.filter(others),
  };
}

let count = 0;

/** Another number each time. */
function counter(): number {
  count += 1;
  return count;
}
