import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { createClient, createConfig } from './generated/client/index.ts';
import {
  getV1Events,
  getV1EventsStream,
  postV1Cases,
  postV1CasesByKeyActs,
  postV1CasesByKeyMaterials,
  postV1CasesByKeyMaterialsByDigestCheck,
} from './generated/index.ts';

/** A platform that integrates by itself: from nothing to a case that is handed over, and its event (最小平台示例). */
const { values } = parseArgs({ options: { url: { type: 'string' }, token: { type: 'string' } } });
const client = createClient(createConfig({ baseUrl: values.url ?? 'http://127.0.0.1:8080', auth: values.token ?? '' }));
const handler = { organisation: '南通市政务服务中心', window: '跨域通办窗口1', staff: 'NT001' };

/** Whatever happens from here on is read by the stream. */
const { data: known } = await getV1Events({ client, query: { limit: '1' }, throwOnError: true });

const { data: opened } = await postV1Cases({
  client,
  throwOnError: true,
  // The same again after a broken line opens no second case.
  headers: { 'idempotency-key': `first-case-${process.pid}` },
  body: {
    handlingRegion: '150626',
    item: 'EX018',
    mode: 'agency',
    applicant: {
      kind: 'legal-person',
      name: '测试食品有限公司',
      documentType: 'social-credit-code',
      documentNumber: '92320600MA00000038',
    },
    form: { 经营项目: '预包装食品销售' },
    handler,
  },
});
const path = { key: opened.number };

for (const name of ['营业执照', '食品经营许可申请书']) {
  const file = new Blob([`%PDF-1.4\n% ${name}\n`]);
  const { data: material } = await postV1CasesByKeyMaterials({
    ...{ client, throwOnError: true, path, query: { name } },
    headers: { 'x-media-type': 'application/pdf' },
    body: file,
  });
  const digest = createHash('sha256').update(Buffer.from(await file.arrayBuffer()));
  if (material.digest !== digest.digest('hex')) throw new Error('the gateway has another file');
  const place = { ...path, digest: material.digest };
  await postV1CasesByKeyMaterialsByDigestCheck({ client, throwOnError: true, path: place, body: { handler } });
}

for (const act of ['receive', 'transfer'] as const)
  await postV1CasesByKeyActs({ client, throwOnError: true, path, body: { act, data: { handler } } });

const { stream } = await getV1EventsStream({ client, query: { after: known.after } });
for await (const event of stream as AsyncIterable<{ type: string; subject: string }>) {
  if (event.subject !== opened.conversation || event.type !== 'cn.tongban.case.transfer.v1') continue;
  process.stdout.write(`${opened.number} ${event.type}\n`);
  process.exit(0);
}
