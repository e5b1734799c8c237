import { register } from 'prom-client';
import { expect, test } from 'vitest';
import { createMetrics, METRICS } from './metrics.ts';

test('each event is found under its name and labels', async () => {
  const metrics = createMetrics();
  metrics.envelopesSent('150626', 'accepted', 3);
  metrics.envelopesSent('150626', 'accepted');
  metrics.envelopesSent('150626', 'deferred');
  metrics.envelopesReceived('350500', 'repeated');
  metrics.refused('SIGNATURE_INVALID');
  metrics.deferred('SEQUENCE_GAP', 2);
  metrics.judged('ACCEPTED', 256);
  metrics.judged('RIGHT_MISSING');
  metrics.batch('sent', 200);
  metrics.batch('received', 1);
  metrics.materialBytes('received', 5_242_880);
  metrics.delivered('hall', 'failed');
  metrics.requestAnswered('/v1/cases/:id', 404);
  metrics.logGrew(77);
  metrics.peerConnected('150626', true);
  metrics.watchOutbox(() => 12);
  const lines = (await metrics.text()).split('\n');
  for (const expected of [
    'tongban_envelopes_sent_total{peer="150626",outcome="accepted"} 4',
    'tongban_envelopes_sent_total{peer="150626",outcome="deferred"} 1',
    'tongban_envelopes_received_total{peer="350500",outcome="repeated"} 1',
    'tongban_refusals_total{code="SIGNATURE_INVALID"} 1',
    'tongban_deferrals_total{code="SEQUENCE_GAP"} 2',
    'tongban_verdicts_total{code="ACCEPTED"} 256',
    'tongban_verdicts_total{code="RIGHT_MISSING"} 1',
    'tongban_batches_total{direction="sent"} 1',
    'tongban_batches_total{direction="received"} 1',
    'tongban_batch_envelopes_bucket{le="128"} 1',
    'tongban_batch_envelopes_sum 201',
    'tongban_material_bytes_total{direction="received"} 5242880',
    'tongban_platform_deliveries_total{adapter="hall",outcome="failed"} 1',
    'tongban_http_requests_total{route="/v1/cases/:id",status="404"} 1',
    'tongban_log_size 77',
    'tongban_peer_connected{peer="150626"} 1',
    'tongban_outbox_pending 12',
  ])
    expect(lines).toContain(expected);
});

test('reading twice counts nothing twice', async () => {
  const metrics = createMetrics();
  metrics.refused('EXPIRED');
  await metrics.text();
  expect(await metrics.text()).toContain('tongban_refusals_total{code="EXPIRED"} 1\n');
});

test('every metric of the table is announced with its meaning, and no other', async () => {
  const announced = [...(await createMetrics().text()).matchAll(/^# HELP (\S+) (.+)$/gm)].map(([, name, help]) => [
    name,
    help,
  ]);
  expect(new Map(announced as [string, string][])).toEqual(
    new Map(Object.values(METRICS).map(({ name, help }) => [name, help])),
  );
});

test('a removed peer leaves no gauge behind', async () => {
  const metrics = createMetrics();
  metrics.peerConnected('150626', false);
  expect(await metrics.text()).toContain('tongban_peer_connected{peer="150626"} 0');
  metrics.peerForgotten('150626');
  expect(await metrics.text()).not.toContain('tongban_peer_connected{');
});

test('ends are read when the metrics are, and what is gone leaves no gauge', async () => {
  const metrics = createMetrics();
  let left = [{ region: '150626', subject: 'signing' as const, left: 86_400 }];
  metrics.watchValidity(() => left);
  expect(await metrics.text()).toContain('tongban_validity_seconds{region="150626",subject="signing"} 86400');
  left = [];
  expect(await metrics.text()).not.toContain('tongban_validity_seconds{');
});

test('two gateways in one process count apart, and nothing is global', async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.refused('EXPIRED');
  expect(await other.text()).not.toContain('EXPIRED');
  expect(await register.getMetricsAsArray()).toEqual([]);
});

test('process metrics are there when asked for', async () => {
  expect(await createMetrics({ process: true }).text()).toContain('process_resident_memory_bytes');
  expect(await createMetrics().text()).not.toContain('process_');
});

test('counting costs about a microsecond', () => {
  const metrics = createMetrics();
  const rounds = 100_000;
  const started = performance.now();
  for (let round = 0; round < rounds; round++) metrics.envelopesReceived('150626', 'accepted');
  // Twenty times what it takes on a slow machine: this catches a change of kind, not of degree.
  expect((performance.now() - started) / rounds).toBeLessThan(0.01);
});
