/** Routes that take an Idempotency-Key: whoever repeats a request after a broken line gets the answer of the first. */
export const REPEATABLE: ReadonlySet<string> = new Set([
  'POST /v1/cases',
  'POST /v1/cases/submit',
  'POST /v1/cases/:key/acts',
  'POST /v1/cases/:key/notes',
  'POST /v1/cases/:key/recall',
  'POST /v1/cases/:key/credit-check',
  'POST /v1/joint-cases',
  'POST /v1/joint-cases/:key/acts',
  'POST /v1/bundle-cases',
  'POST /v1/bundle-cases/:key/acts',
  'POST /v1/inquiries',
  'POST /v1/inquiries/:key/answer',
  'POST /v1/inquiries/:key/withdraw',
  'POST /v1/webhooks',
  'POST /v1/webhooks/:id/secret',
]);
